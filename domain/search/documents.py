"""Listings as documents: the present state, read together with what ranks it.

Invariant: only what everybody may see becomes a document: an active, public listing of an open shop, with a price.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, case, func, or_, select, true

from domain.catalog.model import (
    Category,
    Condition,
    Fulfilment,
    Listing,
    ListingPlace,
    ListingStatus,
    Variant,
    Visibility,
    ways_of,
)
from domain.inventory.model import MovementKind, StockItem, StockMovement, StockStatus, VariantStock
from domain.search.ports import SearchDocument
from domain.search.ranking import Facts, quality_of, signals_of
from domain.sellers.model import Seller, SellerStatus
from domain.shared.database import Query, Reads, table

SOLD_DAYS: Final = 90
MOVEMENTS_MAX: Final = 1_000
"""Sales looked at per stock item: beyond them a listing is as popular as can be."""
SOLD_MAX: Final = 100_000
"""Units and reviews that popularity counts up to: nobody is more popular than that."""
POPULARITY_PER_SALE: Final = 5
FACET_TEXT_MAX: Final = 100
"""Longer names and values are searched for, not counted by."""
FACETS_PER_LISTING_MAX: Final = 100

_listings, _variants, _sellers, _places = table(Listing), table(Variant), table(Seller), table(ListingPlace)
_categories, _stocks, _items, _movements = table(Category), table(VariantStock), table(StockItem), table(StockMovement)

FOUND: Final = and_(
    _listings.c.status == ListingStatus.ACTIVE.value,
    _listings.c.visibility == Visibility.PUBLIC.value,
    or_(_sellers.c.status == SellerStatus.ACTIVE.value, _sellers.c.status == SellerStatus.RESTRICTED.value),
)
"""Which listings may be found, over `listing` joined with `seller`."""


@dataclass(frozen=True, slots=True)
class _State:
    """One listing with its shop and the sum of its variants. `options` are those of all active variants."""

    listing_id: UUID
    seller_id: UUID
    product_id: UUID | None
    title: str
    brand: str
    description: str
    category_path: str
    condition: Condition
    fulfilment: Fulfilment
    pickup_too: bool
    currency: str
    attributes: dict[str, Any]
    rating_millis: int | None
    rating_count: int
    published_at: datetime
    seller_status: SellerStatus
    seller_rating_millis: int | None
    seller_rating_count: int
    price_min_minor: int
    price_max_minor: int
    stock_rank: int
    options: list[dict[str, str]]
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class _CategoryView:
    path: str
    name: str
    attributes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Sold:
    listing_id: UUID
    units: int


@dataclass(frozen=True, slots=True)
class _BestPrice:
    product_id: UUID
    currency: str
    price_minor: int


STOCK_RANKS: Final = (StockStatus.OUT_OF_STOCK, StockStatus.LOW_STOCK, StockStatus.IN_STOCK)
"""A listing stands as well as the best of its variants."""


def stock_rank() -> Any:
    """The best stock status among rows of `variant_stock`, as a place in STOCK_RANKS; without rows 0."""
    ranks = case({status.value: place for place, status in enumerate(STOCK_RANKS)}, value=_stocks.c.status, else_=0)
    return func.coalesce(func.max(ranks), 0)


def _states() -> Select[Any]:
    sums = (
        select(
            func.min(_variants.c.price_minor).label("price_min_minor"),
            func.max(_variants.c.price_minor).label("price_max_minor"),
            stock_rank().label("stock_rank"),
            func.jsonb_agg(_variants.c.options).label("options"),
        )
        .select_from(_variants.outerjoin(_stocks, _stocks.c.variant_id == _variants.c.id))
        .where(_variants.c.listing_id == _listings.c.id, _variants.c.active)
        .lateral("sums")
    )
    return (
        select(
            _listings.c.id,
            _listings.c.seller_id,
            _listings.c.product_id,
            _listings.c.title,
            _listings.c.brand,
            _listings.c.description,
            _categories.c.path,
            _listings.c.condition,
            _listings.c.fulfilment,
            _listings.c.pickup_too,
            _listings.c.currency,
            _listings.c.attributes,
            _listings.c.rating_millis,
            _listings.c.rating_count,
            func.coalesce(_listings.c.published_at, _listings.c.created_at),
            _sellers.c.status,
            _sellers.c.rating_millis,
            _sellers.c.rating_count,
            *sums.c,
            _places.c.public_latitude,
            _places.c.public_longitude,
        )
        .select_from(
            _listings.join(_sellers, _sellers.c.id == _listings.c.seller_id)
            .join(_categories, _categories.c.id == _listings.c.category_id)
            .join(sums, sums.c.price_min_minor.is_not(None))
            .outerjoin(_places, _places.c.listing_id == _listings.c.id)
        )
        .where(_listings.c.id == func.any(bindparam("ids")), FOUND)
    )


def _sold() -> Select[Any]:
    recent = (
        select(_movements.c.on_hand_delta)
        .where(
            _movements.c.stock_item_id == _items.c.id,
            _movements.c.id >= bindparam("since"),
            _movements.c.kind == MovementKind.COMMIT.value,
        )
        .limit(MOVEMENTS_MAX)
        .lateral("recent")
    )
    return (
        select(_variants.c.listing_id, -func.sum(recent.c.on_hand_delta))
        .select_from(_variants.join(_items, _items.c.variant_id == _variants.c.id).join(recent, true()))
        .where(_variants.c.listing_id == func.any(bindparam("ids")))
        .group_by(_variants.c.listing_id)
    )


def _best_prices() -> Select[Any]:
    return (
        select(_listings.c.product_id, _listings.c.currency, func.min(_variants.c.price_minor))
        .select_from(
            _listings.join(_sellers, _sellers.c.id == _listings.c.seller_id).join(
                _variants, _variants.c.listing_id == _listings.c.id
            )
        )
        .where(_listings.c.product_id == func.any(bindparam("ids")), FOUND, _variants.c.active)
        .group_by(_listings.c.product_id, _listings.c.currency)
    )


_STATES = Query(_states(), _State)
_SOLD = Query(_sold(), _Sold)
_BEST_PRICES = Query(_best_prices(), _BestPrice)
_CATEGORIES = Query(
    select(_categories.c.path, _categories.c.name, _categories.c.attributes).where(
        _categories.c.path == func.any(bindparam("paths"))
    ),
    _CategoryView,
)


async def documents_by_ids(
    reads: Reads, ids: Sequence[UUID], *, now: datetime, as_of: datetime
) -> Mapping[UUID, SearchDocument]:
    """Documents of those listings that may be found, in four statements. What is missing is to be removed.

    `as_of` is a time of the database from before the first statement.
    """
    states = await reads.all(_STATES, ids=list(ids))
    if not states:
        return {}
    sold = {row.listing_id: row.units for row in await reads.all(_SOLD, ids=list(ids), since=_first_id_at(now))}
    products = list({state.product_id for state in states if state.product_id is not None})
    best = {(row.product_id, row.currency): row.price_minor for row in await reads.all(_BEST_PRICES, ids=products)}
    paths = sorted({path for state in states for path in ancestors(state.category_path)})
    categories = {view.path: view for view in await reads.all(_CATEGORIES, paths=paths)}
    return {
        state.listing_id: _document(
            state,
            categories=[categories[path] for path in ancestors(state.category_path) if path in categories],
            sold=sold.get(state.listing_id, 0),
            best_price_minor=best.get((state.product_id, state.currency)) if state.product_id else None,
            now=now,
            as_of=as_of,
        )
        for state in states
    }


def ancestors(path: str) -> list[str]:
    """`a/b/c` -> `a`, `a/b`, `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def _first_id_at(now: datetime) -> UUID:
    """The smallest id of movements that count: ids begin with their milliseconds."""
    since = now - timedelta(days=SOLD_DAYS)
    return UUID(int=int(since.timestamp() * 1000) << 80)


def _document(
    state: _State,
    *,
    categories: Sequence[_CategoryView],
    sold: int,
    best_price_minor: int | None,
    now: datetime,
    as_of: datetime,
) -> SearchDocument:
    stock_status = STOCK_RANKS[state.stock_rank]
    signals = signals_of(
        Facts(
            sold=sold,
            rating_millis=state.rating_millis,
            rating_count=state.rating_count,
            seller_rating_millis=state.seller_rating_millis,
            seller_rating_count=state.seller_rating_count,
            published_at=state.published_at,
            price_minor=state.price_min_minor,
            best_price_minor=best_price_minor,
            in_stock=stock_status is not StockStatus.OUT_OF_STOCK,
            restricted_seller=state.seller_status is SellerStatus.RESTRICTED,
        ),
        now,
    )
    attributes = _attributes(state)
    hidden = {entry["name"] for category in categories for entry in category.attributes if not entry.get("facet", True)}
    return SearchDocument(
        listing_id=state.listing_id,
        seller_id=state.seller_id,
        title=state.title,
        brand=state.brand,
        description=state.description,
        category_paths=tuple(category.path for category in categories),
        category_names=tuple(category.name for category in categories),
        condition=state.condition,
        currency=state.currency,
        price_min_minor=state.price_min_minor,
        price_max_minor=state.price_max_minor,
        stock_status=stock_status,
        rating_millis=state.rating_millis,
        rating_count=state.rating_count,
        popularity=min(sold, SOLD_MAX) * POPULARITY_PER_SALE + min(state.rating_count, SOLD_MAX),
        published_at=state.published_at,
        attributes=attributes,
        facets=tuple(
            (name, value)
            for name, value in attributes
            if name not in hidden and len(name) <= FACET_TEXT_MAX and len(value) <= FACET_TEXT_MAX
        ),
        signals=signals,
        quality=quality_of(signals),
        as_of=as_of,
        fulfilments=ways_of(state.fulfilment, state.pickup_too),
        latitude=state.latitude,
        longitude=state.longitude,
    )


def _attributes(state: _State) -> tuple[tuple[str, str], ...]:
    """The listing's attributes and the options of its variants, each pair once."""
    pairs = dict.fromkeys(
        (name, attribute_text(value))
        for values in (state.attributes, *state.options)
        for name, value in _flat(values)
        if value is not None and value != ""
    )
    return tuple(list(pairs)[:FACETS_PER_LISTING_MAX])


def _flat(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, list):
            yield from ((name, each) for each in value)
        else:
            yield name, value


def attribute_text(value: object) -> str:
    """How a value stands in filters and facets: `true`, `15.6`, `Red`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
