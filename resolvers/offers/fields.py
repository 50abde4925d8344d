"""What products and listings tell of offers: fields that the catalog's types take over.

Invariant: whatever the number of sellers, the offers of a product cost at most four statements: the viewer's country,
the candidates, and what delivery and tax cost.
"""

import re
from typing import Annotated, Any, Final
from uuid import UUID

import strawberry

from domain.catalog.model import Condition, Fulfilment
from domain.offers.comparing import Comparison, OfferSort, compare, offers_keyset, page_of
from domain.offers.reads import candidates_by_product_ids
from domain.offers.standing import OfferStanding as StandingView
from domain.offers.standing import standing_of
from domain.sellers.reads import shops_by_ids
from domain.shared.actor import Role
from domain.shared.errors import InvalidInput
from domain.users.reads import home_countries_by_user_ids
from resolvers.context import Info
from resolvers.offers.types import BuyBox, Offer, OfferStanding
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import APART, paged
from resolvers.shared.permission import AccessLevel, query
from resolvers.shared.scalars import CurrencyCode

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

ShipTo = Annotated[
    str | None,
    strawberry.argument(
        description="Where it shall go, ISO 3166-1 alpha-2; by default the country of the viewer's default address, "
        "else each shop's own."
    ),
]
OwnShipTo = Annotated[
    str | None,
    strawberry.argument(description="Where everything shall go, ISO 3166-1 alpha-2; by default the shop's country."),
]
OfCondition = Annotated[Condition | None, strawberry.argument(description="Only offers in this condition.")]
InCurrency = Annotated[
    CurrencyCode | None,
    strawberry.argument(description="The currency in which the buy box compares; by default that of most offers."),
]
HadAs = Annotated[
    Fulfilment | None,
    strawberry.argument(
        description="Only what can be had so, at what it costs then: with `PICKUP` no parcel is in the price."
    ),
]
SortBy = Annotated[OfferSort, strawberry.argument(description="The order of the offers.")]


@strawberry.type
class ProductOffers:
    """Fields of a product."""

    @query(
        AccessLevel.PUBLIC, "What shops ask for it, delivered; at most 500 are compared.", size=paged(20), cost=APART
    )
    async def offers(
        self: Any,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        sort: SortBy = OfferSort.BEST,
        condition: OfCondition = None,
        ship_to: ShipTo = None,
        currency: InCurrency = None,
        fulfilment: HadAs = None,
    ) -> Connection[Offer]:
        product_id: UUID = self.view.id
        country = await _destination(info, ship_to)
        keyset = offers_keyset(product_id, sort, country, condition, currency, fulfilment)
        request = keyset.request(first, after, last, before)
        found = await compared(
            info, product_id, country=country, condition=condition, currency=currency, fulfilment=fulfilment
        )
        page = page_of(found.offers, sort, keyset, request)

        async def count() -> int:
            return len(found.offers)

        return connection(page, lambda offer: Offer.of(offer, info.context.actor), count)

    @query(AccessLevel.PUBLIC, "The offer to show first, and why it is that one.")
    async def buy_box(
        self: Any, info: Info, condition: OfCondition = None, ship_to: ShipTo = None, currency: InCurrency = None
    ) -> BuyBox:
        country = await _destination(info, ship_to)
        found = await compared(info, self.view.id, country=country, condition=condition, currency=currency)
        return BuyBox.of(found, info.context.actor)


@strawberry.type
class ListingStanding:
    """A field of a listing."""

    @query(
        AccessLevel.PUBLIC,
        "How it stands among the offers of its product; null for other shops, and without a product.",
    )
    async def buy_box(self: Any, info: Info, ship_to: OwnShipTo = None) -> OfferStanding | None:
        actor, listing = info.context.actor, self.view
        if actor.seller_id != listing.seller_id and Role.ADMIN not in actor.roles:
            return None
        return await own_standing(
            info, listing.id, listing.product_id, seller_id=listing.seller_id, currency=listing.currency, to=ship_to
        )


async def own_standing(
    info: Info, listing_id: UUID, product_id: UUID | None, *, seller_id: UUID, currency: str, to: str | None
) -> OfferStanding | None:
    """For those who may know: the caller has checked."""
    if product_id is None:
        return None
    country = _checked(to)
    if country is None:
        shop = await info.context.loaders.load(shops_by_ids, seller_id)
        assert shop is not None, "a listing's shop is never deleted"
        country = shop.country
    found = await compared(info, product_id, country=country)
    view: StandingView = standing_of(found, listing_id, product_id=product_id, country=country, currency=currency)
    return OfferStanding.of(view)


async def compared(
    info: Info,
    product_id: UUID,
    *,
    country: str | None,
    condition: Condition | None = None,
    currency: str | None = None,
    fulfilment: Fulfilment | None = None,
) -> Comparison:
    if currency is not None and not _CURRENCY.fullmatch(currency):
        raise InvalidInput.at("currency", "INVALID", "A currency is three capital letters, as EUR.")
    ports = info.context.ports
    candidates = await info.context.loaders.load(candidates_by_product_ids, product_id)
    return await compare(
        candidates or (),
        country=country,
        condition=condition,
        currency=currency,
        fulfilment=fulfilment,
        shipping=ports.shipping_rates,
        tax=ports.tax_rules,
    )


async def _destination(info: Info, ship_to: str | None) -> str | None:
    """The country asked for, else that of the viewer's default address; None: each shop's own."""
    user_id = info.context.actor.user_id
    if ship_to is not None or user_id is None:
        return _checked(ship_to)
    return await info.context.loaders.load(home_countries_by_user_ids, user_id)


def _checked(country: str | None) -> str | None:
    if country is not None and not _COUNTRY.fullmatch(country):
        raise InvalidInput.at("shipTo", "INVALID", "A country is two capital letters, as DE.")
    return country
