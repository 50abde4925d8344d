"""Cancelling a paid order before anything of it has left: the goods are back in stock, the money goes back.

Invariant: the decision, the stock and the refund's row are one transaction; the refund itself is a job that can
neither be forgotten nor done twice.
"""

from uuid import UUID

from sqlalchemy import bindparam, select, update

from domain.inventory.reservations import put_back
from domain.orders.errors import OrderPartlyShipped
from domain.orders.holds import refuse_on_hold
from domain.orders.model import (
    CancelledBy,
    LineKind,
    Order,
    OrderEventKind,
    OrderLine,
    OrderStatus,
    Shipment,
)
from domain.orders.parties import lock_order
from domain.orders.timeline import append, move
from domain.payments.refunding import request_full_refund
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, ShortText, command
from domain.shared.database import Database, Tx, table
from domain.shared.idempotency import claim
from domain.shared.ids import OrderId
from domain.shared.transitions import Party

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
    """The order's id; it is CANCELLED, and its refund is on the way.

    Raises NotFound, NotPermitted, IllegalTransition, OrderPartlyShipped, OrderOnHold, IdempotencyConflict.
    """
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        known = await claim(
            tx,
            actor_id=user_id,
            operation="cancel_order",
            key=command.idempotency_key,
            command=command,
            outcome_id=command.order_id,
        )
        if known is None:
            order, party = await lock_order(tx, command.order_id, actor, *_BY, acting_as=command.acting_as)
            await cancel(tx, order, by=_BY[party], reason=command.reason, actor=actor, party=party)
        return command.order_id

    return await db.run(step)


async def cancel(tx: Tx, order: Order, *, by: CancelledBy, reason: str, actor: Actor, party: Party) -> None:
    """The same for whoever holds the order's lock. Locks payments, then stock."""
    if await tx.reads.scalar(_ANY_SHIPMENT, order_id=order.id) is not None and order.status is OrderStatus.PAID:
        raise OrderPartlyShipped(order.id)
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
