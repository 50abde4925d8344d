"""Refunds as the order sees them: started, what became of one, and asking again after one failed.

Invariant: one timeline event per refund and outcome, however often the job runs. Money that is to go back to the buyer
of an order that goes on is on hold until it is there, so that nobody else is paid with it.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.ledger.reads import escrow_by_orders
from domain.orders.errors import NothingHeld
from domain.orders.holds import lift_holds, place_hold
from domain.orders.model import EscrowState, HoldKind, Order, OrderEvent, OrderEventKind, OrderHold, OrderStatus
from domain.orders.parties import lock_order
from domain.orders.timeline import append
from domain.payments.model import Refund, RefundCause, RefundStatus
from domain.payments.refunding import request_full_refund, request_up_to
from domain.shared.actor import PROVIDER, SYSTEM, Actor
from domain.shared.commands import IdempotencyKey, command
from domain.shared.database import Database, Query, Tx, table
from domain.shared.errors import IllegalTransition
from domain.shared.idempotency import is_repeated
from domain.shared.ids import OrderId
from domain.shared.transitions import Party

FAILED_MAX: Final = 100

_events = table(OrderEvent)
_NOTED = (
    select(_events.c.id)
    .where(
        _events.c.order_id == bindparam("order_id"),
        _events.c.cause_id == bindparam("cause_id"),
        _events.c.kind == bindparam("kind"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class _Failed:
    id: UUID
    amount_minor: int


_refunds, _holds = table(Refund), table(OrderHold)
_FAILED = Query(
    select(_refunds.c.id, _refunds.c.amount_minor)
    .join(_holds, _holds.c.cause_id == _refunds.c.id)
    .where(
        _holds.c.order_id == bindparam("order_id"),
        _holds.c.kind == HoldKind.REFUND.value,
        _holds.c.closed_at.is_(None),
        _refunds.c.status == RefundStatus.FAILED.value,
    )
    .order_by(_refunds.c.id)
    .limit(FAILED_MAX),
    _Failed,
)


@command
class RetryRefund:
    """By an administrator, after a refund failed: of a cancelled order whatever is left of its money goes back, of
    any other what failed to."""

    order_id: OrderId
    idempotency_key: IdempotencyKey


async def retry_refund(command: RetryRefund, *, actor: Actor, db: Database) -> UUID:
    """The order's id. Raises NotFound, IllegalTransition (neither cancelled, nor did a refund fail), NothingHeld,
    IdempotencyConflict."""
    admin_id = actor.admin()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "retry_refund", command, actor_id=admin_id, about=command.order_id):
            order, _ = await lock_order(tx, command.order_id, actor, Party.ADMIN, acting_as=Party.ADMIN)
            if not await _ask_again(tx, order, actor):
                raise NothingHeld(order.id)
        return command.order_id

    return await db.run(step)


async def _ask_again(tx: Tx, order: Order, actor: Actor) -> bool:
    """False: nothing is left to be given back. A failed refund that somebody else has made good is done with."""
    if order.status is OrderStatus.CANCELLED:
        asked = await request_full_refund(tx, order_id=order.id, cause="retried")
        for refund_id in asked:
            await append(tx, order, OrderEventKind.REFUND_STARTED, actor, cause_id=refund_id)
        return bool(asked)
    failed = await tx.reads.all(_FAILED, order_id=order.id)
    if not failed:
        raise IllegalTransition("order", order.status.value, "refunded")
    amount_minor = sum(refund.amount_minor for refund in failed)
    asked = await request_up_to(tx, order_id=order.id, amount_minor=amount_minor, cause="retried")
    for refund_id in asked:
        await start_refund(tx, order, refund_id, actor)
    for refund in failed:
        await lift_holds(tx, order, kind=HoldKind.REFUND, cause_id=refund.id, actor=actor)
    return True


async def start_refund(tx: Tx, order: Order, refund_id: UUID, actor: Actor) -> None:
    """Of an order that goes on: its money stays where it is until the refund is through. Under the order's lock."""
    await append(tx, order, OrderEventKind.REFUND_STARTED, actor, cause_id=refund_id)
    await place_hold(tx, order, kind=HoldKind.REFUND, cause_id=refund_id, actor=SYSTEM)


async def note_refund(refund_id: UUID, *, db: Database) -> None:
    """Handler of RefundSucceeded and RefundFailed: reads how the refund stands now."""

    async def step(tx: Tx) -> None:
        refund = await tx.get(Refund, refund_id)
        if refund is None or refund.status is RefundStatus.PENDING:
            return
        kind = _kind_of(refund)
        for order in await tx.lock(Order, [refund.order_id]):
            noted = await tx.reads.scalar(_NOTED, order_id=order.id, cause_id=refund_id, kind=kind.value)
            if noted is None:
                await settle_refund(tx, order, refund, PROVIDER)

    await db.run(step)


async def settle_refund(tx: Tx, order: Order, refund: Refund, actor: Actor) -> None:
    """The refund is over, one way or the other, and its order says so. The caller holds the order's lock."""
    await _settle_escrow(tx, order)
    await append(tx, order, _kind_of(refund), actor, cause_id=refund.id)
    await _settle_hold(tx, order, refund)


def _kind_of(refund: Refund) -> OrderEventKind:
    """What is over, for the timeline. A bank's refund is no refund of ours: it fails by being won."""
    if refund.status is RefundStatus.SUCCEEDED:
        return OrderEventKind.REFUNDED
    by_bank = refund.cause == RefundCause.CHARGEBACK
    return OrderEventKind.CHARGEBACK_WON if by_bank else OrderEventKind.REFUND_FAILED


async def _settle_escrow(tx: Tx, order: Order) -> None:
    """Held while anything is left; refunded once nothing is. What was released stays released."""
    if order.escrow is not EscrowState.RELEASED:
        held_minor = (await escrow_by_orders(tx.reads, [order.id])).get(order.id, 0)
        order.escrow = EscrowState.HELD if held_minor else EscrowState.REFUNDED


async def _settle_hold(tx: Tx, order: Order, refund: Refund) -> None:
    """What is through sets the rest of the money free; what failed is kept for the buyer until somebody has looked.

    Not so what a bank had taken and gave back: that is over in the seller's favour.
    """
    if refund.status is RefundStatus.SUCCEEDED:
        await lift_holds(tx, order, kind=HoldKind.REFUND, cause_id=refund.id, actor=SYSTEM)
    elif refund.cause != RefundCause.CHARGEBACK and order.status is not OrderStatus.CANCELLED:
        await place_hold(tx, order, kind=HoldKind.REFUND, cause_id=refund.id, actor=SYSTEM, reason="a refund failed")
