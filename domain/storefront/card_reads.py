"""Listing cards: everything that a page of listings shows, in one statement however many there are.

Invariant: only what everybody may see is read here. A listing that was paused a moment ago has no card, whatever an
index still says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, case, func, literal, select, true, tuple_

from domain.catalog.model import Category, Condition, Fulfilment, Listing, Variant
from domain.inventory.model import StockStatus, VariantStock
from domain.media.model import OwnerKind
from domain.media.reads import Picture, leading_picture
from domain.search.documents import FOUND, STOCK_RANKS, stock_rank
from domain.sellers.model import Seller
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, CursorMismatch, Keyset, Page, PageRequest

_listings, _variants, _sellers = table(Listing), table(Variant), table(Seller)
_stocks, _categories = table(VariantStock), table(Category)


@dataclass(frozen=True, slots=True)
class ListingCard:
    """One listing in a list. Prices are of its active variants; its stock is that of the best of them."""

    id: UUID
    title: str
    brand: str
    condition: Condition
    fulfilment: Fulfilment
    pickup_too: bool
    category_path: str
    currency: str
    price_min_minor: int
    price_max_minor: int
    stock_status: StockStatus
    rating_millis: int | None
    rating_count: int
    published_at: datetime
    product_id: UUID | None
    seller_id: UUID
    seller_name: str
    seller_slug: str
    seller_rating_millis: int | None
    seller_rating_count: int
    image_id: UUID | None
    image_alt_text: str | None
    image_content_key: str | None
    image_width: int | None
    image_height: int | None
    image_widths: Sequence[int] | None

    @property
    def picture(self) -> Picture | None:
        """Of its first image that is ready."""
        if self.image_content_key is None:
            return None
        assert self.image_width is not None, "what is ready has a size"
        assert self.image_height is not None
        return Picture(self.image_content_key, self.image_width, self.image_height, self.image_widths or ())


_PUBLISHED: Final = func.coalesce(_listings.c.published_at, _listings.c.created_at)


def _cards() -> Select[Any]:
    sums = (
        select(
            func.min(_variants.c.price_minor).label("price_min_minor"),
            func.max(_variants.c.price_minor).label("price_max_minor"),
            stock_rank().label("stock_rank"),
        )
        .select_from(_variants.outerjoin(_stocks, _stocks.c.variant_id == _variants.c.id))
        .where(_variants.c.listing_id == _listings.c.id, _variants.c.active)
        .lateral("sums")
    )
    picture = leading_picture(OwnerKind.LISTING, _listings.c.id)
    status = case(
        {place: literal(status.value) for place, status in enumerate(STOCK_RANKS)}, value=sums.c.stock_rank
    )  # fmt: skip
    return (
        select(
            _listings.c.id,
            _listings.c.title,
            _listings.c.brand,
            _listings.c.condition,
            _listings.c.fulfilment,
            _listings.c.pickup_too,
            _categories.c.path,
            _listings.c.currency,
            sums.c.price_min_minor,
            sums.c.price_max_minor,
            status,
            _listings.c.rating_millis,
            _listings.c.rating_count,
            _PUBLISHED,
            _listings.c.product_id,
            _sellers.c.id,
            _sellers.c.name,
            _sellers.c.slug,
            _sellers.c.rating_millis,
            _sellers.c.rating_count,
            picture.c.id,
            picture.c.alt_text,
            picture.c.content_key,
            picture.c.width,
            picture.c.height,
            picture.c.widths,
        )
        .select_from(
            _listings.join(_sellers, _sellers.c.id == _listings.c.seller_id)
            .join(_categories, _categories.c.id == _listings.c.category_id)
            .join(sums, sums.c.price_min_minor.is_not(None))
            .outerjoin(picture, true())
        )
        .where(FOUND)
    )


_BY_IDS = Query(_cards().where(_listings.c.id == func.any(bindparam("ids"))), ListingCard)


async def cards_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ListingCard]:
    return {card.id: card for card in await reads.all(_BY_IDS, ids=list(ids))}


def shop_keyset(seller_id: UUID) -> Keyset:
    return Keyset.of("newest", seller_id.hex)


async def shop_cards(reads: Reads, seller_id: UUID, request: PageRequest) -> Page[ListingCard]:
    """A shop's listings, the newest first. Raises CursorMismatch."""
    parameters: dict[str, object] = {"seller_id": seller_id, "limit": request.first + 1}
    if request.key is not None:
        parameters |= _place(request)
    rows = await reads.all(_of_shop(request.key is not None, request.backwards), **parameters)
    return shop_keyset(seller_id).page(request, rows, lambda card: (card.published_at, card.id))


def _place(request: PageRequest) -> dict[str, object]:
    try:
        published_at, _ = request.key or ()
        return {"published_at": datetime.fromisoformat(str(published_at)), "id": request.key_id()}
    except ValueError as fault:
        raise CursorMismatch() from fault


@cache
def _of_shop(keyed: bool, backwards: bool) -> Query[ListingCard]:
    place = tuple_(_PUBLISHED, _listings.c.id)
    statement = _cards().where(_listings.c.seller_id == bindparam("seller_id")).limit(bindparam("limit"))
    if keyed:
        key = tuple_(
            bindparam("published_at", type_=_listings.c.created_at.type), bindparam("id", type_=_listings.c.id.type)
        )
        statement = statement.where(place > key if backwards else place < key)
    order = (_PUBLISHED, _listings.c.id) if backwards else (_PUBLISHED.desc(), _listings.c.id.desc())
    return Query(statement.order_by(*order), ListingCard)


_COUNT_OF_SHOP: Final = select(func.count()).select_from(
    select(_listings.c.id)
    .select_from(_listings.join(_sellers, _sellers.c.id == _listings.c.seller_id))
    .where(_listings.c.seller_id == bindparam("seller_id"), FOUND)
    .limit(COUNT_MAX + 1)
    .subquery()
)


async def count_shop_cards(reads: Reads, seller_id: UUID) -> int:
    """At most COUNT_MAX + 1."""
    return int(await reads.scalar(_COUNT_OF_SHOP, seller_id=seller_id))
