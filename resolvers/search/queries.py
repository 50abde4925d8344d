"""Searching and suggesting, for everybody."""

from typing import Annotated

import strawberry

from domain.search.ports import DEPTH_MAX, SearchSort
from domain.search.searching import SUGGESTIONS_MAX, SearchListings, query_of
from resolvers.context import Info
from resolvers.search.inputs import SearchFilterInput
from resolvers.search.types import SearchResult, result_of
from resolvers.shared.connections import After, First
from resolvers.shared.directives import paged
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, query

Text = Annotated[str, strawberry.argument(description="What is looked for; empty finds everything.")]
Filter = Annotated[SearchFilterInput | None, strawberry.argument(description="What hits must have in common.")]
Sort = Annotated[SearchSort, strawberry.argument(description="The order of the hits.")]
PageNumber = Annotated[
    int | None,
    strawberry.argument(description=f"The page by number, from 1, instead of `after`; up to {DEPTH_MAX} hits deep."),
]
Prefix = Annotated[str, strawberry.argument(description="What was typed so far.")]
Suggested = Annotated[int, strawberry.argument(description=f"How many, 1 to {SUGGESTIONS_MAX}.")]


@strawberry.type
class PublicSearchQueries:
    @query(AccessLevel.PUBLIC, "Listings by words and filters.", size=paged(20, "first"))
    async def search(
        self,
        info: Info,
        text: Text = "",
        filter: Filter = None,
        sort: Sort = SearchSort.RELEVANCE,
        first: First = None,
        after: After = None,
        page: PageNumber = None,
    ) -> SearchResult:
        return await searched(info, text=text, filter=filter, sort=sort, first=first, after=after, page=page)

    @query(
        AccessLevel.PUBLIC,
        "Words and phrases to complete what was typed, the most frequent first.",
        size=paged(8, "first"),
    )
    async def search_suggestions(self, info: Info, prefix: Prefix, first: Suggested = 8) -> list[str]:
        return await info.context.ports.search_index.suggest(prefix, max(1, min(first, SUGGESTIONS_MAX)))


async def searched(
    info: Info,
    *,
    text: str,
    filter: SearchFilterInput | None,
    sort: SearchSort,
    first: int | None,
    after: str | None,
    page: int | None,
    **more: object,
) -> SearchResult:
    """A page of hits; `more` are filters that the client did not give. Raises InvalidInput, CursorMismatch."""
    asked = {"text": text, "sort": sort, "first": 20 if first is None else first, "after": after, "page": page}
    command = parse(SearchListings, filter or SearchFilterInput(), **asked, **more)
    wanted = query_of(command)
    answer = await info.context.ports.search_index.search(wanted)
    return await result_of(info, command, wanted, answer)
