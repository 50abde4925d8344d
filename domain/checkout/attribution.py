"""A loss given to orders: an administrator says whose the money was that left the marketplace's account.

Invariant: of a loss no more is given than was lost, and to an order no more than is left of what was paid for it; what
is given leaves the order's escrow or, once that was released, the seller's balance, and the platform's loss shrinks by
the same amount. A case is settled once, under the purchase's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID, uuid5

from pydantic import Field

from domain.checkout.errors import AttributionTooLarge, LossInOtherCurrency, NothingLost
from domain.checkout.model import Checkout
from domain.ledger.model import AccountKind, TransactionKind
from domain.ledger.posting import Posting, post_all
from domain.ledger.reads import ReleasedView, escrow_by_orders, posted, released_by_orders
from domain.ledger.recipes import attribution, commission_back, recovery_id
from domain.orders.holds import lift_holds
from domain.orders.model import HoldKind, Order
from domain.orders.refunds import settle_refund
from domain.payments.model import Payment, Refund, RefundCause, RefundStatus
from domain.payments.refund_outcomes import count_payment, count_share
from domain.payments.refunding import refundable_of
from domain.risk.cases import CaseView, case_by_id
from domain.risk.losses import Loss, settle_loss
from domain.risk.model import CaseStatus, LossKind
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, Reason, command
from domain.shared.database import Database, Tx
from domain.shared.errors import IllegalTransition, InvalidInput, Issue, NotFound, NotPermitted
from domain.shared.idempotency import is_repeated
from domain.shared.ids import ModerationCaseId, OrderId
from domain.shared.money import MINOR_UNITS_MAX, Money

PARTS_MAX: Final = 100
"""As many as a purchase has orders."""

_KINDS: Final = {
    LossKind.UNATTRIBUTED_REFUND: TransactionKind.REFUND,
    LossKind.RELEASED_REFUND: TransactionKind.REFUND,
    LossKind.CHARGEBACK: TransactionKind.CHARGEBACK,
}


@command
class AttributedPart:
    """How much of the loss is one order's, in minor units of the loss's currency."""

    order_id: OrderId
    amount_minor: Annotated[int, Field(ge=1, le=MINOR_UNITS_MAX)]


@command
class AttributeLoss:
    """By an administrator. What the parts leave of the loss stays the marketplace's."""

    case_id: ModerationCaseId
    parts: Annotated[tuple[AttributedPart, ...], Field(min_length=1, max_length=PARTS_MAX)]
    note: Reason
    idempotency_key: IdempotencyKey


@dataclass(frozen=True, slots=True)
class _Taking:
    """A part of a loss under its locks. `refund_id` is the refund that says so to the buyer."""

    order: Order
    amount_minor: int
    refund_id: UUID


async def attribute_loss(command: AttributeLoss, *, actor: Actor, db: Database) -> UUID:
    """The case's id; it is SETTLED.

    Raises NotFound (no such case, or an order that the payment did not pay), NothingLost, IllegalTransition (the case
    is closed), NotPermitted (a purchase of one's own), AttributionTooLarge, LossInOtherCurrency, InvalidInput (an order
    named twice), IdempotencyConflict.
    """
    admin_id = actor.admin()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "attribute_loss", command, actor_id=admin_id, about=command.case_id):
            await _attribute(tx, command, actor)
        return command.case_id

    return await db.run(step)


def refund_id_of(order_id: UUID, provider_ref: str) -> UUID:
    """The refund that stands for an order's part of what the provider calls a refund or a chargeback."""
    return uuid5(order_id, provider_ref)


def hold_cause(payment_id: UUID, chargeback_ref: str) -> UUID:
    """What a chargeback's holds name as their cause."""
    return uuid5(payment_id, chargeback_ref)


async def _attribute(tx: Tx, command: AttributeLoss, actor: Actor) -> None:
    loss, orders = await _locked(tx, command, actor)
    takings = _takings(command.parts, loss, orders, await _possible(tx, loss, orders))
    if loss.kind is LossKind.RELEASED_REFUND:
        await _book(tx, loss, takings, [recovery_id(taking.refund_id) for taking in takings], actor)
    else:
        refunds = [await _refund(tx, loss, taking) for taking in takings]
        await _book(tx, loss, takings, [refund.id for refund in refunds], actor)
        for refund, taking in zip(refunds, takings, strict=True):
            await settle_refund(tx, taking.order, refund, actor)
    if loss.kind is LossKind.CHARGEBACK:
        cause_id = hold_cause(loss.payment_id, loss.provider_ref)
        for order in orders.values():
            await lift_holds(tx, order, kind=HoldKind.CHARGEBACK, cause_id=cause_id, actor=actor)
    await settle_loss(
        tx, payment_id=loss.payment_id, provider_ref=loss.provider_ref, by=actor.user_id, note=command.note
    )


async def _locked(tx: Tx, command: AttributeLoss, actor: Actor) -> tuple[Loss, Mapping[UUID, Order]]:
    """The loss of an open case, and every order of its payment: whatever else could touch either waits."""
    case, loss = await _lossy_case(tx, command.case_id)
    await tx.lock(Checkout, [case.checkout_id])
    locked = await tx.lock(Order, list(await refundable_of(tx.reads, loss.payment_id)))
    await tx.lock(Payment, [loss.payment_id])
    # Read again: it may have been decided, or the money come back, before the locks were ours.
    case, loss = await _lossy_case(tx, command.case_id)
    if case.status is not CaseStatus.OPEN:
        raise IllegalTransition("moderation case", case.status.value, CaseStatus.SETTLED.value)
    if any(order.buyer_id == actor.user_id for order in locked):
        raise NotPermitted("Nobody decides about a purchase of their own.")
    return loss, {order.id: order for order in locked}


async def _lossy_case(tx: Tx, case_id: UUID) -> tuple[CaseView, Loss]:
    case = await case_by_id(tx.reads, case_id)
    if case is None:
        raise NotFound("moderation_case")
    if case.loss is None:
        raise NothingLost(case_id)
    return case, case.loss


async def _possible(tx: Tx, loss: Loss, orders: Mapping[UUID, Order]) -> Mapping[UUID, int]:
    """How much of the loss each order can bear: what is left of its share; or of a refund that came after the
    release, and was counted then, what was lost with it."""
    if loss.kind is not LossKind.RELEASED_REFUND:
        return await refundable_of(tx.reads, loss.payment_id)
    found: dict[UUID, int] = {}
    for order_id in orders:
        booked = await posted(tx.reads, refund_id_of(order_id, loss.provider_ref))
        entries = booked.entries if booked is not None else ()
        found[order_id] = sum(each.amount_minor for each in entries if each.account is AccountKind.PLATFORM_LOSS)
    return found


def _takings(
    parts: Sequence[AttributedPart], loss: Loss, orders: Mapping[UUID, Order], possible: Mapping[UUID, int]
) -> list[_Taking]:
    """The parts in the order of their orders' ids, which is that of every lock."""
    named = [part.order_id for part in parts]
    twice = [at for at, order_id in enumerate(named) if order_id in named[:at]]
    if twice:
        raise InvalidInput(
            [Issue(("parts", str(at), "order_id"), "DUPLICATE", "This order is named already.") for at in twice]
        )
    if sum(part.amount_minor for part in parts) > loss.amount_minor:
        raise AttributionTooLarge(None, possible=Money(loss.amount_minor, loss.currency))
    takings = [_taking(part, loss, orders, possible) for part in parts]
    return sorted(takings, key=lambda taking: taking.order.id)


def _taking(part: AttributedPart, loss: Loss, orders: Mapping[UUID, Order], possible: Mapping[UUID, int]) -> _Taking:
    order = orders.get(part.order_id)
    if order is None:
        raise NotFound("order")
    if order.currency != loss.currency:
        raise LossInOtherCurrency(loss.currency, order.currency)
    if part.amount_minor > possible[order.id]:
        raise AttributionTooLarge(order.id, possible=Money(possible[order.id], loss.currency))
    return _Taking(order, part.amount_minor, refund_id_of(order.id, loss.provider_ref))


async def _refund(tx: Tx, loss: Loss, taking: _Taking) -> Refund:
    """The buyer has the money: the order's share says so, and nobody can give it back once more."""
    by_bank = loss.kind is LossKind.CHARGEBACK
    refund = Refund(
        id=taking.refund_id,
        payment_id=loss.payment_id,
        order_id=taking.order.id,
        amount_minor=taking.amount_minor,
        currency=loss.currency,
        status=RefundStatus.SUCCEEDED,
        provider_ref=loss.provider_ref,
        cause=RefundCause.CHARGEBACK if by_bank else RefundCause.BY_HAND,
        created_at=tx.now,
        ended_at=tx.now,
    )
    await tx.add(refund)
    await count_share(tx, refund, taking.amount_minor)
    if by_bank:
        # What was given back by hand was counted when it was heard of.
        await count_payment(tx, loss.payment_id, taking.amount_minor)
    return refund


async def _book(tx: Tx, loss: Loss, takings: Sequence[_Taking], ids: Sequence[UUID], actor: Actor) -> None:
    order_ids = [taking.order.id for taking in takings]
    held = await escrow_by_orders(tx.reads, order_ids)
    released = await released_by_orders(tx.reads, order_ids)
    postings = [
        _posting(tx, loss, taking, id_, held.get(taking.order.id, 0), released[taking.order.id], actor)
        for taking, id_ in zip(takings, ids, strict=True)
    ]
    booked = await post_all(tx, postings)
    assert len(booked) == len(postings), "what a case stands open for was never booked"


def _posting(
    tx: Tx, loss: Loss, taking: _Taking, id_: UUID, held_minor: int, released: ReleasedView, actor: Actor
) -> Posting:
    order, from_escrow_minor = taking.order, min(held_minor, taking.amount_minor)
    commission_minor = commission_back(
        released_minor=released.released_minor,
        taken_minor=released.commission_minor,
        back_minor=taking.amount_minor - from_escrow_minor,
        total_minor=order.total_minor,
        commission_minor=order.commission_minor,
    )
    return attribution(
        transaction_id=id_,
        kind=_KINDS[loss.kind],
        cause=f"refund:{taking.refund_id}",
        order_id=order.id,
        seller_id=order.seller_id,
        amount_minor=taking.amount_minor,
        held_minor=from_escrow_minor,
        commission_minor=commission_minor,
        currency=loss.currency,
        on=tx.now.date(),
        trace=actor.trace,
    )
