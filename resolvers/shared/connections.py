"""Lists as Relay connections with a `nodes` shortcut. The count is made only when it is asked for."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from domain.shared.paging import COUNT_MAX, Page

T = TypeVar("T")
V = TypeVar("V")
Count = Callable[[], Awaitable[int]]

First = Annotated[int | None, strawberry.argument(description="How many from the start, 1 to 100; 20 by default.")]
After = Annotated[str | None, strawberry.argument(description="The cursor after which the page starts.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="The cursor before which the page ends.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="There is more after it.")
    has_previous_page: bool = strawberry.field(description="There is more before it.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item.")


@strawberry.type(description="How many items a list has in all.")
class TotalCount:
    value: int = strawberry.field(description=f"The count, at most {COUNT_MAX}.")
    exact: bool = strawberry.field(description=f"False: there are more than {COUNT_MAX}, counting stopped there.")


@strawberry.type(description="An item of a list and its place.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Its place, for `after` or `before`.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    counter: strawberry.Private[Count]

    @strawberry.field(description=f"How many in all; counted up to {COUNT_MAX}, and only when selected.")
    async def total_count(self) -> TotalCount:
        return counted(await self.counter())


def counted(value: int) -> TotalCount:
    """Of a count that stopped at COUNT_MAX + 1."""
    return TotalCount(value=min(value, COUNT_MAX), exact=value <= COUNT_MAX)


def connection(page: Page[V], show: Callable[[V], T], count: Count) -> Connection[T]:
    """A page of views as a connection. `count` counts at most COUNT_MAX + 1 rows."""
    nodes = [show(item) for item in page.items]
    return Connection(
        edges=[Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, page.cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        counter=count,
    )
