"""Search results: hits with cards, the reasons for their order, and facets, each made only when selected."""

from dataclasses import replace

import strawberry

from domain.search.labels import Labels, labels_of
from domain.search.ports import Facet, FacetKind, FacetValue, Hit, PriceRange, SearchAnswer, SearchQuery
from domain.search.ranking import explained
from domain.search.searching import SearchListings, keyset_of
from domain.shared.paging import COUNT_MAX, Keyset
from domain.storefront.card_reads import cards_by_ids
from resolvers.context import Info
from resolvers.shared.connections import PageInfo, TotalCount
from resolvers.shared.directives import ListSize
from resolvers.shared.enums import expose
from resolvers.shared.scalars import CurrencyCode, MinorUnits
from resolvers.storefront.types import ListingCard

expose(
    FacetKind,
    "What a facet counts by. New kinds may come: keep a default branch.",
    {
        FacetKind.CATEGORY: "Categories, by path; a listing counts in its own and in all above.",
        FacetKind.PRICE: "Ranges of the lowest price.",
        FacetKind.BRAND: "Brands.",
        FacetKind.CONDITION: "Conditions.",
        FacetKind.FULFILMENT: "Ways in which it can be had; a listing counts in each of its own.",
        FacetKind.ATTRIBUTE: "Values of the attribute that the facet is named after.",
    },
)


@strawberry.type(description="One reason for a hit's place.")
class RankingSignal:
    name: str = strawberry.field(description="Which, as `text` or `recency`.")
    value: float = strawberry.field(description="From 0 to 1.")
    weight: float = strawberry.field(description="What it counts by.")
    contribution: float = strawberry.field(description="Value times weight; the contributions sum to the score.")


@strawberry.type(description="A hit and its place.")
class SearchEdge:
    node: ListingCard = strawberry.field(description="The listing.")
    score: float = strawberry.field(description="Its relevance; comparable within one search only.")
    hit: strawberry.Private[Hit]
    keyset: strawberry.Private[Keyset]

    @strawberry.field(description="Its place, for `after`.")
    def cursor(self) -> str:
        return self.keyset.encode(self.hit.position)

    @strawberry.field(
        description="The signals that the score is made of, for moderators; empty for others.",
        directives=[ListSize(assumed_size=10)],
    )
    def explain(self, info: Info) -> list[RankingSignal]:
        # One of them is how the marketplace stands with the seller.
        if not info.context.actor.is_moderator:
            return []
        return [
            RankingSignal(name=each.name, value=each.value, weight=each.weight, contribution=each.value * each.weight)
            for each in explained(self.hit.signals)
        ]


@strawberry.type(description="One value of a facet.")
class SearchFacetValue:
    value: str = strawberry.field(description="What the filter takes; for prices the range as text.")
    label: str = strawberry.field(description="What to show.")
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
        description="So many match that only some were counted, and the counts scaled to all."
    )
    values: list[SearchFacetValue] = strawberry.field(
        description="The most frequent first; prices in their order.", directives=[ListSize(assumed_size=10)]
    )


@strawberry.type(description="One page of a search.")
class SearchResult:
    edges: list[SearchEdge] = strawberry.field(description="The hits with their cursors.")
    nodes: list[ListingCard] = strawberry.field(description="The listings alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    degraded: bool = strawberry.field(
        description="The search server did not answer in time; a simpler search answered for it."
    )
    corrected_text: str | None = strawberry.field(
        description="Nothing has the words as given, so these were searched for."
    )
    query: strawberry.Private[SearchQuery]
    answer: strawberry.Private[SearchAnswer]

    @strawberry.field(description=f"How many hits in all; counted up to {COUNT_MAX}, and only when selected.")
    async def total_count(self, info: Info) -> TotalCount:
        total = await info.context.ports.search_index.count(self.query, self.answer.reading)
        return TotalCount(value=total.value, exact=total.exact)

    @strawberry.field(
        description="Counts to narrow the search by; made only when selected.", directives=[ListSize(assumed_size=10)]
    )
    async def facets(self, info: Info) -> list[SearchFacet]:
        facets = await info.context.ports.search_index.facets(self.query, self.answer.reading)
        labels = await labels_of(info.context.reads, facets)
        return [facet_of(facet, labels, self.query) for facet in facets]


async def result_of(info: Info, command: SearchListings, query: SearchQuery, answer: SearchAnswer) -> SearchResult:
    """The hits with their cards, read in one statement. What is no longer on sale since it was indexed is left out."""
    cards = await cards_by_ids(info.context.reads, [hit.listing_id for hit in answer.hits])
    keyset = keyset_of(command)
    edges = [
        SearchEdge(node=ListingCard.of(cards[hit.listing_id], hit.distance_m), score=hit.score, hit=hit, keyset=keyset)
        for hit in answer.hits
        if hit.listing_id in cards
    ]
    # The page ends where the index ended it, whether or not its last hit still has a card.
    return SearchResult(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=answer.has_next,
            has_previous_page=query.after is not None or (query.page or 1) > 1,
            start_cursor=keyset.encode(edges[0].hit.position) if edges else None,
            end_cursor=keyset.encode(answer.hits[-1].position) if answer.hits else None,
        ),
        degraded=answer.degraded,
        corrected_text=answer.corrected_text,
        query=replace(query, after=None, page=None),
        answer=answer,
    )


_NAMES = {
    FacetKind.CATEGORY: "Category",
    FacetKind.PRICE: "Price",
    FacetKind.BRAND: "Brand",
    FacetKind.CONDITION: "Condition",
    FacetKind.FULFILMENT: "Delivery",
}


def facet_of(facet: Facet, labels: Labels, query: SearchQuery) -> SearchFacet:
    label = _NAMES.get(facet.kind) or labels.attributes.get(facet.name, facet.name)
    chosen = chosen_values(facet, query)
    return SearchFacet(
        kind=facet.kind,
        name=facet.name,
        label=label,
        currency=CurrencyCode(facet.currency) if facet.currency else None,
        estimated=facet.estimated,
        values=[_value(value, facet, labels, value.value in chosen) for value in facet.values],
    )


def _value(value: FacetValue, facet: Facet, labels: Labels, selected: bool) -> SearchFacetValue:
    label = value.value
    if facet.kind is FacetKind.CATEGORY:
        label = labels.categories.get(value.value, value.value)
    return SearchFacetValue(
        value=value.value,
        label=label,
        count=value.count,
        selected=selected,
        min_minor=None if value.min_minor is None else MinorUnits(value.min_minor),
        max_minor=None if value.max_minor is None else MinorUnits(value.max_minor),
    )


def chosen_values(facet: Facet, query: SearchQuery) -> set[str]:
    """The values of a facet that its filter asks for."""
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
