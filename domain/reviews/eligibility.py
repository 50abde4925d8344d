"""Who may review what, and until when. Pure rules: use cases refuse by them, and pages offer by them.

Invariant: only parties of an order review, only after its delivery, and only for a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from domain.orders.model import LineKind, OrderStatus
from domain.reviews.errors import NotDelivered, ReviewWindowOver
from domain.reviews.model import ReviewKind
from domain.shared.transitions import Party

REVIEW_DAYS: Final = 60
"""After delivery: long enough to use the thing, short enough to remember the parcel."""
EDIT_DAYS: Final = 30
"""After writing."""


class OrderFacts(Protocol):
    """What of an order the rules look at; its row and its view have it."""

    @property
    def status(self) -> OrderStatus: ...
    @property
    def delivered_at(self) -> datetime | None: ...
    @property
    def completed_at(self) -> datetime | None: ...


class LineFacts(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> LineKind: ...
    @property
    def listing_id(self) -> UUID | None: ...
    @property
    def quantity(self) -> int: ...
    @property
    def cancelled(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A review that somebody may still write. Line and listing: of a LISTING review only."""

    kind: ReviewKind
    order_id: UUID
    order_line_id: UUID | None
    listing_id: UUID | None
    until: datetime


def review_until(order: OrderFacts) -> datetime | None:
    """When the time to review ends; None before delivery, and for what was never delivered.

    A parcel that no tracking told of counts from the order's completion.
    """
    if order.status not in (OrderStatus.DELIVERED, OrderStatus.COMPLETED):
        return None
    since = order.delivered_at or order.completed_at
    return since + timedelta(days=REVIEW_DAYS) if since is not None else None


def check_reviewable(order: OrderFacts, now: datetime) -> None:
    """Raises NotDelivered, ReviewWindowOver."""
    until = review_until(order)
    if until is None:
        raise NotDelivered()
    if now >= until:
        raise ReviewWindowOver(until)


def line_counts(line: LineFacts) -> bool:
    """It is goods, and some of it was not cancelled."""
    return line.kind is LineKind.ITEM and line.listing_id is not None and line.cancelled < line.quantity


def edit_until(created_at: datetime) -> datetime:
    return created_at + timedelta(days=EDIT_DAYS)


def open_reviews(
    order_id: UUID,
    order: OrderFacts,
    lines: Sequence[LineFacts],
    *,
    written: Iterable[tuple[ReviewKind, UUID | None]],
    parties: Sequence[Party],
    now: datetime,
) -> tuple[OpenReview, ...]:
    """What the holder of these roles may still write about an order. `written`: kind and order line of what stands.

    Nothing for who is buyer and seller at once: nobody reviews themself.
    """
    until = review_until(order)
    if until is None or now >= until or {Party.BUYER, Party.SELLER} <= set(parties):
        return ()
    wanted: list[tuple[ReviewKind, UUID | None, UUID | None]] = []
    if Party.BUYER in parties:
        wanted += [(ReviewKind.LISTING, line.id, line.listing_id) for line in lines if line_counts(line)]
        wanted.append((ReviewKind.SELLER, None, None))
    if Party.SELLER in parties:
        wanted.append((ReviewKind.BUYER, None, None))
    done = set(written)
    return tuple(
        OpenReview(kind, order_id, line_id, listing_id, until)
        for kind, line_id, listing_id in wanted
        if (kind, line_id) not in done
    )
