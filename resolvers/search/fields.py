"""What search adds to categories: the page of one."""

from domain.search.ports import SearchSort
from domain.shared.errors import InvalidInput
from resolvers.catalog.types import Category
from resolvers.context import Info
from resolvers.search.queries import Filter, PageNumber, Sort, Text, searched
from resolvers.search.types import SearchResult
from resolvers.shared.connections import After, First
from resolvers.shared.directives import paged
from resolvers.shared.extending import extends


@extends(
    Category,
    "What is on sale in it and below it, with the facets to narrow it by: `search` with its path as filter.",
    name="listings",
    size=paged(20, "first"),
)
async def category_listings(
    root: Category,
    info: Info,
    text: Text = "",
    filter: Filter = None,
    sort: Sort = SearchSort.RELEVANCE,
    first: First = None,
    after: After = None,
    page: PageNumber = None,
) -> SearchResult:
    if filter is not None and filter.category_path:
        raise InvalidInput.at("filter.category_path", "CONFLICT", "The category's own path is the filter here.")
    return await searched(
        info, text=text, filter=filter, sort=sort, first=first, after=after, page=page, category_path=root.path
    )
