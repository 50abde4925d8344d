"""Lateness: what happens to an order whose seller does not send it.

From `ship_by_at` on it is late, and says so. LATE_GRACE_DAYS later buyer, seller and administrators may cancel what
has not left of it, though a part has (before any part has left they may do so at any time). LATE_CANCEL_DAYS after
`ship_by_at` a sweep cancels it, also what is ready and was not fetched. What is done on site has a date of its own and
is left to the two.

Invariant: a late order is marked once, and no money is stuck with a seller who has gone silent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, exists, select, text

from domain.catalog.model import Fulfilment
from domain.orders.cancellation import cancel
from domain.orders.holds import is_on_hold
from domain.orders.model import (
    LATE_CANCEL_DAYS,
    CancelledBy,
    Order,
    OrderEventKind,
    OrderHold,
    OrderPickup,
    OrderStatus,
)
from domain.orders.timeline import append
from domain.shared.actor import SYSTEM
from domain.shared.clock import Clock
from domain.shared.database import Database, Query, Tx, table
from domain.shared.sweeping import one_by_one
from domain.shared.transitions import Party

BATCH_MAX: Final = 100
CANCEL_AFTER: Final = timedelta(days=LATE_CANCEL_DAYS)
NOT_SENT, NOT_FETCHED = "not sent in time", "not fetched in time"

_orders, _holds, _pickups = table(Order), table(OrderHold), table(OrderPickup)


@dataclass(frozen=True, slots=True)
class _Due:
    id: UUID


_OVERDUE = (
    select(_orders.c.id)
    .where(
        # As in the partial index: with a parameter the planner could not use it.
        text("status = 'paid'"),
        _orders.c.fulfilment != Fulfilment.ON_SITE.value,
        _orders.c.ship_by_at <= bindparam("before"),
    )
    .order_by(_orders.c.ship_by_at)
    .limit(BATCH_MAX)
)
# What is ready for its buyer is not late, though nobody comes for it.
_WAITS = exists().where(_pickups.c.order_id == _orders.c.id, _pickups.c.ready_at.is_not(None))
_LATE = Query(_OVERDUE.where(_orders.c.late_at.is_(None), ~_WAITS), _Due)
_GIVEN_UP = Query(
    _OVERDUE.where(~exists().where(_holds.c.order_id == _orders.c.id, _holds.c.closed_at.is_(None))), _Due
)


async def mark_late_orders(*, db: Database, clock: Clock) -> int:
    """Orders that should have been sent by now and are not, at most BATCH_MAX; how many were found.

    Raises ExceptionGroup with the faults, when every one of the batch had its turn.
    """
    late = await db.primary.all(_LATE, before=clock.now())
    await one_by_one([found.id for found in late], lambda id_: db.run(partial(_mark, order_id=id_)))
    return len(late)


async def cancel_given_up_orders(*, db: Database, clock: Clock) -> int:
    """Orders that are LATE_CANCEL_DAYS late: what has not left is cancelled, refunded and back in stock.

    At most BATCH_MAX, how many were found; what is on hold waits. Raises ExceptionGroup, as above.
    """
    given_up = await db.primary.all(_GIVEN_UP, before=clock.now() - CANCEL_AFTER)
    await one_by_one([found.id for found in given_up], lambda id_: db.run(partial(_give_up, order_id=id_)))
    return len(given_up)


async def _mark(tx: Tx, *, order_id: UUID) -> None:
    for order in await tx.lock(Order, [order_id], skip_locked=True):
        if order.late_at is None and _is_overdue(order, tx.now):
            order.late_at = tx.now
            await append(tx, order, OrderEventKind.LATE, SYSTEM)


async def _give_up(tx: Tx, *, order_id: UUID) -> None:
    """Judged again under the lock: the seller, or a hold, may have come between."""
    for order in await tx.lock(Order, [order_id], skip_locked=True):
        if _is_overdue(order, tx.now - CANCEL_AFTER) and not await is_on_hold(tx, order.id):
            await cancel(
                tx, order, by=CancelledBy.EXPIRED, reason=await _reason(tx, order), actor=SYSTEM, party=Party.SYSTEM
            )


async def _reason(tx: Tx, order: Order) -> str:
    pickup = await tx.get(OrderPickup, order.id)
    return NOT_FETCHED if pickup is not None and pickup.ready_at is not None else NOT_SENT


def _is_overdue(order: Order, at: datetime) -> bool:
    return order.status is OrderStatus.PAID and order.ship_by_at is not None and order.ship_by_at <= at
