"""Guarantee: what an operation can make the server do is bounded before the first resolver runs."""

import asyncio

import httpx
import pytest
from graphql import get_introspection_query, parse

from resolvers.extensions.limits import Limits
from resolvers.extensions.measures import Measures, measure
from resolvers.transport.limits import TransportLimits
from tests.graphql.edge.conftest import served_edge
from tests.graphql.edge.market import market_schema
from tests.graphql.edge.server import Served


def doubling(fragments: int, spreads: int = 3) -> str:
    """Fragments of which each spreads the next several times: exponential when expanded."""
    chain = "".join(
        f"fragment F{n} on Listing {{ seller {{ listings {{ nodes {{ {f'...F{n + 1} ' * spreads} }} }} }} }}\n"
        for n in range(fragments)
    )
    return f"{{ listings {{ nodes {{ ...F0 }} }} }}\n{chain}fragment F{fragments} on Listing {{ id }}"


def flat_doubling(fragments: int) -> str:
    chain = "".join(f"fragment F{n} on Query {{ {f'...F{n + 1} ' * 3} }}\n" for n in range(fragments))
    return f"{{ ...F0 }}\n{chain}fragment F{fragments} on Query {{ hello }}"


def spreading(fragments: int, selection: str) -> str:
    """Many components, each with a fragment of its own on the same type."""
    spreads = " ".join(f"...F{n}" for n in range(fragments))
    return f"{{ {spreads} }} " + " ".join(f"fragment F{n} on Query {{ {selection} }}" for n in range(fragments))


def nested(levels: int) -> str:
    return "{ listings { nodes { " + "seller { listings { nodes { " * levels + "id" + " } } }" * levels + " } } }"


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        (nested(7), "depth"),
        ("{ " + " ".join(f"a{n}: hello" for n in range(31)) + " }", "aliases"),
        ("{ ...F } fragment F on Query { " + " ".join(f"a{n}: hello" for n in range(31)) + " }", "aliases"),
        ("{ " + "hello " * 1_001 + " }", "fields"),
        (flat_doubling(30), "fields"),
        (doubling(6), "depth"),
        ("{ ...F } fragment F on Query { " + "... { " * 150 + "hello" + " }" * 150 + " }", "depth"),
    ],
    ids=["depth", "aliases", "aliases in a fragment", "fields", "wide fragments", "deep fragments", "nesting"],
)
def test_a_document_over_a_limit_is_refused(served: Served, query: str, limit: str) -> None:
    for accept in ("application/graphql-response+json", "text/event-stream"):
        response = served.post({"query": query}, accept=accept)
        assert '"code":"LIMIT_EXCEEDED"' in response.text
        assert f'"limit":"{limit}"' in response.text


@pytest.mark.parametrize(
    "query",
    [
        "# " + "x" * 60_000 + "\n{ hello }",
        "#\n" * 101 + "{ hello }",
        "{ " + "hello " * 6_000 + " }",
        "{ " + "a { " * 300 + "b" + " }" * 301,
        "{ hello " + "@skip(if: false) " * 2_000 + "}",
        "query (" + " ".join(f"$v{n}: Int" for n in range(3_000)) + ") { hello }",
        "".join(f"query Q{n} {{ hello }}\n" for n in range(2_000)),
    ],
    ids=["length", "comments", "tokens", "parser depth", "directives", "variables", "operations"],
)
def test_a_text_over_the_parsers_limits_is_refused(served: Served, query: str) -> None:
    answer = served.ask(query)

    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] in ("GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED")


def test_fragments_are_measured_once_each() -> None:
    """Each further fragment would triple the work if they were expanded: 80 would take longer than the sun has left."""
    document = parse(flat_doubling(80))

    assert measure(document) == Measures(depth=1, aliases=0, fields=3**80)


def test_the_work_of_comparing_fields_is_bounded(served: Served) -> None:
    """Every field is compared with every other of its name: a second of work from 6 KB with the library's own bound."""
    for query in (
        "{ " + "listings { nodes { id } } " * 250 + "}",
        "{ " + "hello " * 990 + "}",
        spreading(400, "hello"),
    ):
        error = served.ask(query)["errors"][0]
        assert (error["message"], error["extensions"]["code"]) == ("Validation aborted.", "GRAPHQL_VALIDATION_FAILED")


def test_the_documents_of_large_front_ends_are_within_the_bound(served: Served) -> None:
    answer = served.ask(
        spreading(40, "hello viewer scope listings(first: 1) { total nodes { id title seller { name } } }")
    )

    assert answer["data"]["listings"]["nodes"][0]["seller"] == {"name": "Ada"}


def test_few_errors_are_enough(served: Served) -> None:
    assert len(served.ask("{ " + " ".join(f"x{n}" for n in range(900)) + " }")["errors"]) <= 21


def test_circular_and_unknown_fragments_are_left_to_validation(served: Served) -> None:
    for query in (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...Unknown }",
    ):
        assert served.ask(query)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_the_deepest_allowed_document_runs(served: Served) -> None:
    answer = served.ask("{ listings(first: 1) { nodes { seller { listings(first: 1) { nodes { id } } } } } }")

    assert answer["data"]["listings"]["nodes"][0]["seller"]["listings"]["nodes"] == [{"id": "lst_0"}]


def test_introspection_is_for_those_who_may(served: Served) -> None:
    query = get_introspection_query()
    closed = served.ask(query)
    by_fragment = served.ask("{ ...F } fragment F on Query { s: __schema { types { name } } }")
    opened = served.ask(query, authorization="Bearer dev")

    assert closed["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"
    assert by_fragment["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"
    assert opened["data"]["__schema"]["queryType"]["name"] == "Query"
    # The document is now known to be valid, and still closed to others.
    assert served.ask(query) == closed
    assert served.ask("{ __typename }") == {"data": {"__typename": "Query"}}


def test_an_operation_ends_at_its_deadline() -> None:
    with served_edge(limits=TransportLimits(request_seconds=0.1)) as served:
        body = {"query": "{ sleep }"}
        newer = served.post(body, accept="application/graphql-response+json")
        older = served.post(body)
        events = served.post(body, accept="text/event-stream")
        slow_context = served.post({"query": "{ hello }"}, authorization="Bearer slow")

    assert (newer.status_code, older.status_code, slow_context.status_code) == (504, 200, 504)
    for response in (newer, older, events, slow_context):
        assert '"code":"DEADLINE_EXCEEDED"' in response.text
        assert "data" not in response.text.replace("data: ", "")


async def test_many_requests_at_once_are_all_answered(served: Served) -> None:
    async with httpx.AsyncClient(verify=False) as client:  # noqa: S501  # plain HTTP on loopback
        asked = (client.post(served.http, json={"query": f"{{ a{n}: hello }}"}) for n in range(50))
        answers = await asyncio.gather(*asked)

    assert all(answer.json()["data"] == {f"a{n}": "hello world"} for n, answer in enumerate(answers))


def test_limits_are_a_setting() -> None:
    with served_edge(market_schema(limits=Limits(depth_max=2, tokens_max=20))) as served:
        assert served.ask("{ listings { total } }")["data"]
        assert "errors" in served.ask("{ listings { nodes { id } } }")
        assert "errors" in served.ask("{ " + "hello " * 20 + " }")
