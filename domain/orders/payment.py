"""What the purchase tells its orders: paid, wait for the seller, or not to be.

Invariant: these run in the checkout's transaction; they lock the orders themselves, after the checkout and before the
payment, and all orders of one checkout move together.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.orders.model import COMPLETION_DAYS, CancelledBy, EscrowState, Order, OrderEventKind, OrderStatus
from domain.orders.timeline import append, move
from domain.shared.actor import PROVIDER, SYSTEM, Actor
from domain.shared.database import Tx
from domain.shared.errors import IllegalTransition
from domain.shared.transitions import Party

COMPLETION: Final = timedelta(days=COMPLETION_DAYS)


async def mark_paid(tx: Tx, checkout_id: UUID, *, actor: Actor = PROVIDER) -> list[Order]:
    """The money is captured; the caller books it into escrow. Raises IllegalTransition."""
    orders = await tx.lock(Order, [checkout_id], by="checkout_id")
    for order in orders:
        move(order, OrderStatus.PAID, Party.SYSTEM)
        order.paid_at = tx.now
        order.seller_deadline_at = None
        order.ship_by_at = tx.now + timedelta(days=order.handling_days)
        order.estimated_delivery_at = order.ship_by_at + timedelta(days=order.transit_days)
        order.escrow = EscrowState.HELD
        # For the parcel that no carrier ever reports on; shipping and delivery move it.
        set_release(order, order.estimated_delivery_at)
        await append(tx, order, OrderEventKind.PAID, actor)
    return orders


async def await_seller(tx: Tx, checkout_id: UUID, *, deadline: datetime, actor: Actor = SYSTEM) -> list[Order]:
    """Authorized; the seller has until `deadline` to accept. Raises IllegalTransition."""
    orders = await tx.lock(Order, [checkout_id], by="checkout_id")
    for order in orders:
        move(order, OrderStatus.AWAITING_SELLER, Party.SYSTEM)
        order.seller_deadline_at = deadline
        await append(tx, order, OrderEventKind.AWAITING_SELLER, actor)
    return orders


async def cancel_unpaid(
    tx: Tx, checkout_id: UUID, *, by: CancelledBy, reason: str, actor: Actor = SYSTEM
) -> list[Order]:
    """The purchase came to nothing before any money was taken. Raises IllegalTransition for a paid order."""
    orders = await tx.lock(Order, [checkout_id], by="checkout_id")
    for order in orders:
        if order.status not in (OrderStatus.PENDING_PAYMENT, OrderStatus.AWAITING_SELLER):
            # From PAID on money has to go back: that is another activity.
            raise IllegalTransition("order", order.status.value, OrderStatus.CANCELLED.value)
        move(order, OrderStatus.CANCELLED, Party.SYSTEM)
        order.cancelled_by = by
        order.cancel_reason = reason[:500]
        order.cancelled_at = tx.now
        order.seller_deadline_at = None
        await append(tx, order, OrderEventKind.CANCELLED, actor, details={"by": by.value})
    return orders


def set_release(order: Order, from_: datetime) -> None:
    """Completion, and the end of the time to complain, count from here."""
    order.release_due_at = from_ + COMPLETION
    order.dispute_until = order.release_due_at
