"""Offers compared: what each costs delivered to one place, how long it takes, and how the buy box sees it.

Invariant: an offer's landed price is the total that a quote of one unit to the same country has at the same moment:
both are made of the same rates, taxes and arithmetic.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from domain.catalog.model import Condition, Fulfilment, SaleMode
from domain.inventory.model import StockStatus
from domain.offers.buy_box import BuyBox, OfferFacts, Reason, Standing, decide
from domain.offers.reads import Candidate
from domain.pricing import amounts
from domain.pricing.errors import AmountTooLarge
from domain.pricing.ports import Rate, RatesFound, ShippingRates, TaxesFound, TaxRate, TaxRules
from domain.sellers.model import SellerStatus
from domain.shared.paging import CursorMismatch, Keyset, KeyValue, Page, PageRequest


class OfferSort(StrEnum):
    BEST = "best"
    PRICE = "price"
    DELIVERY = "delivery"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Of one unit. `name` is the seller's word for the parcel, empty where nothing is sent; tax is in the price.

    The days count from the payment: the seller's handling time, then the way.
    """

    name: str
    price_minor: int
    days_min: int
    days_max: int


@dataclass(frozen=True, slots=True)
class Offer:
    """`delivery` and `landed_minor` are None where the seller does not send to `country`, or may, but nobody knows.

    `item_minor` is what one costs with the tax of that country, of which `tax_minor` is part; `tax_included` tells
    whether the listed price contained it. `estimated`: from rates that may be out of date.
    """

    candidate: Candidate
    country: str
    item_minor: int
    tax_minor: int
    tax_included: bool
    delivery: Delivery | None
    landed_minor: int | None
    estimated: bool
    standing: Standing


@dataclass(frozen=True, slots=True)
class Terms:
    """What a price depends on besides itself: where it goes, and what delivery and tax cost there.

    `rates` None: they are not known at the moment.
    """

    country: str
    rates: Sequence[Rate] | None
    item_tax: TaxRate | None
    delivery_tax: TaxRate | None
    estimated: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All offers of one product, the best first, and the box over them. `country` None: each seller's own."""

    offers: tuple[Offer, ...]
    box: BuyBox
    facts: tuple[OfferFacts, ...]
    terms: Mapping[UUID, Terms]


async def compare(
    candidates: Sequence[Candidate],
    *,
    country: str | None,
    condition: Condition | None = None,
    currency: str | None = None,
    fulfilment: Fulfilment | None = None,
    shipping: ShippingRates,
    tax: TaxRules,
) -> Comparison:
    """Two look-ups whatever the number of offers. Without a country each is sent within its seller's own.

    With a `fulfilment` only what can be had so, and compared as if the buyer had chosen it: what could be sent but is
    fetched has no parcel in its landed price.
    """
    wanted = [each for each in candidates if condition is None or each.condition is condition]
    if fulfilment is not None:
        wanted = [replace(each, fulfilment=fulfilment) for each in wanted if fulfilment in each.fulfilments]
    senders = sorted({each.seller_id for each in wanted if each.fulfilment is Fulfilment.SHIP})
    countries = sorted({country or each.seller_country for each in wanted})
    rates, taxes = await asyncio.gather(_rates(shipping, senders), _taxes(tax, countries))
    terms = {each.listing_id: _terms(each, country or each.seller_country, rates, taxes) for each in wanted}
    priced = [_price(each, terms[each.listing_id]) for each in wanted]
    facts = tuple(_facts(each) for each in priced)
    box = decide(facts, currency=currency)
    offers = sorted(
        (_with_standing(each, box.standings[each.candidate.listing_id]) for each in priced),
        key=lambda offer: offer.standing.place,
    )
    return Comparison(tuple(offers), box, facts, terms)


def offers_keyset(
    product_id: UUID,
    sort: OfferSort,
    country: str | None,
    condition: Condition | None,
    currency: str | None,
    fulfilment: Fulfilment | None = None,
) -> Keyset:
    chosen = [each.value if each else None for each in (condition, fulfilment)]
    return Keyset.of(f"offers:{sort.value}", product_id.hex, country, currency, *chosen)


def page_of(offers: Sequence[Offer], sort: OfferSort, keyset: Keyset, request: PageRequest) -> Page[Offer]:
    """Pages go on after a place, so offers that come and go do not shift the others. Raises CursorMismatch."""
    key = _SORTS[sort]
    ordered = sorted(offers, key=key, reverse=request.backwards)
    if request.key is not None:
        try:
            ordered = [
                each for each in ordered if (key(each) < request.key if request.backwards else key(each) > request.key)
            ]
        except TypeError as fault:
            raise CursorMismatch() from fault
    return keyset.page(request, ordered[: request.first + 1], key)


def landed_price(price_minor: int, terms: Terms) -> int:
    """What one unit would cost delivered at an item price. Only where there are rates, or nothing is sent."""
    item = amounts.line_amounts(price_minor, terms.item_tax).gross_minor
    rate = _cheapest(terms.rates or (), price_minor)
    return item if rate is None else amounts.total((item, _delivered(rate, price_minor, terms)))


def _sort_of(value: Callable[[Offer], int | None]) -> Callable[[Offer], tuple[KeyValue, ...]]:
    """By currency, then by the value, what has none last, then by the listing's id."""

    def key(offer: Offer) -> tuple[KeyValue, ...]:
        found = value(offer)
        return (offer.candidate.currency, found is None, found or 0, offer.candidate.listing_id.hex)

    return key


_SORTS: Mapping[OfferSort, Callable[[Offer], tuple[KeyValue, ...]]] = {
    OfferSort.BEST: lambda offer: offer.standing.place,
    OfferSort.PRICE: _sort_of(lambda offer: offer.landed_minor),
    OfferSort.DELIVERY: _sort_of(lambda offer: offer.delivery.days_max if offer.delivery else None),
    OfferSort.RATING: _sort_of(lambda offer: _negative(offer.candidate.seller_rating_millis)),
}


def _negative(value: int | None) -> int | None:
    return None if value is None else -value


async def _rates(shipping: ShippingRates, senders: Sequence[UUID]) -> RatesFound:
    return await shipping.of_sellers(senders) if senders else RatesFound({})


async def _taxes(tax: TaxRules, countries: Sequence[str]) -> Mapping[str, TaxesFound]:
    return await tax.of_countries(countries) if countries else {}


def _terms(candidate: Candidate, country: str, rates: RatesFound, taxes: Mapping[str, TaxesFound]) -> Terms:
    found = taxes[country]
    sent = candidate.fulfilment is Fulfilment.SHIP
    known = rates.by_seller.get(candidate.seller_id) if sent else ()
    return Terms(
        country=country,
        rates=None if known is None else amounts.rates_for(known, country, candidate.currency),
        item_tax=amounts.tax_rate_for(found.rates, candidate.category_path),
        delivery_tax=amounts.tax_rate_for(found.rates, None),
        estimated=found.estimated or (sent and rates.estimated),
    )


@dataclass(frozen=True, slots=True)
class _Priced:
    candidate: Candidate
    terms: Terms
    item: amounts.LineAmounts
    delivery: Delivery | None
    landed_minor: int | None


def _price(candidate: Candidate, terms: Terms) -> _Priced:
    item = amounts.line_amounts(candidate.price_minor, None)
    try:
        item = amounts.line_amounts(candidate.price_minor, terms.item_tax)
        delivery = _delivery(candidate, terms)
        landed = amounts.total((item.gross_minor, delivery.price_minor)) if delivery is not None else None
    except AmountTooLarge:
        # More than an amount can be is not for sale: a quote refuses it as well.
        delivery, landed = None, None
    return _Priced(candidate, terms, item, delivery, landed)


def _delivery(candidate: Candidate, terms: Terms) -> Delivery | None:
    days = candidate.handling_days
    if candidate.fulfilment is not Fulfilment.SHIP:
        return Delivery("", 0, 0 if candidate.fulfilment is Fulfilment.DIGITAL else days, days)
    rate = _cheapest(terms.rates or (), candidate.price_minor)
    if rate is None:
        return None
    price_minor = _delivered(rate, candidate.price_minor, terms)
    return Delivery(rate.name, price_minor, days + rate.days_min, days + rate.days_max)


def _cheapest(rates: Sequence[Rate], price_minor: int) -> Rate | None:
    """As a quote chooses for who has not chosen: of equal ones the first."""
    return min(rates, key=lambda rate: amounts.delivery_amount(rate, 1, price_minor), default=None)


def _delivered(rate: Rate, price_minor: int, terms: Terms) -> int:
    return amounts.line_amounts(amounts.delivery_amount(rate, 1, price_minor), terms.delivery_tax).gross_minor


def _facts(priced: _Priced) -> OfferFacts:
    candidate = priced.candidate
    return OfferFacts(
        offer_id=candidate.listing_id,
        currency=candidate.currency,
        condition=candidate.condition,
        landed_minor=priced.landed_minor if priced.landed_minor is not None else priced.item.gross_minor,
        days_max=priced.delivery.days_max if priced.delivery is not None else candidate.handling_days,
        rating_millis=candidate.seller_rating_millis,
        rating_count=candidate.seller_rating_count,
        stock=candidate.stock_status,
        listed_at=candidate.listed_at,
        obstacles=tuple(reason for reason, stands in _obstacles(priced).items() if stands),
    )


def _obstacles(priced: _Priced) -> Mapping[Reason, bool]:
    candidate = priced.candidate
    return {
        Reason.OUT_OF_STOCK: candidate.stock_status is StockStatus.OUT_OF_STOCK,
        Reason.SELLER_RESTRICTED: candidate.seller_status is not SellerStatus.ACTIVE,
        Reason.SELLER_NOT_PAYABLE: not candidate.charges_enabled,
        Reason.COLLECTED: candidate.fulfilment in (Fulfilment.PICKUP, Fulfilment.ON_SITE),
        Reason.NOT_AT_ONCE: candidate.sale_mode is not SaleMode.PURCHASE,
        Reason.NOT_DELIVERED: priced.landed_minor is None,
    }


def _with_standing(priced: _Priced, standing: Standing) -> Offer:
    tax = priced.terms.item_tax
    return Offer(
        candidate=priced.candidate,
        country=priced.terms.country,
        item_minor=priced.item.gross_minor,
        tax_minor=priced.item.tax_minor,
        tax_included=tax is None or tax.included,
        delivery=priced.delivery,
        landed_minor=priced.landed_minor,
        estimated=priced.terms.estimated,
        standing=standing,
    )
