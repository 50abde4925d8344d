"""Offers as candidates: what sellers ask for a product, read in one statement however many products and sellers.

Invariant: only what everybody may see is read. Of a listing with several variants the cheapest that can be had counts,
because that is the one a buyer who compares would take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, case, exists, func, select, true

from domain.catalog.model import Category, Condition, Fulfilment, Listing, SaleMode, Variant, ways_of
from domain.inventory.model import StockStatus, VariantStock
from domain.search.documents import FOUND
from domain.sellers.model import PaymentAccount, Seller, SellerStatus
from domain.shared.database import Query, Reads, table

CANDIDATES_MAX: Final = 500
"""Offers of one product that are compared: those with the lowest prices, what is out of stock after the others."""

_listings, _variants, _sellers = table(Listing), table(Variant), table(Seller)
_stocks, _categories, _accounts = table(VariantStock), table(Category), table(PaymentAccount)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listing of a product with its best variant. `listed_at`: since when it is on sale."""

    product_id: UUID
    listing_id: UUID
    variant_id: UUID
    title: str
    variant_title: str
    condition: Condition
    fulfilment: Fulfilment
    sale_mode: SaleMode
    category_path: str
    currency: str
    price_minor: int
    stock_status: StockStatus
    rating_millis: int | None
    rating_count: int
    listed_at: datetime
    seller_id: UUID
    seller_name: str
    seller_slug: str
    seller_status: SellerStatus
    seller_country: str
    handling_days: int
    seller_rating_millis: int | None
    seller_rating_count: int
    charges_enabled: bool
    pickup_too: bool

    @property
    def fulfilments(self) -> tuple[Fulfilment, ...]:
        """The ways that a buyer may choose from; `fulfilment` is the one that is compared."""
        return ways_of(Fulfilment.SHIP, True) if self.pickup_too else (self.fulfilment,)


def _candidates() -> Select[Any]:
    wanted = func.unnest(bindparam("product_ids", type_=ARRAY(Uuid()))).table_valued("id").render_derived("wanted")
    status = func.coalesce(_stocks.c.status, StockStatus.OUT_OF_STOCK.value)
    best = (
        select(
            _variants.c.id,
            _variants.c.title,
            _variants.c.price_minor,
            status.label("stock_status"),
        )
        .select_from(_variants.outerjoin(_stocks, _stocks.c.variant_id == _variants.c.id))
        .where(_variants.c.listing_id == _listings.c.id, _variants.c.active)
        .order_by(
            case((status == StockStatus.OUT_OF_STOCK.value, 1), else_=0),
            _variants.c.price_minor,
            _variants.c.position,
            _variants.c.id,
        )
        .limit(1)
        .lateral("best")
    )
    offered = (
        select(
            _listings.c.product_id,
            _listings.c.id.label("listing_id"),
            best.c.id.label("variant_id"),
            _listings.c.title,
            best.c.title.label("variant_title"),
            _listings.c.condition,
            _listings.c.fulfilment,
            _listings.c.sale_mode,
            _categories.c.path,
            _listings.c.currency,
            best.c.price_minor,
            best.c.stock_status,
            _listings.c.rating_millis,
            _listings.c.rating_count,
            func.coalesce(_listings.c.published_at, _listings.c.created_at).label("listed_at"),
            _sellers.c.id.label("seller_id"),
            _sellers.c.name,
            _sellers.c.slug,
            _sellers.c.status.label("seller_status"),
            _sellers.c.country,
            _sellers.c.handling_days,
            _sellers.c.rating_millis.label("seller_rating_millis"),
            _sellers.c.rating_count.label("seller_rating_count"),
            exists()
            .where(_accounts.c.seller_id == _sellers.c.id, _accounts.c.charges_enabled)
            .label("charges_enabled"),
            _listings.c.pickup_too,
        )
        .select_from(
            _listings.join(_sellers, _sellers.c.id == _listings.c.seller_id)
            .join(_categories, _categories.c.id == _listings.c.category_id)
            .join(best, true())
        )
        .where(_listings.c.product_id == wanted.c.id, FOUND)
        .order_by(
            case((best.c.stock_status == StockStatus.OUT_OF_STOCK.value, 1), else_=0),
            best.c.price_minor,
            _listings.c.id,
        )
        .limit(CANDIDATES_MAX)
        .lateral("offered")
    )
    return select(*offered.c).select_from(wanted.join(offered, true()))


_CANDIDATES = Query(_candidates(), Candidate)


async def candidates_by_product_ids(reads: Reads, product_ids: Sequence[UUID]) -> Mapping[UUID, list[Candidate]]:
    """The offers of each product that everybody may see; at most CANDIDATES_MAX each."""
    found: dict[UUID, list[Candidate]] = {product_id: [] for product_id in product_ids}
    for each in await reads.all(_CANDIDATES, product_ids=list(found)):
        found[each.product_id].append(each)
    return found
