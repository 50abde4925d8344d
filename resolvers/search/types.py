"""Search results: hits with cards, the reasons for their order, and facets, each made only when selected."""

from dataclasses import replace

import strawberry

from domain.search.labels import labels_of
from domain.search.ports import Hit, SearchAnswer, SearchQuery
from domain.search.ranking import explained
from domain.search.searching import SearchListings, keyset_of
from domain.shared.paging import COUNT_MAX, Keyset
from domain.storefront.card_reads import cards_by_ids
from resolvers.context import Info
from resolvers.search.parts import SearchFacet, facet_of
from resolvers.shared.connections import PageInfo, TotalCount
from resolvers.shared.directives import ListSize
from resolvers.storefront.types import ListingCard


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
        labels = await labels_of(info.context.reads, facets, self.query.category_path)
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
