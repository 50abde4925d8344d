"""Past sales of demo listings: who bought what, when, and for how much; the quote is made by pricing itself.

Invariant: a sale is over at `as_of`: delivered, completed, its money released. So nothing of it is ever asked of a
payment provider, which does not know it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from app.demo.ids import demo_id, draws, timed_id
from app.demo.listings import DemoListing, DemoVariant
from app.demo.people import BUYERS, address_of, handling_days, rates_of
from app.demo.rules import tax_rates
from domain.catalog.model import Fulfilment, ListingStatus, SaleMode, Visibility
from domain.pricing.amounts import rates_for, tax_rate_for
from domain.pricing.assembling import Chosen, Part, assemble
from domain.pricing.quote import Quote, SellerQuote
from domain.pricing.reads import Sellable
from domain.sellers.model import SellerStatus

COMMISSION_PPM: Final = 150_000
DENSE_LISTINGS: Final = 20_000
"""Up to here a listing sold once on average, beyond it every tenth of them."""
SALES_MAX: Final = 25
OVER_DAYS: Final = 35
"""Longest way from the order to its completion: handling, transit, fourteen days."""
COMPLETION: Final = timedelta(days=14)
_QUANTITIES: Final = (1, 1, 1, 1, 2, 3)


@dataclass(frozen=True)
class DemoSale:
    """One checkout with one order of one line. `confirmed`: the buyer said that it arrived."""

    number: int
    listing: DemoListing
    variant: DemoVariant
    quantity: int
    buyer_number: int
    placed_at: datetime
    shipped_at: datetime
    delivered_at: datetime
    completed_at: datetime
    confirmed: bool
    quote: Quote

    @cached_property
    def order_id(self) -> UUID:
        return self.id("order")

    @cached_property
    def checkout_id(self) -> UUID:
        return self.id("checkout")

    @cached_property
    def payment_id(self) -> UUID:
        return self.id("payment")

    @cached_property
    def buyer_id(self) -> UUID:
        return demo_id("buyer", self.buyer_number)

    @property
    def seller_quote(self) -> SellerQuote:
        return self.quote.sellers[0]

    @property
    def paid_at(self) -> datetime:
        return self.placed_at + timedelta(seconds=4)

    def id(self, kind: str, part: int = 0, at: datetime | None = None) -> UUID:
        """The id of something that the sale brought along; `at` when it was not at once."""
        return timed_id(at or self.placed_at, kind, self.number, part)


def sales_of(listing: DemoListing, as_of: datetime) -> Iterator[DemoSale]:
    """The oldest first. Most things sell little, a few sell much."""
    draw = draws("sales", listing.number)
    count = min(int(draw.paretovariate(1.5)) - 1, SALES_MAX)
    rare = listing.number >= DENSE_LISTINGS and draw.random() > 0.1
    span = (as_of - timedelta(days=OVER_DAYS)) - listing.published_at
    # One of a kind: what was used is here, or gone.
    if rare or span <= timedelta() or listing.is_second_hand:
        return
    moments = sorted(listing.published_at + span * draw.random() for _ in range(count))
    for place, placed_at in enumerate(moments):
        yield _sale(listing, listing.number * 100 + place, placed_at, draw)


def _sale(listing: DemoListing, number: int, placed_at: datetime, draw: random.Random) -> DemoSale:
    variant, quantity = draw.choice(listing.variants), draw.choice(_QUANTITIES)
    buyer_number = draw.randrange(1, BUYERS + 1)
    quote = _quote(listing, variant, quantity, str(address_of(buyer_number)["country"]))
    shipped_at = placed_at + timedelta(days=handling_days(listing.shop) * (0.2 + 0.7 * draw.random()))
    delivered_at = shipped_at + timedelta(days=quote.sellers[0].transit_days * (0.4 + 0.6 * draw.random()))
    confirmed = draw.random() < 0.6
    return DemoSale(
        number=number,
        listing=listing,
        variant=variant,
        quantity=quantity,
        buyer_number=buyer_number,
        placed_at=placed_at,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        completed_at=delivered_at + (timedelta(days=3 * draw.random()) if confirmed else COMPLETION),
        confirmed=confirmed,
        quote=quote,
    )


def _quote(listing: DemoListing, variant: DemoVariant, quantity: int, country: str) -> Quote:
    shop, taxes = listing.shop, tax_rates(country)
    sellable = Sellable(
        variant_id=variant.id,
        listing_id=listing.id,
        seller_id=shop.id,
        title=listing.title,
        variant_title=variant.title,
        price_minor=variant.price_minor,
        currency=shop.currency,
        active=True,
        listing_status=ListingStatus.ACTIVE,
        visibility=Visibility.PUBLIC,
        sale_mode=SaleMode.PURCHASE,
        fulfilment=Fulfilment.SHIP,
        category_path=listing.product.leaf.path,
        seller_status=SellerStatus.ACTIVE,
        seller_commission_ppm=None,
        handling_days=handling_days(shop),
        charges_enabled=True,
        available=quantity,
        seller_country=shop.country,
    )
    chosen = Chosen(sellable, quantity, tax_rate_for(taxes, listing.product.leaf.path), COMMISSION_PPM)
    rate = rates_for(rates_of(shop), country, shop.currency)[0]
    return assemble([Part((chosen,), rate)], country=country, shipping_tax=tax_rate_for(taxes, None), estimated=False)
