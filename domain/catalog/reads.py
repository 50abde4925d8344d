"""Listings, variants and products as everybody, their seller and administrators see them.

Invariant: who may see a listing stands in the WHERE of the read. Everybody sees what is on sale, public or (by its id)
unlisted, from a shop that is open; the shop's members and those who run the marketplace see all of theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ColumnElement, Select, Uuid, and_, bindparam, func, or_, select, true

from domain.catalog.attributes import AttributeValue
from domain.catalog.model import (
    SELLABLE,
    Condition,
    Fulfilment,
    Listing,
    ListingEvent,
    ListingKind,
    ListingStatus,
    MatchedBy,
    Product,
    SaleMode,
    Variant,
    Visibility,
)
from domain.sellers.model import Seller
from domain.sellers.reads import OPEN
from domain.shared.actor import Actor
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest

_listings = table(Listing)
_sellers = table(Seller)
_variants = table(Variant)
_products = table(Product)
_events = table(ListingEvent)

EVENTS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class ListingView:
    id: UUID
    seller_id: UUID
    category_id: UUID
    product_id: UUID | None
    title: str
    description: str
    brand: str
    kind: ListingKind
    sale_mode: SaleMode
    fulfilment: Fulfilment
    pickup_too: bool
    condition: Condition
    visibility: Visibility
    status: ListingStatus
    status_reason: str
    currency: str
    attributes: Mapping[str, AttributeValue]
    rating_millis: int | None
    rating_count: int
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    gtin: str | None
    matched_by: MatchedBy | None


@dataclass(frozen=True, slots=True)
class VariantView:
    id: UUID
    listing_id: UUID
    sku: str
    title: str
    options: Mapping[str, str]
    price_minor: int
    position: int
    active: bool
    currency: str


@dataclass(frozen=True, slots=True)
class ProductView:
    id: UUID
    category_id: UUID
    title: str
    brand: str
    gtin: str | None


@dataclass(frozen=True, slots=True)
class _AskedProduct:
    """`asked_id`: the id that was asked for, which may be that of a product merged into this one."""

    asked_id: UUID
    id: UUID
    category_id: UUID
    title: str
    brand: str
    gtin: str | None


@dataclass(frozen=True, slots=True)
class ListingEventView:
    id: UUID
    listing_id: UUID
    source: ListingStatus
    target: ListingStatus
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ListingFilter:
    """Whose listings (None: everybody's, for administrators), and in which state (None: all)."""

    seller_id: UUID | None = None
    status: ListingStatus | None = None

    @property
    def newest_first(self) -> bool:
        """Sellers look for what they just made; a queue is worked from its old end."""
        return self.seller_id is not None

    def keyset(self) -> Keyset:
        sort = "newest" if self.newest_first else "oldest"
        return Keyset.of(sort, self.seller_id, self.status.value if self.status else None)


def on_sale() -> ColumnElement[bool]:
    """What buyers may be shown, given a join of listing and seller; private ones never."""
    return and_(
        or_(*(_listings.c.status == status for status in SELLABLE)),
        _listings.c.visibility != Visibility.PRIVATE,
        or_(*(_sellers.c.status == status for status in OPEN)),
    )


_LISTING: Select[Any] = select(*(_listings.c[name] for name in ListingView.__dataclass_fields__))
_VISIBLE = Query(
    _LISTING.join(_sellers, _sellers.c.id == _listings.c.seller_id).where(
        _listings.c.id == func.any(bindparam("ids")),
        or_(
            on_sale(),
            _listings.c.seller_id == bindparam("seller_id", type_=Uuid()),
            bindparam("sees_all", type_=Boolean()),
        ),
    ),
    ListingView,
)
_VARIANT: Select[Any] = select(
    *(_variants.c[name] for name in VariantView.__dataclass_fields__ if name != "currency"), _listings.c.currency
).join(_listings, _listings.c.id == _variants.c.listing_id)
_VARIANTS = Query(_VARIANT.where(_variants.c.id == func.any(bindparam("ids"))), VariantView)
_VARIANTS_OF = Query(
    _VARIANT.where(_variants.c.listing_id == func.any(bindparam("listing_ids"))).order_by(
        _variants.c.position, _variants.c.id
    ),
    VariantView,
)
_asked = _products.alias("asked")
_PRODUCTS = Query(
    select(_asked.c.id, *(_products.c[name] for name in ProductView.__dataclass_fields__))
    .join(_products, _products.c.id == func.coalesce(_asked.c.merged_into_id, _asked.c.id))
    .where(_asked.c.id == func.any(bindparam("ids"))),
    _AskedProduct,
)
_wanted = func.unnest(bindparam("listing_ids", type_=ARRAY(Uuid()))).table_valued("id").render_derived("wanted")
_newest = (
    select(*(_events.c[name] for name in ListingEventView.__dataclass_fields__))
    .where(_events.c.listing_id == _wanted.c.id)
    .order_by(_events.c.id.desc())
    .limit(EVENTS_MAX)
    .lateral("newest")
)
_EVENTS = Query(select(*_newest.c).select_from(_wanted.join(_newest, true())), ListingEventView)


async def listings_for(reads: Reads, ids: Sequence[UUID], actor: Actor) -> Mapping[UUID, ListingView]:
    """Those of the listings that the actor may see."""
    found = await reads.all(_VISIBLE, ids=list(ids), seller_id=actor.seller_id, sees_all=actor.is_moderator)
    return {each.id: each for each in found}


async def public_listings_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ListingView]:
    """Those of the listings that everybody may see."""
    found = await reads.all(_VISIBLE, ids=list(ids), seller_id=None, sees_all=False)
    return {each.id: each for each in found}


async def listings_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ListingView]:
    """Whatever their state: the caller decides who sees which."""
    return {each.id: each for each in await reads.all(_VISIBLE, ids=list(ids), seller_id=None, sees_all=True)}


async def variants_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, VariantView]:
    """Active or not: orders and carts name variants that are no longer sold."""
    return {each.id: each for each in await reads.all(_VARIANTS, ids=list(ids))}


async def variants_by_listing_ids(reads: Reads, listing_ids: Sequence[UUID]) -> Mapping[UUID, list[VariantView]]:
    """All variants of each listing in their order, active or not; at most VARIANTS_MAX each."""
    found: dict[UUID, list[VariantView]] = {listing_id: [] for listing_id in listing_ids}
    for variant in await reads.all(_VARIANTS_OF, listing_ids=list(listing_ids)):
        found[variant.listing_id].append(variant)
    return found


async def products_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]:
    """By the id asked for. Of a product that was merged, the one that it was merged into."""
    return {
        each.asked_id: ProductView(each.id, each.category_id, each.title, each.brand, each.gtin)
        for each in await reads.all(_PRODUCTS, ids=list(ids))
    }


async def events_by_listing_ids(reads: Reads, listing_ids: Sequence[UUID]) -> Mapping[UUID, list[ListingEventView]]:
    """The newest EVENTS_MAX moves of each listing, newest first."""
    found: dict[UUID, list[ListingEventView]] = {listing_id: [] for listing_id in listing_ids}
    for event in await reads.all(_EVENTS, listing_ids=list(listing_ids)):
        found[event.listing_id].append(event)
    return found


async def listings_page(reads: Reads, wanted: ListingFilter, request: PageRequest) -> Page[ListingView]:
    """Listings in any state: callers scope the filter to the shop acted for, or to administrators."""
    parameters = _parameters(wanted) | {"limit": request.first + 1}
    if request.key is not None:
        parameters["key"] = request.key_id()
    rows = await reads.all(_page_query(*_shape(wanted), request.key is not None, request.backwards), **parameters)
    return wanted.keyset().page(request, rows, lambda view: (view.id,))


async def count_listings(reads: Reads, wanted: ListingFilter) -> int:
    """At most COUNT_MAX + 1."""
    return int(await reads.scalar(_count_query(*_shape(wanted)).statement, **_parameters(wanted)))


def _shape(wanted: ListingFilter) -> tuple[bool, bool]:
    return wanted.seller_id is not None, wanted.status is not None


def _parameters(wanted: ListingFilter) -> dict[str, object]:
    values = {"seller_id": wanted.seller_id, "status": wanted.status.value if wanted.status else None}
    return {name: value for name, value in values.items() if value is not None}


def _filtered(statement: Select[Any], of_seller: bool, in_status: bool) -> Select[Any]:
    if of_seller:
        statement = statement.where(_listings.c.seller_id == bindparam("seller_id"))
    if in_status:
        statement = statement.where(_listings.c.status == bindparam("status"))
    return statement


@cache
def _page_query(of_seller: bool, in_status: bool, keyed: bool, backwards: bool) -> Query[ListingView]:
    """Only sellers' lists run from the newest down; going backwards turns the order round."""
    statement = _filtered(_LISTING, of_seller, in_status).limit(bindparam("limit"))
    descending = of_seller is not backwards
    if keyed:
        key = bindparam("key", type_=_listings.c.id.type)
        statement = statement.where(_listings.c.id < key if descending else _listings.c.id > key)
    return Query(statement.order_by(_listings.c.id.desc() if descending else _listings.c.id), ListingView)


@cache
def _count_query(of_seller: bool, in_status: bool) -> Query[int]:
    inner = _filtered(select(_listings.c.id), of_seller, in_status).limit(COUNT_MAX + 1)
    return Query(select(func.count()).select_from(inner.subquery()), int)
