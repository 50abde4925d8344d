"""Guarantee: an operation is charged what the schema's directives say, with the sizes that the client asks for."""

from typing import Any

import pytest

from domain.shared.budgets import RateLimited, TokenBuckets
from resolvers.extensions.limits import Limits
from tests.graphql.edge.conftest import served_edge
from tests.graphql.edge.market import market_schema
from tests.graphql.edge.server import Served

FIRST = "query ($n: Int) { listings(first: $n) { nodes { id } } }"
FIRST_OR_3 = "query ($n: Int = 3) { listings(first: $n) { nodes { id } } }"
CARDS = "fragment C on ListingConnection { nodes { id } }"
INPUT = "query ($input: SearchInput!) { search(input: $input) { id } }"


def cost(served: Served, query: str, variables: dict[str, Any] | None = None) -> int:
    answer = served.ask(query, variables, x_graphql_cost="1")
    found = answer["extensions"]["cost"]["requested"]
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ __typename }", {}, 1),  # the least that an operation costs
        ("{ hello viewer }", {}, 1),
        ("{ dear }", {}, 7),
        ("{ a: dear b: dear }", {}, 14),
        ('mutation { rename(title: "x") }', {}, 10),
        ("{ listings { total } }", {}, 1),
        ("{ listings { nodes { id } } }", {}, 1 + 20),
        ("{ listings(first: 5) { nodes { id } } }", {}, 1 + 5),
        ("{ listings(first: 5, last: 9) { nodes { id } } }", {}, 1 + 9),
        ("{ listings(first: null) { nodes { id } } }", {}, 1 + 20),
        ("{ listings(first: -5) { nodes { id } } }", {}, 1),
        ("{ listings(first: 5) { nodes { seller { name } } } }", {}, 1 + 5 * 2),
        # `Seller.listings` does not say its size: its nodes count ten.
        ("{ listings(first: 5) { nodes { seller { listings { nodes { id } } } } } }", {}, 1 + 5 * (1 + 1 + 1 + 10)),
        (FIRST, {"n": 7}, 1 + 7),
        (FIRST, {"n": None}, 1 + 20),
        (FIRST, {}, 1 + 20),
        (FIRST_OR_3, {}, 1 + 3),
        (FIRST_OR_3, {"n": 4}, 1 + 4),
        (INPUT, {"input": {"text": "x", "first": 4}}, 4),
        (INPUT, {"input": {"text": "x"}}, 10),
        ('{ search(input: {text: "x", first: 6}) { id } }', {}, 6),
        ('query ($n: Int) { search(input: {text: "x", first: $n}) { id } }', {"n": 8}, 8),
        ("{ listings(first: 5) { ...C } } fragment C on ListingConnection { nodes { id } }", {}, 1 + 5),
        ("{ listings(first: 5) { ... { nodes { id } } } }", {}, 1 + 5),
        (
            "{ a: listings(first: 2) { ...C } b: listings(first: 3) { ...C } } " + CARDS,
            {},
            1 + 2 + 1 + 3,
        ),
        ("query A { dear } query B { hello }", {"": "B"}, 1),
    ],
)
def test_the_cost_of_an_operation(served: Served, query: str, variables: dict[str, Any], expected: int) -> None:
    name = variables.get("")
    body = {"query": query, "variables": variables, "operationName": name}
    for _ in ("computed", "remembered"):
        answer = served.post(body, x_graphql_cost="1").json()
        assert answer["extensions"]["cost"]["requested"] == expected


def test_a_remembered_cost_is_of_these_variables_only(served: Served) -> None:
    assert [cost(served, FIRST, {"n": n}) for n in (1, 2, 1, 30)] == [2, 3, 2, 31]
    assert [cost(served, FIRST, {"n": n}) for n in range(100)] == [1 + n for n in range(100)]


def test_the_cost_is_published_only_when_asked_for(served: Served) -> None:
    assert served.ask("{ dear }") == {"data": {"dear": "dear"}}
    asked = served.ask("{ dear }", x_graphql_cost="1")
    assert asked["extensions"]["cost"]["maximum"] == 5_000
    assert asked["extensions"]["cost"]["remaining"] > 0


def test_introspection_has_a_flat_price(served: Served) -> None:
    answer = served.ask(
        "{ __schema { types { fields { type { name } } } } }", x_graphql_cost="1", authorization="Bearer dev"
    )

    assert answer["extensions"]["cost"]["requested"] == Limits().introspection_cost


@pytest.mark.parametrize("first", [5_000, 10**9])
def test_an_operation_over_the_maximum_is_refused(served: Served, first: int) -> None:
    for query, variables in (
        (FIRST, {"n": first}),
        (f"{{ listings(first: {first}) {{ nodes {{ id }} }} }}", {}),
    ):
        response = served.post({"query": query, "variables": variables}, accept="application/graphql-response+json")
        assert response.status_code == 400
        facts = response.json()["errors"][0]["extensions"]
        assert facts == {"code": "COST_EXCEEDED", "cost": first + 1, "maximum": 5_000}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_that_spends_its_budget_waits_for_the_refill() -> None:
    clock = Clock()
    budget = TokenBuckets(clock=clock, capacity=21, refill_per_second=2)
    body = {"query": "{ dear }"}
    accept = "application/graphql-response+json"
    with served_edge(market_schema(budget=budget)) as served:
        assert [served.post(body).status_code for _ in range(2)] == [200, 200]
        limited = served.post(body, accept=accept)
        other = served.post(body, accept=accept, authorization="Bearer ada")
        clock.now += 0.5
        refilled = served.post(body, accept=accept)

    assert limited.status_code == 429
    assert limited.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": 1}
    assert limited.headers["retry-after"] == "1"
    assert other.status_code == 200
    assert refilled.status_code == 200


def test_a_text_that_is_not_known_is_paid_for_whatever_comes_of_it() -> None:
    budget = TokenBuckets(clock=Clock(), capacity=40, refill_per_second=1)
    with served_edge(market_schema(budget=budget)) as served:
        for query in ("{ hello " + "x" * 142, "{ helo " + " " * 142 + "}"):
            assert "RATE_LIMITED" not in served.post({"query": query}).text, "15 each of 40"
        for accept in ("application/json", "text/event-stream"):
            assert "RATE_LIMITED" in served.post({"query": "{ " + "x" * 150}, accept=accept).text
        # A known text costs only its operation.
        for _ in range(6):
            assert served.ask("{ hello }") == {"data": {"hello": "hello world"}}


async def test_buckets_fill_up_to_their_capacity_and_no_further() -> None:
    clock = Clock()
    budget = TokenBuckets(clock=clock, capacity=10, refill_per_second=1)

    assert await budget.spend("a", 4) == 6
    clock.now = 1_000
    assert await budget.spend("a", 1) == 9
    with pytest.raises(RateLimited) as limited:
        await budget.spend("a", 12)
    assert limited.value.retry_after_seconds == pytest.approx(3)
    assert await budget.spend("a", 9) == 0


async def test_only_so_many_buckets_are_kept() -> None:
    budget = TokenBuckets(clock=Clock(), capacity=10, refill_per_second=1, clients_max=2)
    for client in ("a", "b", "c"):
        await budget.spend(client, 10)

    with pytest.raises(RateLimited):
        await budget.spend("c", 1)
    assert await budget.spend("a", 1) == 9
