"""What the provider says of a refund becomes ours: allocations, ledger and status in one transaction.

Invariant: applying the same answer again changes nothing, so answers may come twice, late, and from several sides.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update

from domain.ledger.posting import Posting, post, post_all
from domain.ledger.reads import escrow_by_orders, posted
from domain.ledger.recipes import recovery_id, reversal
from domain.ledger.recipes import refund as refund_recipe
from domain.payments.events import RefundFailed, RefundSucceeded
from domain.payments.model import Payment, PaymentAllocation, Refund, RefundStatus
from domain.payments.ports import ProviderRefund, ProviderRefundStatus
from domain.shared.database import Tx, table

SLOW_PROVIDER: Final = timedelta(hours=1)
"""A refund that the provider itself calls pending is looked at this often, besides its webhook."""

_payments, _allocations = table(Payment), table(PaymentAllocation)


async def apply_answer(tx: Tx, *, refund_id: UUID, found: ProviderRefund) -> None:
    """What the provider says of this refund becomes ours. Harmless when it is known already."""
    refund = await _locked(tx, refund_id)
    if refund is None:
        return
    refund.provider_ref = found.refund_ref
    if found.status is ProviderRefundStatus.SUCCEEDED and refund.status is RefundStatus.PENDING:
        await _succeed(tx, refund)
    elif found.status is ProviderRefundStatus.FAILED and refund.status is RefundStatus.PENDING:
        _fail(tx, refund, found.failure_code)
    elif found.status is ProviderRefundStatus.FAILED and refund.status is RefundStatus.SUCCEEDED:
        await _take_back(tx, [refund], found.failure_code)
    elif refund.status is RefundStatus.PENDING:
        refund.lease_until = tx.now + SLOW_PROVIDER


async def apply_refusal(tx: Tx, *, refund_id: UUID, code: str) -> None:
    """The provider will never do it."""
    refund = await _locked(tx, refund_id)
    if refund is not None and refund.status is RefundStatus.PENDING:
        _fail(tx, refund, code)


async def take_back(
    tx: Tx, *, payment_id: UUID, refund_ids: Sequence[UUID], code: str | None, along: Sequence[Posting] = ()
) -> None:
    """What succeeded of these refunds of a payment is undone: the money is with the provider again. Harmless twice.

    `along` is booked with it, as balances are locked once and in order.
    """
    await tx.lock(Payment, [payment_id])
    refunds = await tx.lock(Refund, refund_ids)
    assert all(refund.payment_id == payment_id for refund in refunds)
    await _take_back(tx, [refund for refund in refunds if refund.status is RefundStatus.SUCCEEDED], code, along)


async def _locked(tx: Tx, refund_id: UUID) -> Refund | None:
    """The refund, locked after its payment: the payment's amounts change with it."""
    known = await tx.get(Refund, refund_id)
    if known is None:
        return None
    await tx.lock(Payment, [known.payment_id])
    (refund,) = await tx.lock(Refund, [refund_id])
    return refund


async def _succeed(tx: Tx, refund: Refund) -> None:
    refund.status = RefundStatus.SUCCEEDED
    refund.ended_at = tx.now
    await count_payment(tx, refund.payment_id, refund.amount_minor)
    await count_share(tx, refund, refund.amount_minor)
    held_minor = (await escrow_by_orders(tx.reads, [refund.order_id])).get(refund.order_id, 0)
    await post(
        tx,
        refund_recipe(
            refund_id=refund.id,
            order_id=refund.order_id,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            on=tx.now.date(),
            # Made by hand after the release: what we ask for ourselves is always held.
            lost_minor=max(0, refund.amount_minor - held_minor),
        ),
    )
    tx.record(RefundSucceeded(at=tx.now, refund_id=refund.id, order_id=refund.order_id))


def _fail(tx: Tx, refund: Refund, code: str | None) -> None:
    refund.status = RefundStatus.FAILED
    refund.failure_code = (code or "unknown")[:60]
    refund.ended_at = tx.now
    tx.record(RefundFailed(at=tx.now, refund_id=refund.id, order_id=refund.order_id))


async def _take_back(tx: Tx, refunds: Sequence[Refund], code: str | None, along: Sequence[Posting] = ()) -> None:
    """The buyer's bank sent it back: the money is with the provider and held for the order, or the seller's, again.

    Booked at once, so that balances are locked in order.
    """
    reversals = [each for refund in refunds for each in await _reversals_of(tx, refund)]
    if reversals:
        await post_all(tx, [*reversals, *along])
    for refund in refunds:
        await count_payment(tx, refund.payment_id, -refund.amount_minor)
        await count_share(tx, refund, -refund.amount_minor)
        _fail(tx, refund, code)


async def _reversals_of(tx: Tx, refund: Refund) -> list[Posting]:
    """Of its booking, and of what was taken from the seller because of it."""
    standing = [await posted(tx.reads, id_) for id_ in (refund.id, recovery_id(refund.id))]
    assert standing[0] is not None, "a refund that succeeded was booked by the same transaction"
    return [
        reversal(
            transaction_id=booked.id,
            order_id=booked.order_id,
            entries=booked.entries,
            currency=booked.currency,
            cause=f"refund:{refund.id}:returned",
            on=tx.now.date(),
        )
        for booked in standing
        if booked is not None
    ]


async def count_payment(tx: Tx, payment_id: UUID, change_minor: int) -> None:
    """What was given back of a payment. Under its lock."""
    await tx.execute(
        update(_payments)
        .where(_payments.c.id == payment_id)
        .values(refunded_minor=_payments.c.refunded_minor + change_minor, updated_at=tx.now)
    )


async def count_share(tx: Tx, refund: Refund, change_minor: int) -> None:
    """The same of an order's share of it. Under the payment's lock."""
    await tx.execute(
        update(_allocations)
        .where(_allocations.c.payment_id == refund.payment_id, _allocations.c.order_id == refund.order_id)
        .values(refunded_minor=_allocations.c.refunded_minor + change_minor)
    )
