"""Facets as clients show them: values as the filter takes them, labels as people read them."""

from typing import Final

import strawberry

import resolvers.catalog.enums  # noqa: F401  # describes the enums whose names are values here
from domain.catalog.model import AttributeType, Condition, Fulfilment
from domain.search.labels import AttributeLabel, Labels
from domain.search.ports import Facet, FacetKind, FacetValue, PriceRange, SearchQuery
from domain.shared.money import formatted
from resolvers.shared.directives import ListSize
from resolvers.shared.enums import expose
from resolvers.shared.scalars import CurrencyCode, MinorUnits

expose(
    FacetKind,
    "What a facet counts by. New kinds may come: keep a default branch.",
    {
        FacetKind.CATEGORY: "Categories, by path; a listing counts in its own and in all above.",
        FacetKind.PRICE: "Ranges of the lowest price.",
        FacetKind.BRAND: "Brands.",
        FacetKind.CONDITION: "Conditions; the values are those of `Condition`.",
        FacetKind.FULFILMENT: "Ways in which it can be had, by `Fulfilment`; a listing counts in each of its own.",
        FacetKind.ATTRIBUTE: "Values of the attribute that the facet is named after.",
    },
)


@strawberry.type(description="One value of a facet.")
class SearchFacetValue:
    value: str = strawberry.field(
        description="What the filter takes: a path, a brand, `PICKUP`, `true`, `42.5`; for prices the range as text."
    )
    label: str = strawberry.field(description="What to show, as `Lamps`, `Used`, `42.5 cm`, `Yes`.")
    count: int = strawberry.field(description="How many hits there are with it.")
    selected: bool = strawberry.field(description="The filter asks for it at present.")
    min_minor: MinorUnits | None = strawberry.field(description="Of a price range: where it begins.")
    max_minor: MinorUnits | None = strawberry.field(
        description="Of a price range: the price that it ends before, so the filter takes one less; null for the last."
    )


@strawberry.type(description="Counts by one property, over what all other filters leave.")
class SearchFacet:
    kind: FacetKind = strawberry.field(description="What it counts by.")
    name: str = strawberry.field(description="The attribute's name for the filter; empty for other kinds.")
    label: str = strawberry.field(description="What to show.")
    currency: CurrencyCode | None = strawberry.field(description="Of price ranges: their currency.")
    estimated: bool = strawberry.field(
        description="So many match that only some, drawn at random, were counted, and the counts scaled to all: "
        "frequent values come within a few per cent of the truth, rare ones may be missing."
    )
    values: list[SearchFacetValue] = strawberry.field(
        description="The most frequent first; prices in their order.", directives=[ListSize(assumed_size=10)]
    )


_NAMES: Final = {
    FacetKind.CATEGORY: "Category",
    FacetKind.PRICE: "Price",
    FacetKind.BRAND: "Brand",
    FacetKind.CONDITION: "Condition",
    FacetKind.FULFILMENT: "Delivery",
}
_CHOICES: Final = {
    FacetKind.CONDITION: {each.value: each.name for each in Condition},
    FacetKind.FULFILMENT: {each.value: each.name for each in Fulfilment},
}
"""Values as the index holds them -> as the schema spells them, so that they go into the filter as they are."""


def facet_of(facet: Facet, labels: Labels, query: SearchQuery) -> SearchFacet:
    chosen = chosen_values(facet, query)
    return SearchFacet(
        kind=facet.kind,
        name=facet.name,
        label=_NAMES.get(facet.kind) or labels.attribute(facet.name).label,
        currency=CurrencyCode(facet.currency) if facet.currency else None,
        estimated=facet.estimated,
        values=[_value(value, facet, labels, value.value in chosen) for value in facet.values],
    )


def _value(value: FacetValue, facet: Facet, labels: Labels, selected: bool) -> SearchFacetValue:
    return SearchFacetValue(
        value=_CHOICES[facet.kind][value.value] if facet.kind in _CHOICES else value.value,
        label=label_of(value, facet, labels),
        count=value.count,
        selected=selected,
        min_minor=None if value.min_minor is None else MinorUnits(value.min_minor),
        max_minor=None if value.max_minor is None else MinorUnits(value.max_minor),
    )


def label_of(value: FacetValue, facet: Facet, labels: Labels) -> str:
    """What a person reads for a value; a brand and the choices of an attribute are read as they are written."""
    if facet.kind is FacetKind.CATEGORY:
        return labels.categories.get(value.value, value.value)
    if facet.kind is FacetKind.PRICE and facet.currency:
        return _range(value, facet.currency)
    if facet.kind in _CHOICES:
        return value.value.replace("_", " ").capitalize()
    if facet.kind is FacetKind.ATTRIBUTE:
        return _attribute_value(value.value, labels.attribute(facet.name))
    return value.value


def _range(value: FacetValue, currency: str) -> str:
    least_minor = value.min_minor or 0
    if value.max_minor is None:
        return f"{formatted(least_minor, currency)} and more"
    return f"{formatted(least_minor, currency)} to {formatted(value.max_minor - 1, currency)}"


def _attribute_value(value: str, attribute: AttributeLabel) -> str:
    if attribute.type is AttributeType.BOOLEAN:
        return {"true": "Yes", "false": "No"}.get(value, value)
    return f"{value} {attribute.unit}".rstrip()


def chosen_values(facet: Facet, query: SearchQuery) -> set[str]:
    """The values of a facet that its filter asks for, as the index holds them."""
    if facet.kind is FacetKind.ATTRIBUTE:
        return {value for each in query.attributes if each.name == facet.name for value in each.values}
    if facet.kind is FacetKind.PRICE:
        return {each.value for each in facet.values if query.price is not None and _is_range(each, query.price)}
    chosen = {
        FacetKind.CATEGORY: {query.category_path or ""},
        FacetKind.BRAND: set(query.brands),
        FacetKind.CONDITION: {condition.value for condition in query.conditions},
        FacetKind.FULFILMENT: {fulfilment.value for fulfilment in query.fulfilments},
    }
    return chosen[facet.kind]


def _is_range(value: FacetValue, bounds: PriceRange) -> bool:
    """A range ends before its upper bound; the filter's upper bound still counts."""
    upper_minor = None if value.max_minor is None else value.max_minor - 1
    return (value.min_minor or 0, upper_minor) == (bounds.min_minor or 0, bounds.max_minor)
