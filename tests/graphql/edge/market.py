"""A small market behind the edge: one of everything that a transport has to carry."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import strawberry
from graphql import GraphQLError
from starlette.requests import Request
from starlette.websockets import WebSocket

from domain.shared.budgets import CostBudget, TokenBuckets
from resolvers.extensions.edge_schema import EdgeSchema, edge_extensions
from resolvers.extensions.limits import Limits
from resolvers.shared.directives import Cost, paged
from resolvers.transport.refusals import TokenRejected

SECRET = "postgresql://market:hunter2@10.0.0.7/market"


@dataclass
class FakeContext:
    """`scopes` numbers the forks, so that a test sees which one answered."""

    viewer: str
    scope: int = 0
    seen: list[str] = field(default_factory=list)
    forks: list[int] = field(default_factory=lambda: [0])
    refreshed: int = 0

    def fork(self, *, on_primary: bool) -> Self:
        self.forks[0] += 1
        return type(self)(self.viewer, scope=self.forks[0], forks=self.forks)

    def refresh(self) -> None:
        self.seen.clear()
        self.refreshed += 1


async def make_context(connection: Request | WebSocket, connection_params: Mapping[str, Any] | None) -> FakeContext:
    """The token says who it is: `bad` is rejected, `lost` fails as a database that is away does."""
    params = connection_params or {}
    token = str(params.get("token") or connection.headers.get("authorization", "").removeprefix("Bearer "))
    if token == "bad":
        raise TokenRejected
    if token == "lost":
        raise ConnectionError(SECRET)
    if token == "slow":
        await asyncio.sleep(3600)
    return FakeContext(viewer=token or "guest")


Info = strawberry.Info[FakeContext, None]


@strawberry.type
class Seller:
    name: str

    @strawberry.field
    def listings(self, first: int = 2) -> "ListingConnection":
        return connection(first)


@strawberry.type
class Listing:
    id: strawberry.ID
    title: str

    @strawberry.field
    def seller(self) -> Seller:
        return Seller(name="Ada")

    @strawberry.field
    def broken(self) -> str | None:
        raise ConnectionError(SECRET)


@strawberry.type
class ListingConnection:
    nodes: list[Listing]
    total: int

    @strawberry.field
    async def slow_total(self) -> int:
        await asyncio.sleep(0)
        return self.total


def connection(size: int) -> ListingConnection:
    return ListingConnection(
        nodes=[Listing(id=strawberry.ID(f"lst_{n}"), title=f"T{n}") for n in range(size)], total=size
    )


@strawberry.input
class SearchInput:
    text: str
    first: int | None = None


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def viewer(self, info: Info) -> str:
        return info.context.viewer

    @strawberry.field
    def scope(self, info: Info) -> int:
        return info.context.scope

    @strawberry.field(directives=[paged(20)])
    def listings(self, first: int | None = None, last: int | None = None) -> ListingConnection:
        return connection(first or last or 20)

    @strawberry.field(directives=[paged(10, "input.first")])
    def search(self, input: SearchInput) -> list[Listing]:
        return connection(input.first or 10).nodes

    @strawberry.field(directives=[Cost(weight=7)])
    def dear(self) -> str:
        return "dear"

    @strawberry.field
    def fail(self) -> str:
        raise ConnectionError(SECRET)

    @strawberry.field
    def refuse(self) -> str | None:
        raise GraphQLError("You are not signed in.", extensions={"code": "UNAUTHENTICATED"})

    @strawberry.field
    def busy(self) -> str | None:
        raise Busy(SECRET)

    @strawberry.field
    async def sleep(self) -> str:
        await asyncio.sleep(3600)
        return "rested"

    @strawberry.field
    def big(self) -> strawberry.scalars.JSON:
        return 2**70  # type: ignore[return-value]  # a value that no JSON reader could hold


class Busy(Exception):
    """Known, and nobody's fault."""


def translate(error: Exception) -> GraphQLError | None:
    return GraphQLError("Try again.", extensions={"code": "BUSY"}) if isinstance(error, Busy) else None


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, title: str) -> str:
        return title


class Watchers:
    """How many subscriptions are open."""

    def __init__(self) -> None:
        self.open = 0


WATCHERS = Watchers()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for n in range(to):
            yield n

    @strawberry.subscription
    async def wait(self) -> AsyncGenerator[int, None]:
        WATCHERS.open += 1
        try:
            yield 0
            await asyncio.sleep(3600)
        finally:
            WATCHERS.open -= 1

    @strawberry.subscription
    async def scopes(self, info: Info) -> AsyncGenerator[int, None]:
        for _ in range(3):
            yield info.context.refreshed

    @strawberry.subscription
    async def fails(self) -> AsyncGenerator[int, None]:
        yield 0
        raise ConnectionError(SECRET)


def market_schema(
    *,
    limits: Limits | None = None,
    budget: CostBudget | None = None,
    open_to_all: bool = False,
) -> EdgeSchema:
    """Viewers called `dev` may read the schema, or all."""
    return EdgeSchema(
        Query,
        Mutation,
        Subscription,
        extensions=edge_extensions(
            limits=limits,
            budget=budget or TokenBuckets(clock=lambda: 0.0, capacity=10**9),
            client_key=lambda context: context.viewer,
            may_introspect=lambda context: open_to_all or context.viewer == "dev",
        ),
    )
