"""What somebody looked at lately, as cards: a page of their own list in two statements."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, tuple_

from domain.browsing.model import RECENT_MAX, RecentView
from domain.catalog.model import Listing
from domain.search.documents import FOUND
from domain.sellers.model import Seller
from domain.shared.database import Query, Reads, table
from domain.shared.paging import CursorMismatch, Keyset, Page, PageRequest
from domain.storefront.card_reads import ListingCard, cards_by_ids

_views, _listings, _sellers = table(RecentView), table(Listing), table(Seller)


@dataclass(frozen=True, slots=True)
class ViewedListing:
    listing_id: UUID
    viewed_at: datetime


@dataclass(frozen=True, slots=True)
class ViewedCard:
    card: ListingCard
    viewed_at: datetime


def recent_keyset(user_id: UUID) -> Keyset:
    return Keyset.of("viewed", user_id.hex)


async def recently_viewed(reads: Reads, user_id: UUID, request: PageRequest) -> Page[ViewedCard]:
    """The latest first. What is not on sale at present is left out; it comes back with its sale.

    Raises CursorMismatch.
    """
    parameters: dict[str, Any] = {"user_id": user_id, "limit": request.first + 1}
    if request.key is not None:
        parameters |= _place(request)
    seen = await reads.all(_page(request.key is not None, request.backwards), **parameters)
    page = recent_keyset(user_id).page(request, seen, lambda each: (each.viewed_at, each.listing_id))
    cards = await cards_by_ids(reads, [each.listing_id for each in page.items])
    shown = [place for place in zip(page.items, page.cursors, strict=True) if place[0].listing_id in cards]
    return Page(
        items=tuple(ViewedCard(cards[each.listing_id], each.viewed_at) for each, _ in shown),
        cursors=tuple(cursor for _, cursor in shown),
        has_next=page.has_next,
        has_previous=page.has_previous,
    )


async def count_recently_viewed(reads: Reads, user_id: UUID) -> int:
    return int(await reads.scalar(_COUNT, user_id=user_id))


def _place(request: PageRequest) -> dict[str, Any]:
    try:
        viewed_at, _ = request.key or ()
        return {"viewed_at": datetime.fromisoformat(str(viewed_at)), "id": request.key_id()}
    except ValueError as fault:
        raise CursorMismatch() from fault


def _on_sale(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(
            _views.join(_listings, _listings.c.id == _views.c.listing_id).join(
                _sellers, _sellers.c.id == _listings.c.seller_id
            )
        )
        .where(_views.c.user_id == bindparam("user_id"), FOUND)
    )


_COUNT = select(func.count()).select_from(_on_sale(_views.c.listing_id).limit(RECENT_MAX).subquery())


@cache
def _page(keyed: bool, backwards: bool) -> Query[ViewedListing]:
    place = tuple_(_views.c.viewed_at, _views.c.listing_id)
    statement = _on_sale(_views.c.listing_id, _views.c.viewed_at).limit(bindparam("limit"))
    if keyed:
        key = tuple_(
            bindparam("viewed_at", type_=_views.c.viewed_at.type), bindparam("id", type_=_views.c.listing_id.type)
        )
        statement = statement.where(place > key if backwards else place < key)
    order = (_views.c.viewed_at, _views.c.listing_id)
    return Query(statement.order_by(*(order if backwards else [column.desc() for column in order])), ViewedListing)
