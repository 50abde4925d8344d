"""The timeline as feeds: one order's by its sequence, one seller's over all its orders.

Invariant: nothing that is committed is skipped. Within an order the sequence is counted under its lock, so commits
come in its order. Over many orders they do not: that feed goes by (xid, id), below the horizon (`domain.shared.feeds`).
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.orders.events import order_topic, seller_topic
from domain.orders.model import OrderEvent, OrderEventKind, OrderStatus
from domain.orders.reads import order_for
from domain.orders.timeline_reads import EVENT_COLUMNS, EventView
from domain.shared.actor import Actor
from domain.shared.database import Query, Reads, table
from domain.shared.errors import NotFound
from domain.shared.feeds import BATCH_MAX, Hints, Place, follow, is_after_place, is_settled, place_of, read_settled
from domain.shared.paging import Keyset

_events = table(OrderEvent)


@dataclass(frozen=True, slots=True)
class SellerEvent:
    """An event and its place in the seller's feed, as the text to resume after."""

    cursor: str
    event: EventView


@dataclass(frozen=True, slots=True)
class _Placed:
    id: UUID
    order_id: UUID
    sequence: int
    kind: OrderEventKind
    status: OrderStatus
    actor: str
    details: dict[str, Any]
    at: datetime
    xid: int
    settled: bool


_AFTER = Query(
    select(*EVENT_COLUMNS)
    .where(_events.c.order_id == bindparam("order_id"), _events.c.sequence > bindparam("sequence"))
    .order_by(_events.c.sequence)
    .limit(BATCH_MAX),
    EventView,
)
_OF_SELLER = Query(
    select(*EVENT_COLUMNS, _events.c.xid, is_settled(_events))
    .where(_events.c.seller_id == bindparam("seller_id"), is_after_place(_events))
    .order_by(_events.c.xid, _events.c.id)
    .limit(BATCH_MAX),
    _Placed,
)


async def follow_order(
    order_id: UUID, *, actor: Actor, after: int | None, reads: Reads, hints: Hints
) -> AsyncGenerator[EventView, None]:
    """Events of one order with a sequence above `after` (None: from now on), for ever. Raises NotFound.

    `reads` is the primary's: a replica may lag behind the hint.
    """
    order = await order_for(reads, order_id, actor)
    if order is None:
        raise NotFound("order")

    async def read(sequence: int) -> Sequence[tuple[int, EventView]]:
        found = await reads.all(_AFTER, order_id=order_id, sequence=sequence)
        return [(event.sequence, event) for event in found]

    start = order.event_sequence if after is None else after
    async for event in follow(read, start, topic=order_topic(order_id), hints=hints):
        yield event


async def follow_seller_orders(
    seller_id: UUID, *, after: str | None, reads: Reads, hints: Hints
) -> AsyncGenerator[SellerEvent, None]:
    """Events of all of a seller's orders after a cursor (None: from now on), for ever. Raises CursorMismatch."""
    keyset = Keyset.of("seller_orders", seller_id)

    async def visible(place: Place) -> Sequence[_Placed]:
        return await reads.all(_OF_SELLER, seller_id=seller_id, xid=place[0], id=place[1])

    async def read(place: Place) -> Sequence[tuple[Place, SellerEvent]]:
        found = await read_settled(visible, place)
        return [((row.xid, row.id), SellerEvent(keyset.encode((row.xid, row.id)), _event(row))) for row in found]

    start = await place_of(reads, keyset, after)
    async for event in follow(read, start, topic=seller_topic(seller_id), hints=hints):
        yield event


def _event(row: _Placed) -> EventView:
    return EventView(row.id, row.order_id, row.sequence, row.kind, row.status, row.actor, row.details, row.at)
