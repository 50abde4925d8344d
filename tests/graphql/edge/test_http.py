"""Guarantee: every request is answered as GraphQL over HTTP specifies, in the media type asked for."""

import httpx
import pytest
from starlette.applications import Starlette
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from resolvers.transport.edge import GraphQLEdge
from tests.graphql.edge.conftest import FakeReport, served_edge
from tests.graphql.edge.market import SECRET, make_context, market_schema
from tests.graphql.edge.server import DEADLINE_SECONDS, Served, serve

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        ("application/*", JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, {JSON}", JSON),
        (f"{JSON};q=0.8, {GRAPHQL_JSON};q=0.9", GRAPHQL_JSON),
        (f"{JSON};q=0, */*", GRAPHQL_JSON),
        (
            f"{GRAPHQL_JSON}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed",
            GRAPHQL_JSON,
        ),
    ],
)
def test_the_media_type_is_the_one_the_client_weighs_most(served: Served, accept: str | None, answered: str) -> None:
    # httpx fills in an Accept of its own when there is none.
    headers = {"accept": accept} if accept else {}
    with httpx.Client() as client:
        del client.headers["accept"]
        response = client.post(served.http, json={"query": "{ hello }"}, headers=headers)

    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.json() == {"data": {"hello": "hello world"}}
    assert "Accept" in response.headers["vary"].split(", ")


@pytest.mark.parametrize("accept", ["text/plain", "text/html", "image/*", f"{JSON};q=0", f"{JSON};q=wrong"])
def test_a_client_that_reads_no_json_is_told_so(served: Served, accept: str) -> None:
    response = served.post({"query": "{ hello }"}, accept=accept)

    assert response.status_code == 406
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ hello", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ helo }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($name: String!) { hello(name: $name) }", {"name": 1}, "BAD_USER_INPUT"),
        ("query ($name: String!) { hello(name: $name) }", {}, "BAD_USER_INPUT"),
    ],
)
def test_a_request_error_has_no_data_and_400_in_the_newer_type_only(
    served: Served, query: str, variables: dict[str, object], code: str
) -> None:
    body = {"query": query, "variables": variables}
    newer, older = served.post(body, accept=GRAPHQL_JSON), served.post(body)

    assert (newer.status_code, older.status_code) == (400, 200)
    for response in (newer, older):
        assert "data" not in response.json()
        assert response.json()["errors"][0]["extensions"]["code"] == code
        assert "Did you mean" not in response.text


def test_a_failed_field_has_data_and_200(served: Served) -> None:
    response = served.post({"query": "{ hello refuse }"}, accept=GRAPHQL_JSON)

    assert response.status_code == 200
    assert response.json()["data"] == {"hello": "hello world", "refuse": None}
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


def test_a_null_that_reaches_the_root_is_data_too(served: Served) -> None:
    response = served.post({"query": "{ fail }"}, accept=GRAPHQL_JSON)

    assert response.status_code == 200
    assert response.json()["data"] is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_refused_with_what_is_allowed(served: Served, method: str) -> None:
    response = httpx.request(method, served.http)

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON])
def test_a_mutation_by_get_is_not_allowed_and_not_run(served: Served, accept: str) -> None:
    response = served.get(accept, query='mutation { rename(title: "x") }')

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
    assert "data" not in response.json()


def test_a_mutation_by_post_runs(served: Served) -> None:
    assert served.ask('mutation { rename(title: "x") }') == {"data": {"rename": "x"}}


def test_a_query_by_get_takes_all_parameters(served: Served) -> None:
    response = served.get(
        query="query A { hello } query B($name: String!) { hello(name: $name) }",
        operationName="B",
        variables={"name": "b"},
        extensions={},
    )

    assert response.json() == {"data": {"hello": "hello b"}}


def test_several_operations_need_a_name(served: Served) -> None:
    body = {"query": "query A { hello } query B { viewer }"}

    unnamed = served.post(body).json()
    assert unnamed["errors"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILED"
    assert "data" not in unnamed
    assert served.post(body | {"operationName": "B"}).json() == {"data": {"viewer": "guest"}}
    unknown = served.post(body | {"operationName": "C"}).json()
    assert unknown["errors"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILED"
    # The same from the cache of valid documents.
    assert served.post(body).json() == unnamed


def test_an_empty_operation_name_is_none(served: Served) -> None:
    assert served.post({"query": "{ hello }", "operationName": ""}).json()["data"] == {"hello": "hello world"}


def test_a_document_without_an_operation_is_a_request_error(served: Served) -> None:
    response = served.post({"query": "fragment F on Query { hello }"}, accept=GRAPHQL_JSON)

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILED"


def test_a_subscription_by_plain_post_is_refused_with_the_way_to_do_it(served: Served) -> None:
    for accept in (JSON, GRAPHQL_JSON, f"{JSON}, text/event-stream"):
        answer = served.post({"query": "subscription { count }"}, accept=accept).json()
        assert answer["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NOT_STREAMED"
        assert "text/event-stream" in answer["errors"][0]["message"]


def test_the_page_is_for_browsers_that_ask_nothing(served: Served) -> None:
    browser = "text/html,application/xhtml+xml,*/*;q=0.8"

    assert "<html" in httpx.get(served.http, headers={"accept": browser}).text
    asked = served.get(browser, query="{ hello }")
    assert asked.json() == {"data": {"hello": "hello world"}}
    fetched = served.get("*/*")
    assert fetched.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_without_the_page_a_browser_gets_json() -> None:
    with served_edge() as served:
        response = httpx.get(served.http, headers={"accept": "text/html,*/*;q=0.8"})

    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.json()["errors"][0]["message"] == "The request has no query."


def test_a_bearer_token_makes_the_context(served: Served) -> None:
    assert served.ask("{ viewer }", authorization="Bearer ada") == {"data": {"viewer": "ada"}}


def test_a_rejected_token_is_401(served: Served) -> None:
    response = served.post({"query": "{ viewer }"}, authorization="Bearer bad")

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_cookies_are_neither_read_nor_set(served: Served) -> None:
    response = served.post({"query": "{ viewer }"}, cookie="authorization=Bearer ada; token=ada")

    assert response.json() == {"data": {"viewer": "guest"}}
    assert "set-cookie" not in response.headers


def test_a_context_that_cannot_be_made_is_a_masked_fault(served: Served, report: FakeReport) -> None:
    response = served.post({"query": "{ viewer }"}, authorization="Bearer lost")

    assert response.status_code == 500
    fault_id = response.json()["errors"][0]["extensions"]["faultId"]
    assert str(report.faults[fault_id]) == SECRET
    assert SECRET not in response.text


def preflight(served: Served, origin: str) -> httpx.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,apollographql-client-name",
    }
    return httpx.options(served.http, headers=headers)


def test_pages_of_allowed_origins_may_ask(served: Served) -> None:
    allowed = preflight(served, "https://shop.example")
    answer = served.post({"query": "{ hello }"}, origin="https://shop.example")

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "apollographql-client-name" in allowed.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert set(answer.headers["vary"].split(", ")) == {"Accept", "Origin"}
    assert "access-control-allow-credentials" not in answer.headers


def test_pages_of_other_origins_read_nothing(served: Served) -> None:
    refused = preflight(served, "https://evil.example")
    answer = served.post({"query": "{ hello }"}, origin="https://evil.example")

    assert refused.status_code == 400
    assert "access-control-allow-origin" not in answer.headers
    with served_edge() as closed:
        assert preflight(closed, "https://shop.example").status_code == 405


def test_the_edge_stands_at_its_path_without_a_redirect() -> None:
    edge = GraphQLEdge(schema=market_schema(), make_context=make_context, report=FakeReport())
    with serve(Starlette(routes=edge.routes("/graphql"))) as served:
        assert served.ask("{ hello }") == {"data": {"hello": "hello world"}}
        with connect(served.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            socket.send('{"type": "ping"}')
            assert socket.recv(timeout=DEADLINE_SECONDS) == '{"type":"pong"}'
