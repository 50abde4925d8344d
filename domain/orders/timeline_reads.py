"""The timeline in pages.

Invariant: an order's sequence has no gaps, so where a page lies is known before it is read, and pages of many orders
are one statement.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.orders.model import OrderEvent, OrderEventKind, OrderStatus
from domain.shared.database import Query, Reads, table
from domain.shared.paging import PAGE_MAX, Keyset, Page, PageRequest

SEQUENCE_MAX: Final = 2**31 - 1

_events = table(OrderEvent)


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


EVENT_COLUMNS: Final = tuple(_events.c[name] for name in EventView.__dataclass_fields__)


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
        key = max(0, min(request.key_number(), SEQUENCE_MAX - PAGE_MAX - 1))
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
    select(*EVENT_COLUMNS)
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
