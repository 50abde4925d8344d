"""Searching as a use case: a wish that cannot be malformed, and cursors that belong to exactly it."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from domain.catalog.model import Condition, Fulfilment
from domain.catalog.places import Latitude, Longitude
from domain.search.ports import (
    DEPTH_MAX,
    AttributeFilter,
    Near,
    PriceRange,
    SearchQuery,
    SearchSort,
)
from domain.shared.commands import command
from domain.shared.errors import InvalidInput
from domain.shared.ids import SellerId
from domain.shared.money import AmountMinor, Currency
from domain.shared.paging import PAGE_MAX, Keyset, PageOutOfRange

SUGGESTIONS_MAX: Final = 20
WITHIN_KM_MAX: Final = 20_100
"""Half around the earth: everywhere."""

SearchText = Annotated[str, StringConstraints(max_length=10_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$", strip_whitespace=False)]
Words = Annotated[tuple[Word, ...], Field(min_length=1, max_length=50)]


@command
class WantedAttribute:
    name: Word
    values: Words


@command
class WantedPrice:
    min_minor: AmountMinor | None = None
    max_minor: AmountMinor | None = None


@command
class WantedNear:
    latitude: Latitude
    longitude: Longitude
    within_km: Annotated[float, Field(ge=0.1, le=WITHIN_KM_MAX, allow_inf_nan=False)]


@command
class SearchListings:
    """`page` counts from 1 and excludes `after`; it reaches DEPTH_MAX hits."""

    text: SearchText = ""
    category_path: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]+$")] | None = None
    currency: Currency | None = None
    price: WantedPrice | None = None
    brands: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    conditions: Annotated[tuple[Condition, ...], Field(max_length=len(Condition))] = ()
    fulfilments: Annotated[tuple[Fulfilment, ...], Field(max_length=len(Fulfilment))] = ()
    attributes: Annotated[tuple[WantedAttribute, ...], Field(max_length=20)] = ()
    seller_id: SellerId | None = None
    in_stock_only: bool = False
    near: WantedNear | None = None
    sort: SearchSort = SearchSort.RELEVANCE
    first: int = 20
    after: str | None = None
    page: int | None = None


def query_of(command: SearchListings) -> SearchQuery:
    """Raises CursorMismatch, PageOutOfRange, or InvalidInput for a price range that is none."""
    price = command.price
    if price is not None and (price.min_minor or 0) > (price.max_minor if price.max_minor is not None else 2**63):
        raise InvalidInput.at("filter.price", "OUT_OF_RANGE", "The lowest price is above the highest.")
    if len({each.name for each in command.attributes}) < len(command.attributes):
        raise InvalidInput.at("filter.attributes", "REPEATED", "An attribute is named twice; give its values together.")
    near = command.near
    if command.sort is SearchSort.DISTANCE and near is None:
        raise InvalidInput.at("sort", "NEAR_REQUIRED", "Distances are counted from a place: give `near`.")
    if not 1 <= command.first <= PAGE_MAX or (command.page is not None and command.after is not None):
        raise PageOutOfRange()
    if command.page is not None and not 1 <= command.page <= DEPTH_MAX // command.first:
        raise PageOutOfRange()
    keyset = keyset_of(command)
    return SearchQuery(
        text=command.text,
        category_path=command.category_path,
        currency=command.currency,
        price=PriceRange(price.min_minor, price.max_minor) if price is not None else None,
        brands=command.brands,
        conditions=command.conditions,
        fulfilments=command.fulfilments,
        attributes=tuple(AttributeFilter(each.name, each.values) for each in command.attributes),
        seller_id=command.seller_id,
        in_stock_only=command.in_stock_only,
        near=Near(near.latitude, near.longitude, round(near.within_km * 1_000)) if near is not None else None,
        sort=command.sort,
        first=command.first,
        after=keyset.decode(command.after) if command.after is not None else None,
        page=command.page,
    )


def keyset_of(command: SearchListings) -> Keyset:
    """The list that a command's cursors belong to: everything but how much of it is asked for."""
    return Keyset.of(
        f"search:{command.sort.value}",
        command.text,
        command.category_path,
        command.currency,
        command.price,
        command.brands,
        [condition.value for condition in command.conditions],
        [fulfilment.value for fulfilment in command.fulfilments],
        command.attributes,
        command.seller_id.hex if command.seller_id is not None else None,
        command.in_stock_only,
        command.near,
    )
