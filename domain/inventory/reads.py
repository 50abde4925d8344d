"""Stock as browsers and as sellers see it.

Browsers read the projection only: they never wait for a stock row that is being sold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.catalog.model import Listing, Variant
from domain.inventory.model import GENERAL_POOL, MovementKind, StockItem, StockMovement, StockStatus, VariantStock
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest

_shown = table(VariantStock)
_items = table(StockItem)
_movements = table(StockMovement)
_variants = table(Variant)
_listings = table(Listing)


@dataclass(frozen=True, slots=True)
class ShownStock:
    """`available` is exact below 100; 100 means 100 or more. `revision` grows with each change of the status."""

    variant_id: UUID
    status: StockStatus
    available: int
    revision: int


@dataclass(frozen=True, slots=True)
class SellerStock:
    """The numbers of one variant, for its owner. `stock_item_id` is None when it never had stock."""

    variant_id: UUID
    stock_item_id: UUID | None
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Movement:
    id: UUID
    kind: MovementKind
    on_hand_delta: int
    reserved_delta: int
    reason: str
    actor: str
    cause_id: UUID | None
    at: datetime


_SHOWN = Query(
    select(_shown.c.variant_id, _shown.c.status, _shown.c.available, _shown.c.revision).where(
        _shown.c.variant_id == func.any(bindparam("variant_ids"))
    ),
    ShownStock,
)
_SELLER_STOCK = Query(
    select(
        _variants.c.id,
        _items.c.id,
        func.coalesce(_items.c.on_hand, 0),
        func.coalesce(_items.c.reserved, 0),
    )
    .join(_listings, _listings.c.id == _variants.c.listing_id)
    .outerjoin(_items, (_items.c.variant_id == _variants.c.id) & (_items.c.pool == GENERAL_POOL))
    .where(_variants.c.id == func.any(bindparam("variant_ids")), _listings.c.seller_id == bindparam("seller_id")),
    SellerStock,
)


async def shown_stock_by_variant_ids(reads: Reads, variant_ids: Sequence[UUID]) -> Mapping[UUID, ShownStock]:
    """A variant that never had stock is left out: it is out of stock."""
    return {each.variant_id: each for each in await reads.all(_SHOWN, variant_ids=list(variant_ids))}


async def stock_of_seller(reads: Reads, variant_ids: Sequence[UUID], seller_id: UUID) -> Mapping[UUID, SellerStock]:
    """Those of the variants that are the seller's."""
    found = await reads.all(_SELLER_STOCK, variant_ids=list(variant_ids), seller_id=seller_id)
    return {each.variant_id: each for each in found}


def movements_keyset(stock_item_id: UUID) -> Keyset:
    """Newest first."""
    return Keyset.of("newest", stock_item_id)


@cache
def _movements_query(keyed: bool, backwards: bool) -> Query[Movement]:
    statement = select(
        _movements.c.id,
        _movements.c.kind,
        _movements.c.on_hand_delta,
        _movements.c.reserved_delta,
        _movements.c.reason,
        _movements.c.actor,
        _movements.c.cause_id,
        _movements.c.at,
    ).where(_movements.c.stock_item_id == bindparam("stock_item_id"))
    if keyed:
        after = bindparam("after", type_=_movements.c.id.type)
        statement = statement.where(_movements.c.id > after if backwards else _movements.c.id < after)
    order = _movements.c.id if backwards else _movements.c.id.desc()
    return Query(statement.order_by(order).limit(bindparam("limit")), Movement)


_MOVEMENT_COUNT = select(func.count()).select_from(
    select(_movements.c.id)
    .where(_movements.c.stock_item_id == bindparam("stock_item_id"))
    .limit(COUNT_MAX + 1)
    .subquery()
)


async def movements_page(reads: Reads, stock_item_id: UUID, request: PageRequest) -> Page[Movement]:
    """The audit trail of a stock item, newest first."""
    parameters: dict[str, object] = {"stock_item_id": stock_item_id, "limit": request.first + 1}
    if request.key is not None:
        parameters["after"] = request.key_id()
    query = _movements_query(request.key is not None, request.backwards)
    return movements_keyset(stock_item_id).page(request, await reads.all(query, **parameters), lambda row: (row.id,))


async def count_movements(reads: Reads, stock_item_id: UUID) -> int:
    """Counts up to COUNT_MAX + 1."""
    found: int = await reads.scalar(_MOVEMENT_COUNT, stock_item_id=stock_item_id)
    return found
