"""What sending a listing costs, as its page tells it before anything is in a cart.

Invariant: it is an estimate for those who look; what is charged is quoted.
"""

from dataclasses import dataclass

from domain.catalog.model import Fulfilment
from domain.pricing.ports import EVERYWHERE, Rate, ShippingRates
from domain.storefront.card_reads import ListingCard


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
