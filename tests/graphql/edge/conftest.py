"""One served edge for the tests that need no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from resolvers.extensions.edge_schema import EdgeSchema
from resolvers.transport.edge import GraphQLEdge
from tests.graphql.edge.market import make_context, market_schema, translate
from tests.graphql.edge.server import Served, serve


class FakeReport:
    """Keeps what an edge would have logged."""

    def __init__(self) -> None:
        self.faults: dict[str, BaseException] = {}

    def __call__(self, fault_id: str, error: BaseException) -> None:
        self.faults[fault_id] = error


@contextmanager
def served_edge(schema: EdgeSchema | None = None, **options: Any) -> Iterator[Served]:
    usual: dict[str, Any] = {"make_context": make_context, "report": FakeReport(), "translate": translate}
    with serve(GraphQLEdge(schema=schema or market_schema(), **(usual | options))) as served:
        yield served


@pytest.fixture(scope="session")
def report() -> FakeReport:
    return FakeReport()


@pytest.fixture(scope="session")
def served(report: FakeReport) -> Iterator[Served]:
    with served_edge(report=report, graphiql=True, allowed_origins=["https://shop.example"]) as served:
        yield served
