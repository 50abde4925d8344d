"""What a search may be narrowed by."""

import strawberry

import resolvers.catalog.enums  # noqa: F401  # describes the enums used here
from domain.catalog.model import Condition, Fulfilment
from domain.search.ports import SearchSort
from domain.search.searching import WITHIN_KM_MAX
from resolvers.shared.enums import expose
from resolvers.shared.scalars import CurrencyCode, MinorUnits

expose(
    SearchSort,
    "The order of a search's hits.",
    {
        SearchSort.RELEVANCE: "The best match first.",
        SearchSort.NEWEST: "The latest published first.",
        SearchSort.POPULARITY: "The most sold and reviewed first.",
        SearchSort.PRICE_ASC: "The cheapest first; of several currencies, one after the other.",
        SearchSort.PRICE_DESC: "The dearest first; of several currencies, one after the other.",
        SearchSort.RATING: "The best rated first.",
        SearchSort.DISTANCE: "The nearest first; only with `near`.",
    },
)


@strawberry.input(description="Bounds on a listing's lowest price, both included.")
class PriceFilterInput:
    min_minor: MinorUnits | None = strawberry.field(default=None, description="At least this, in minor units.")
    max_minor: MinorUnits | None = strawberry.field(default=None, description="At most this, in minor units.")


@strawberry.input(description="One of some values of an attribute.")
class AttributeFilterInput:
    name: str = strawberry.field(description="The attribute, as its facet names it.")
    values: list[str] = strawberry.field(description="One of these values, as its facet gives them.")


@strawberry.input(description="A circle around a place.")
class NearInput:
    latitude: float = strawberry.field(description="Degrees north, -90 to 90.")
    longitude: float = strawberry.field(description="Degrees east, -180 to 180.")
    within_km: float = strawberry.field(description=f"How far at most, 0.1 to {WITHIN_KM_MAX} km.")


@strawberry.input(description="What hits must have in common; everything that is given must hold.")
class SearchFilterInput:
    category_path: str | None = strawberry.field(
        default=strawberry.UNSET, description="In this category or below it, as `home/lamps`."
    )
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="Priced in this currency.")
    price: PriceFilterInput | None = strawberry.field(
        default=strawberry.UNSET, description="Bounds on the price; give the currency with them."
    )
    brands: list[str] = strawberry.field(default_factory=list, description="Of one of these brands.")
    conditions: list[Condition] = strawberry.field(default_factory=list, description="In one of these conditions.")
    fulfilments: list[Fulfilment] = strawberry.field(
        default_factory=list, description="To be had in one of these ways; `PICKUP` with `near`: what can be fetched."
    )
    attributes: list[AttributeFilterInput] = strawberry.field(
        default_factory=list, description="Each attribute once, with the values it may have."
    )
    seller_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Sold by this shop.")
    near: NearInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Not farther than this. Places are known to about a kilometre, and so are distances.",
    )
    in_stock_only: bool = strawberry.field(default=False, description="Only what can be had at present.")
