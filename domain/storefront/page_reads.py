"""The page of one listing: what it is, its forms with prices and stock, and what sending it costs, in three reads.

Invariant: it shows what everybody may see, and no stock row is touched: browsing reads the projection.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.catalog.model import Fulfilment, Listing, SaleMode, Variant
from domain.inventory.model import StockStatus, VariantStock
from domain.pricing.ports import EVERYWHERE, Rate, ShippingRates
from domain.sellers.model import Seller
from domain.shared.database import Query, Reads, table
from domain.storefront.card_reads import ListingCard, cards_by_ids

_listings, _variants, _stocks, _sellers = table(Listing), table(Variant), table(VariantStock), table(Seller)


@dataclass(frozen=True, slots=True)
class ListingDetails:
    """What a page tells beyond the card."""

    listing_id: UUID
    description: str
    attributes: dict[str, Any]
    sale_mode: SaleMode
    handling_days: int
    returns_days: int
    policy: str


@dataclass(frozen=True, slots=True)
class VariantOffer:
    """One form with its price and what browsers see of its stock."""

    id: UUID
    listing_id: UUID
    sku: str
    title: str
    options: dict[str, str]
    price_minor: int
    stock_status: StockStatus
    available: int


@dataclass(frozen=True, slots=True)
class ShippingEstimate:
    """The cheapest way of sending one unit to a country. `estimated`: from rates that may be out of date."""

    country: str
    name: str
    price_minor: int
    currency: str
    days_min: int
    days_max: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class ListingPage:
    """`shipping` is None where no country was named, nothing is sent by parcel, or the seller does not send there."""

    card: ListingCard
    details: ListingDetails
    variants: tuple[VariantOffer, ...]
    shipping: ShippingEstimate | None


_DETAILS = Query(
    select(
        _listings.c.id,
        _listings.c.description,
        _listings.c.attributes,
        _listings.c.sale_mode,
        _sellers.c.handling_days,
        _sellers.c.returns_days,
        _sellers.c.policy,
    )
    .select_from(_listings.join(_sellers, _sellers.c.id == _listings.c.seller_id))
    .where(_listings.c.id == bindparam("id")),
    ListingDetails,
)
_VARIANTS = Query(
    select(
        _variants.c.id,
        _variants.c.listing_id,
        _variants.c.sku,
        _variants.c.title,
        _variants.c.options,
        _variants.c.price_minor,
        func.coalesce(_stocks.c.status, StockStatus.OUT_OF_STOCK.value),
        func.coalesce(_stocks.c.available, 0),
    )
    .select_from(_variants.outerjoin(_stocks, _stocks.c.variant_id == _variants.c.id))
    .where(_variants.c.listing_id == bindparam("id"), _variants.c.active)
    .order_by(_variants.c.position, _variants.c.id),
    VariantOffer,
)


async def listing_page(
    reads: Reads, listing_id: UUID, *, country: str | None, rates: ShippingRates
) -> ListingPage | None:
    """None when there is no such listing that everybody may see."""
    card = (await cards_by_ids(reads, [listing_id])).get(listing_id)
    if card is None:
        return None
    details = await reads.first(_DETAILS, id=listing_id)
    assert details is not None, "a listing that was published is never deleted"
    variants = await reads.all(_VARIANTS, id=listing_id)
    shipping = None
    if country is not None:
        shipping = await shipping_estimate(card, country, rates=rates)
    return ListingPage(card, details, tuple(variants), shipping)


async def shipping_estimate(card: ListingCard, country: str, *, rates: ShippingRates) -> ShippingEstimate | None:
    """For one unit at the lowest price; None when it goes by no parcel, or not there."""
    if card.fulfilment is not Fulfilment.SHIP:
        return None
    found = await rates.of_sellers([card.seller_id])
    known = [rate for rate in found.by_seller.get(card.seller_id, ()) if rate.currency == card.currency]
    fitting = [rate for rate in known if rate.country == country] or [
        rate for rate in known if rate.country == EVERYWHERE
    ]
    if not fitting:
        return None
    best = min(fitting, key=lambda rate: (_price(rate, card), rate.days_max, rate.id))
    return ShippingEstimate(
        country=country,
        name=best.name,
        price_minor=_price(best, card),
        currency=best.currency,
        days_min=best.days_min,
        days_max=best.days_max,
        estimated=found.estimated,
    )


def _price(rate: Rate, card: ListingCard) -> int:
    free = rate.free_over_minor is not None and card.price_min_minor >= rate.free_over_minor
    return 0 if free else rate.base_minor
