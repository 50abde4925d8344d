"""Refunds as the provider tells of them: ours become what they are, and those that somebody made over there are booked.

Invariant: money that left the provider's account is in the books. What cannot be told to belong to one order is the
platform's loss, and a moderation case says so until an administrator gives it to an order (`attribution`); a seller
never pays for a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid5

from sqlalchemy import bindparam, select

from domain.checkout.attribution import refund_id_of
from domain.checkout.ports import CheckoutPorts
from domain.ledger.posting import post
from domain.ledger.reads import PostedTransaction, escrow_by_orders, posted
from domain.ledger.recipes import reversal, unattributed_refund
from domain.payments.errors import ProviderUnavailable
from domain.payments.model import Payment, PaymentAllocation, Refund, RefundCause
from domain.payments.ports import ProviderRefund, ProviderRefundStatus
from domain.payments.refund_outcomes import SLOW_PROVIDER, apply_answer, count_payment, take_back
from domain.risk.assessing import Assessment, RiskReason, record_assessment
from domain.risk.losses import Loss, settle_loss
from domain.risk.model import LossKind, Verdict
from domain.sellers.ports import PROVIDER_NAME
from domain.shared.database import Query, Tx, table
from domain.shared.money import Money

_payments, _allocations, _refunds = table(Payment), table(PaymentAllocation), table(Refund)


@dataclass(frozen=True, slots=True)
class _Known:
    id: UUID


@dataclass(frozen=True, slots=True)
class _TakenIn:
    id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Share:
    """What is left of an order's part of a payment."""

    order_id: UUID
    left_minor: int


_PAYMENT = Query(
    select(_payments.c.id).where(
        _payments.c.provider == PROVIDER_NAME, _payments.c.provider_ref == bindparam("provider_ref")
    ),
    _Known,
)
_TAKEN_IN = Query(
    select(_refunds.c.id, _refunds.c.amount_minor).where(
        _refunds.c.payment_id == bindparam("payment_id"), _refunds.c.provider_ref == bindparam("refund_ref")
    ),
    _TakenIn,
)
_SHARES = Query(
    select(_allocations.c.order_id, _allocations.c.captured_minor - _allocations.c.refunded_minor)
    .where(_allocations.c.payment_id == bindparam("payment_id"))
    .order_by(_allocations.c.order_id),
    Share,
)


async def on_refund_message(refund_ref: str, *, ports: CheckoutPorts) -> None:
    """Something happened to a refund. Raises ProviderUnavailable: the job comes again."""
    found = await ports.gateway.read_refund(refund_ref)
    await ports.db.run(partial(take_in, found=found))


async def on_refunded_payment(provider_ref: str, *, ports: CheckoutPorts) -> None:
    """Something of a payment was given back: the same, for whichever refunds there are. Raises ProviderUnavailable."""
    for found in await ports.gateway.refunds_of(provider_ref):
        await ports.db.run(partial(take_in, found=found))


async def take_in(tx: Tx, *, found: ProviderRefund) -> None:
    """What the provider says of one refund becomes ours. Harmless when it is known already.

    Raises ProviderUnavailable when the books are behind: the message that brings them up to date is on its way.
    """
    if found.refund_id is not None and await tx.get(Refund, found.refund_id) is not None:
        await apply_answer(tx, refund_id=found.refund_id, found=found)
        return
    known = await tx.reads.first(_PAYMENT, provider_ref=found.provider_ref)
    if known is None:
        return  # of a payment that this marketplace did not ask for
    (payment,) = await tx.lock(Payment, [known.id])
    taken_in = await tx.reads.all(_TAKEN_IN, payment_id=payment.id, refund_ref=found.refund_ref)
    unattributed_id = uuid5(payment.id, found.refund_ref)
    booked = await posted(tx.reads, unattributed_id)
    if found.status is ProviderRefundStatus.FAILED:
        await _fail(tx, payment, found, taken_in, booked)
        return
    for refund in taken_in:
        await apply_answer(tx, refund_id=refund.id, found=found)
    if not taken_in and booked is None:
        await _take_in_new(tx, payment, found, unattributed_id)


async def _take_in_new(tx: Tx, payment: Payment, found: ProviderRefund, unattributed_id: UUID) -> None:
    if found.amount_minor > payment.captured_minor - payment.refunded_minor:
        raise ProviderUnavailable("a refund by hand of what the books do not have yet")
    parts = attribute(found.amount_minor, await tx.reads.all(_SHARES, payment_id=payment.id))
    if parts:
        await _book_parts(tx, payment, found, parts)
    else:
        await _book_loss(tx, payment, found, unattributed_id)


def attribute(amount_minor: int, shares: Sequence[Share]) -> Mapping[UUID, int]:
    """Whose money went back: order -> amount. Empty when more than one answer is possible."""
    some = [share for share in shares if share.left_minor]
    if amount_minor == sum(share.left_minor for share in some):
        return {share.order_id: share.left_minor for share in some}
    for candidates in ([share for share in some if share.left_minor == amount_minor], some):
        if len(candidates) == 1:
            return {candidates[0].order_id: amount_minor}
    return {}


async def _book_parts(tx: Tx, payment: Payment, found: ProviderRefund, parts: Mapping[UUID, int]) -> None:
    """As refunds of our own that the provider has been asked for: from here on nothing sets them apart."""
    held = await escrow_by_orders(tx.reads, list(parts))
    short_minor = sum(max(0, amount_minor - held.get(order_id, 0)) for order_id, amount_minor in parts.items())
    for order_id, amount_minor in parts.items():
        refund_id = refund_id_of(order_id, found.refund_ref)
        await tx.add(
            Refund(
                id=refund_id,
                payment_id=payment.id,
                order_id=order_id,
                amount_minor=amount_minor,
                currency=payment.currency,
                provider_ref=found.refund_ref,
                lease_until=tx.now + SLOW_PROVIDER,
                cause=RefundCause.BY_HAND,
                created_at=tx.now,
            )
        )
        await apply_answer(tx, refund_id=refund_id, found=found)
    if short_minor:
        why = "the seller has been paid already"
        await _open_case(tx, payment, found, LossKind.RELEASED_REFUND, short_minor, why)


async def _book_loss(tx: Tx, payment: Payment, found: ProviderRefund, unattributed_id: UUID) -> None:
    if found.status is ProviderRefundStatus.PENDING:
        raise ProviderUnavailable("a refund by hand that is not through yet")
    payment.refunded_minor += found.amount_minor
    payment.updated_at = tx.now
    await post(
        tx,
        unattributed_refund(
            transaction_id=unattributed_id,
            payment_id=payment.id,
            amount_minor=found.amount_minor,
            currency=payment.currency,
            on=tx.now.date(),
        ),
    )
    why = "it fits several orders of the purchase"
    await _open_case(tx, payment, found, LossKind.UNATTRIBUTED_REFUND, found.amount_minor, why)


async def _fail(
    tx: Tx,
    payment: Payment,
    found: ProviderRefund,
    taken_in: Sequence[_TakenIn],
    booked: PostedTransaction | None,
) -> None:
    """The buyer's bank sent it back, or it never went through: what was given to orders, and what was not."""
    await take_back(tx, payment_id=payment.id, refund_ids=[refund.id for refund in taken_in], code=found.failure_code)
    for refund in taken_in:
        await apply_answer(tx, refund_id=refund.id, found=found)
    if booked is not None:
        given_minor = sum(refund.amount_minor for refund in taken_in)
        await _take_back_loss(tx, payment, booked, lost_minor=found.amount_minor - given_minor)
    note = "The buyer's bank sent the money back."
    await settle_loss(tx, payment_id=payment.id, provider_ref=found.refund_ref, by=None, note=note)


async def _take_back_loss(tx: Tx, payment: Payment, booked: PostedTransaction, *, lost_minor: int) -> None:
    """`lost_minor` is what is left of it with no order."""
    back = reversal(
        transaction_id=booked.id,
        order_id=None,
        entries=booked.entries,
        currency=booked.currency,
        cause=f"payment:{payment.id}:returned",
        on=tx.now.date(),
    )
    if await post(tx, back):
        await count_payment(tx, payment.id, -lost_minor)


async def _open_case(
    tx: Tx, payment: Payment, found: ProviderRefund, kind: LossKind, loss_minor: int, why: str
) -> None:
    amounts = [Money(minor, payment.currency).formatted() for minor in (found.amount_minor, loss_minor)]
    detail = f"{found.refund_ref}: {amounts[0]} given back at the provider, {amounts[1]} of it lost: {why}"
    reason = RiskReason("refund_by_hand", Verdict.REVIEW, detail)
    await record_assessment(
        tx,
        checkout_id=payment.checkout_id,
        assessment=Assessment(Verdict.REVIEW, (reason,)),
        loss=Loss(kind, payment.id, found.refund_ref, loss_minor, payment.currency),
    )
