"""The timeline of an order: everything that happened to it, in one gapless count.

Invariant: the sequence is counted under the order's row lock, and an event leaves as jobs of the commit that wrote it.
"""

from typing import Any
from uuid import UUID

from domain.orders.events import EVENTS
from domain.orders.model import ORDER_TRANSITIONS, Order, OrderEvent, OrderEventKind, OrderStatus
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.transitions import Party


async def append(
    tx: Tx,
    order: Order,
    kind: OrderEventKind,
    actor: Actor,
    *,
    cause_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write the next event. The caller holds the order's lock."""
    tx.append(next_event(tx, order, kind, actor, cause_id=cause_id, details=details))


def next_event(
    tx: Tx,
    order: Order,
    kind: OrderEventKind,
    actor: Actor,
    *,
    cause_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> OrderEvent:
    """The next event's row, for the caller to write with others; its jobs are recorded.

    `details` are small facts without personal data, for display (`{"trackingNumber": ...}`).
    """
    order.event_sequence += 1
    event_id = new_id()
    tx.record(
        EVENTS[kind](
            event_id=event_id,
            at=tx.now,
            trace=actor.trace,
            order_id=order.id,
            seller_id=order.seller_id,
            buyer_id=order.buyer_id,
            sequence=order.event_sequence,
            cause_id=cause_id,
        )
    )
    return OrderEvent(
        id=event_id,
        order_id=order.id,
        seller_id=order.seller_id,
        sequence=order.event_sequence,
        kind=kind,
        status=order.status,
        actor=actor.name,
        cause_id=cause_id,
        details=details or {},
        trace=actor.trace,
        at=tx.now,
    )


def move(order: Order, target: OrderStatus, party: Party) -> None:
    """Change the status along the table. Raises IllegalTransition and changes nothing."""
    ORDER_TRANSITIONS.check(order.status, target, party)
    order.status = target
