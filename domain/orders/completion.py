"""Completion: the order is over and its escrow becomes the seller's.

Invariant: an order completes once, never while a hold is open, and the release stands in the ledger if and only if the
order is COMPLETED: status and money move in one transaction, under the order's row lock.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select, text

from domain.ledger.posting import post
from domain.ledger.reads import escrow_by_orders
from domain.ledger.recipes import release
from domain.orders.holds import is_on_hold, refuse_on_hold
from domain.orders.model import EscrowState, Order, OrderEvent, OrderEventKind, OrderHold, OrderStatus
from domain.orders.timeline import append, move
from domain.shared.actor import SYSTEM, Actor
from domain.shared.clock import Clock
from domain.shared.database import Database, Query, Tx, table
from domain.shared.sweeping import one_by_one
from domain.shared.transitions import Party

BATCH_MAX: Final = 100

_orders, _holds, _events = table(Order), table(OrderHold), table(OrderEvent)
_cause = _events.alias("cause")


@dataclass(frozen=True, slots=True)
class _Due:
    id: UUID


_DUE = Query(
    select(_orders.c.id)
    .where(
        # As in the partial index: with parameters the planner could not use it.
        text("status IN ('shipped', 'delivered') AND release_due_at IS NOT NULL"),
        _orders.c.release_due_at <= bindparam("now"),
        ~exists().where(_holds.c.order_id == _orders.c.id, _holds.c.closed_at.is_(None)),
    )
    .order_by(_orders.c.release_due_at)
    .limit(bindparam("limit")),
    _Due,
)

_SINCE = (
    select(_events.c.id)
    .where(
        _events.c.order_id == bindparam("order_id"),
        _events.c.kind == OrderEventKind.COMPLETED.value,
        _events.c.sequence
        > select(func.min(_cause.c.sequence))
        .where(_cause.c.order_id == bindparam("order_id"), _cause.c.cause_id == bindparam("cause_id"))
        .scalar_subquery(),
    )
    .limit(1)
)


async def complete_due_orders(*, db: Database, clock: Clock, limit: int = BATCH_MAX) -> int:
    """Orders whose fourteen days are over, at most `limit`, each in a transaction of its own; how many were found.

    Those that another process has locked are left to it. One that cannot be completed does not keep the others
    waiting: raises ExceptionGroup with all faults at the end.
    """
    assert 1 <= limit <= BATCH_MAX
    due = await db.primary.all(_DUE, now=clock.now(), limit=limit)
    await one_by_one([found.id for found in due], lambda id_: db.run(partial(_complete_if_due, order_id=id_)))
    return len(due)


async def _complete_if_due(tx: Tx, *, order_id: UUID) -> None:
    """What was found due is judged again under the lock: a hold, or another process, may have come between."""
    for order in await tx.lock(Order, [order_id], skip_locked=True):
        due = order.release_due_at is not None and order.release_due_at <= tx.now
        if due and order.status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED) and not await is_on_hold(tx, order.id):
            await complete(tx, order, actor=SYSTEM, party=Party.SYSTEM)


async def complete(tx: Tx, order: Order, *, actor: Actor, party: Party) -> None:
    """COMPLETED, and the escrow released. The caller holds the order's lock.

    Raises OrderOnHold, IllegalTransition.
    """
    await refuse_on_hold(tx, order.id)
    move(order, OrderStatus.COMPLETED, party)
    order.completed_at = tx.now
    await append(tx, order, OrderEventKind.COMPLETED, actor)
    await _release(tx, order, actor)


async def completed_since(tx: Tx, order_id: UUID, cause_id: UUID) -> bool:
    """Whether the order completed after its timeline first named the cause. The caller holds the order's lock."""
    return await tx.reads.scalar(_SINCE, order_id=order_id, cause_id=cause_id) is not None


async def _release(tx: Tx, order: Order, actor: Actor) -> None:
    held_minor = (await escrow_by_orders(tx.reads, [order.id])).get(order.id, 0)
    if held_minor == 0:
        # Nothing was ever held (a free order), or all of it went back to the buyer.
        return
    posting = release(
        order_id=order.id,
        seller_id=order.seller_id,
        held_minor=held_minor,
        total_minor=order.total_minor,
        commission_minor=order.commission_minor,
        currency=order.currency,
        on=tx.now.date(),
        trace=actor.trace,
    )
    if await post(tx, posting):
        order.escrow = EscrowState.RELEASED
        await append(tx, order, OrderEventKind.RELEASED, actor, cause_id=posting.id)
