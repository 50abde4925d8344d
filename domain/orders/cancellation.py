"""Cancelling a paid order: the goods are back in stock, the money goes back.

Before anything has left it is cancelled as a whole. Afterwards only a late order is, and of it what has not left; the
rest is then on its way, and paid for when it arrives. What sending it cost is not given back, as it was sent.

Invariant: the decision, the stock and the refund's row are one transaction; the refund itself is a job that can
neither be forgotten nor done twice. While it is on its way no money of an order that goes on is released.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update

from domain.inventory.reservations import put_back
from domain.orders.errors import OrderPartlyShipped
from domain.orders.holds import refuse_on_hold
from domain.orders.model import (
    LATE_GRACE_DAYS,
    CancelledBy,
    LineKind,
    Order,
    OrderEventKind,
    OrderLine,
    OrderStatus,
    Shipment,
)
from domain.orders.parties import lock_order
from domain.orders.refunds import start_refund
from domain.orders.shipping import mark_shipped, open_lines_of
from domain.orders.timeline import append, move
from domain.payments.refunding import request_full_refund, request_up_to
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, ShortText, command
from domain.shared.database import Database, Tx, table
from domain.shared.idempotency import is_repeated
from domain.shared.ids import OrderId
from domain.shared.transitions import Party

GRACE: Final = timedelta(days=LATE_GRACE_DAYS)

_lines, _shipments = table(OrderLine), table(Shipment)
_ANY_SHIPMENT = select(_shipments.c.id).where(_shipments.c.order_id == bindparam("order_id")).limit(1)
_BY = {Party.BUYER: CancelledBy.BUYER, Party.SELLER: CancelledBy.SELLER, Party.ADMIN: CancelledBy.ADMIN}


@command
class CancelOrder:
    """`acting_as` is for who is two of buyer, seller and administrator; by default the first of them in that order."""

    order_id: OrderId
    reason: ShortText = ""
    acting_as: Party | None = None
    idempotency_key: IdempotencyKey


async def cancel_order(command: CancelOrder, *, actor: Actor, db: Database) -> UUID:
    """The order's id; it is CANCELLED, or SHIPPED without what had not left; the refund is on the way.

    Raises NotFound, NotPermitted, IllegalTransition, OrderPartlyShipped, OrderOnHold, IdempotencyConflict.
    """
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "cancel_order", command, actor_id=user_id, about=command.order_id):
            order, party = await lock_order(tx, command.order_id, actor, *_BY, acting_as=command.acting_as)
            await cancel(tx, order, by=_BY[party], reason=command.reason, actor=actor, party=party)
        return command.order_id

    return await db.run(step)


async def cancel(tx: Tx, order: Order, *, by: CancelledBy, reason: str, actor: Actor, party: Party) -> None:
    """The same for whoever holds the order's lock. Locks payments, then stock."""
    partly_shipped = await tx.reads.scalar(_ANY_SHIPMENT, order_id=order.id) is not None
    if partly_shipped and order.status is OrderStatus.PAID:
        if not may_cancel_rest(order.ship_by_at, tx.now):
            raise OrderPartlyShipped(order.id)
        await refuse_on_hold(tx, order.id)
        await _cancel_rest(tx, order, by=by, reason=reason, actor=actor)
        return
    move(order, OrderStatus.CANCELLED, party)
    await refuse_on_hold(tx, order.id)
    order.cancelled_by = by
    order.cancel_reason = reason
    order.cancelled_at = tx.now
    order.release_due_at = None
    order.dispute_until = None
    await append(tx, order, OrderEventKind.CANCELLED, actor, details={"by": by.value})
    for refund_id in await request_full_refund(tx, order_id=order.id, cause="cancelled"):
        await append(tx, order, OrderEventKind.REFUND_STARTED, actor, cause_id=refund_id)
    await _restock(tx, order, actor)


def may_cancel_rest(ship_by_at: datetime | None, now: datetime) -> bool:
    """Of an order of which a part has left already: it is late, and the grace is over."""
    return ship_by_at is not None and ship_by_at + GRACE <= now


async def _cancel_rest(tx: Tx, order: Order, *, by: CancelledBy, reason: str, actor: Actor) -> None:
    lines = await open_lines_of(tx, order.id)
    amount_minor, back = 0, []
    for line in lines:
        units = line.quantity - line.shipped - line.cancelled
        amount_minor += _gross_of(line, line.cancelled + units) - _gross_of(line, line.cancelled)
        line.cancelled += units
        if line.variant_id is not None:
            back.append((line.variant_id, units))
    await append(tx, order, OrderEventKind.REST_CANCELLED, actor, details={"by": by.value, "reason": reason})
    for refund_id in await request_up_to(tx, order_id=order.id, amount_minor=amount_minor, cause="rest_cancelled"):
        await start_refund(tx, order, refund_id, actor)
    await mark_shipped(tx, order, actor, Party.SYSTEM)
    if back:
        await put_back(tx, lines=back, actor=actor.name, cause_id=order.id, reason="rest of the order cancelled")


def _gross_of(line: OrderLine, units: int) -> int:
    """What the first so many units of a line cost: the parts of a line add up to the whole, whatever the rounding."""
    return line.gross_minor * units // line.quantity


async def _restock(tx: Tx, order: Order, actor: Actor) -> None:
    found = await tx.execute(
        update(_lines)
        .where(_lines.c.order_id == order.id, _lines.c.kind == LineKind.ITEM)
        .values(cancelled=_lines.c.quantity)
        .returning(_lines.c.variant_id, _lines.c.quantity)
    )
    sold = [(row.variant_id, row.quantity) for row in found if row.variant_id is not None]
    if sold:
        await put_back(tx, lines=sold, actor=actor.name, cause_id=order.id, reason="order cancelled")
