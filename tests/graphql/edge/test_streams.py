"""Guarantee: event streams go to clients that asked for nothing else, and end at their source when the client goes."""

import httpx
import pytest

from resolvers.transport.limits import TransportLimits
from tests.graphql.edge.conftest import FakeReport, served_edge
from tests.graphql.edge.market import SECRET, WATCHERS
from tests.graphql.edge.server import Served, wait_until

EVENTS = "text/event-stream"
MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)


def test_a_subscription_is_streamed_as_events_that_end_in_lf(served: Served) -> None:
    response = served.post({"query": "subscription { count(to: 2) }"}, accept=EVENTS)

    assert response.headers["content-type"] == "text/event-stream"
    assert "no-cache" in response.headers["cache-control"]
    assert response.text == (
        'event: next\ndata: {"data":{"count":0}}\n\n'
        'event: next\ndata: {"data":{"count":1}}\n\n'
        "event: complete\ndata: \n\n"
    )


def test_queries_mutations_and_get_are_streamed_too(served: Served) -> None:
    mutation = served.post({"query": 'mutation { rename(title: "x") }'}, accept=EVENTS)
    query = served.get(EVENTS, query="subscription { count(to: 1) }")
    by_get = served.get(EVENTS, query='mutation { rename(title: "x") }')

    assert '{"data":{"rename":"x"}}' in mutation.text
    assert '{"data":{"count":0}}' in query.text
    assert "METHOD_NOT_ALLOWED" in by_get.text


@pytest.mark.parametrize("accept", [URQL, "text/event-stream, application/json", "text/event-stream, */*"])
def test_a_client_that_also_takes_json_gets_json(served: Served, accept: str) -> None:
    response = served.post({"query": "{ hello }"}, accept=accept)

    assert response.headers["content-type"].split(";")[0] in (
        "application/json",
        "application/graphql-response+json",
    )
    assert response.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { counts }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription A { count } subscription B { wait }", "OPERATION_RESOLUTION_FAILED"),
        ("", "BAD_REQUEST"),
    ],
)
def test_a_request_error_is_the_only_event(served: Served, query: str, code: str) -> None:
    text = served.post({"query": query}, accept=EVENTS).text

    assert text.count("event: next") == 1
    assert code in text
    assert text.endswith("event: complete\ndata: \n\n")


def test_faults_of_a_stream_are_masked(served: Served, report: FakeReport) -> None:
    for accept in (EVENTS, MULTIPART):
        text = served.post({"query": "subscription { fails }"}, accept=accept).text
        assert SECRET not in text
        assert any(fault_id in text for fault_id in report.faults)


def test_a_subscription_is_streamed_as_multipart(served: Served) -> None:
    response = served.post({"query": "subscription { count(to: 2) }"}, accept=MULTIPART)

    assert response.headers["content-type"].startswith("multipart/mixed;boundary=graphql;subscriptionSpec=1.0")
    assert '{"payload":{"data":{"count":0}}}' in response.text
    assert '{"payload":{"data":{"count":1}}}' in response.text
    assert response.text.endswith("--graphql--\r\n")


@pytest.mark.parametrize("accept", [EVENTS, MULTIPART])
def test_a_client_that_goes_ends_the_subscription(served: Served, accept: str) -> None:
    before = WATCHERS.open
    body = {"query": "subscription { wait }"}
    with httpx.stream("POST", served.http, json=body, headers={"accept": accept}) as response:
        texts = response.iter_text()
        while "wait" not in next(texts):
            pass
        assert WATCHERS.open == before + 1
    wait_until(lambda: WATCHERS.open == before)


def test_streams_of_a_process_are_limited() -> None:
    body = {"query": "subscription { wait }"}
    with served_edge(limits=TransportLimits(streams_max=1)) as served:
        with httpx.stream("POST", served.http, json=body, headers={"accept": EVENTS}) as response:
            texts = response.iter_text()
            assert "wait" in next(texts)
            refused = served.post(body, accept=EVENTS)
            assert served.ask("{ hello }")["data"]
        assert refused.status_code == 503
        assert refused.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_STREAMS"
        wait_until(lambda: served.post({"query": "{ hello }"}, accept=EVENTS).status_code == 200)
