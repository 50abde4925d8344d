"""The timeline as pages and as feeds: one order's by its sequence, one seller's over all its orders.

Invariant: nothing that is committed is skipped. Within an order the sequence is counted under its lock, so commits
come in its order. Over many orders they do not: that feed goes by (xid, id) and is read only below the oldest open
transaction, because a reader who saw 101 must not miss a 100 that commits later.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from domain.orders.events import order_topic, seller_topic
from domain.orders.model import OrderEvent, OrderEventKind, OrderStatus
from domain.orders.reads import order_for
from domain.shared.actor import Actor
from domain.shared.columns import Xid8
from domain.shared.database import Query, Reads, table
from domain.shared.errors import NotFound
from domain.shared.feeds import BATCH_MAX, Hints, follow
from domain.shared.paging import PAGE_MAX, CursorMismatch, Keyset, Page, PageRequest

SETTLE_TRIES_MAX: Final = 20
SETTLE_SECONDS: Final = 0.05
"""How often, and after what pause, events that are visible but not yet below the horizon are looked at again."""
SEQUENCE_MAX: Final = 2**31 - 1

_events = table(OrderEvent)
_NOTHING: Final = UUID(int=0)
_HORIZON = select(func.pg_snapshot_xmin(func.pg_current_snapshot()))


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of a timeline. `actor` is `user:<id>`, `system`, `provider` or `carrier`."""

    id: UUID
    order_id: UUID
    sequence: int
    kind: OrderEventKind
    status: OrderStatus
    actor: str
    details: dict[str, Any]
    at: datetime


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


_COLUMNS = tuple(_events.c[name] for name in EventView.__dataclass_fields__)
_AFTER = Query(
    select(*_COLUMNS)
    .where(_events.c.order_id == bindparam("order_id"), _events.c.sequence > bindparam("sequence"))
    .order_by(_events.c.sequence)
    .limit(BATCH_MAX),
    EventView,
)
_OF_SELLER = Query(
    select(*_COLUMNS, _events.c.xid, _events.c.xid < _HORIZON.scalar_subquery())
    .where(
        _events.c.seller_id == bindparam("seller_id"),
        tuple_(_events.c.xid, _events.c.id) > tuple_(cast(bindparam("xid"), Xid8()), bindparam("id")),
    )
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

    async def read(cursor: tuple[int, UUID]) -> Sequence[tuple[tuple[int, UUID], SellerEvent]]:
        found = await _settled(reads, seller_id, cursor)
        return [((row.xid, row.id), SellerEvent(keyset.encode((row.xid, row.id)), _event(row))) for row in found]

    start = await _place(reads, keyset, after)
    async for event in follow(read, start, topic=seller_topic(seller_id), hints=hints):
        yield event


async def _settled(reads: Reads, seller_id: UUID, cursor: tuple[int, UUID]) -> list[_Placed]:
    """Rows after the cursor up to the horizon. When all that is new lies beyond it, a few more looks: the hint has
    been used up, and the poll would be late."""
    for _ in range(SETTLE_TRIES_MAX):
        rows = await reads.all(_OF_SELLER, seller_id=seller_id, xid=cursor[0], id=cursor[1])
        settled = list(takewhile(lambda row: row.settled, rows))
        if settled or not rows:
            return settled
        await asyncio.sleep(SETTLE_SECONDS)
    return []


async def _place(reads: Reads, keyset: Keyset, after: str | None) -> tuple[int, UUID]:
    if after is None:
        # Everything older is settled; whatever is open now is still to come.
        return int(await reads.scalar(_HORIZON)), _NOTHING
    values = keyset.decode(after)
    try:
        xid, id_ = values
        return int(str(xid)), UUID(str(id_))
    except ValueError as fault:
        raise CursorMismatch() from fault


def _event(row: _Placed) -> EventView:
    return EventView(row.id, row.order_id, row.sequence, row.kind, row.status, row.actor, row.details, row.at)


def timeline_keyset(order_id: UUID) -> Keyset:
    return Keyset.of("timeline", order_id, ends_with_id=False)


@dataclass(frozen=True, slots=True)
class TimelineSpan:
    """Events of one order by sequence, both ends included; without gaps, so that a page is known before it is read."""

    order_id: UUID
    low: int
    high: int


def span_of(order_id: UUID, last: int, request: PageRequest) -> TimelineSpan:
    """Where a page lies, with the one event more that tells whether there is another page. `last` is the order's."""
    if request.key is not None:
        key = max(0, min(int(str(request.key[0])), SEQUENCE_MAX - PAGE_MAX - 1))
        before = key - 1
    else:
        key, before = 0, last
    if request.backwards:
        return TimelineSpan(order_id, before - request.first, before)
    return TimelineSpan(order_id, key + 1, key + 1 + request.first)


def timeline_page(span: TimelineSpan, request: PageRequest, events: Sequence[EventView]) -> Page[EventView]:
    """The page, oldest first, of what `events_by_spans` found."""
    rows = events[::-1] if request.backwards else events
    return timeline_keyset(span.order_id).page(request, rows, lambda event: (event.sequence,))


_spans = (
    func.unnest(
        bindparam("ids", type_=ARRAY(Uuid())),
        bindparam("lows", type_=ARRAY(Integer())),
        bindparam("highs", type_=ARRAY(Integer())),
    )
    .table_valued("order_id", "low", "high")
    .render_derived("span")
)
_IN_SPANS = Query(
    select(*_COLUMNS)
    .join(_spans, (_events.c.order_id == _spans.c.order_id) & _events.c.sequence.between(_spans.c.low, _spans.c.high))
    .order_by(_events.c.order_id, _events.c.sequence),
    EventView,
)


async def events_by_spans(reads: Reads, spans: Sequence[TimelineSpan]) -> Mapping[TimelineSpan, tuple[EventView, ...]]:
    """Of many orders in one statement, oldest first."""
    found: dict[UUID, dict[int, EventView]] = defaultdict(dict)
    columns = {"ids": [span.order_id for span in spans], "lows": [span.low for span in spans]}
    for event in await reads.all(_IN_SPANS, **columns, highs=[span.high for span in spans]):
        found[event.order_id][event.sequence] = event
    return {
        span: tuple(event for place, event in found[span.order_id].items() if span.low <= place <= span.high)
        for span in spans
    }
