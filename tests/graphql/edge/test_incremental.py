"""Guarantee: `@defer` and `@stream` are answered in pieces to those who read pieces, whole to others, masked."""

import json
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.graphql.edge.conftest import FakeReport, served_edge
from tests.graphql.edge.market import SECRET, market_schema
from tests.graphql.edge.server import DEADLINE_SECONDS, Served

DEFERRED = "{ hello ... @defer { viewer } }"
PIECES = "multipart/mixed;deferSpec=20220824,application/json"


@pytest.fixture(scope="module")
def pieces(report: FakeReport) -> Iterator[Served]:
    with served_edge(market_schema(incremental=True), report=report) as served:
        yield served


def test_a_client_that_reads_pieces_gets_them(pieces: Served) -> None:
    response = pieces.post({"query": DEFERRED}, accept=PIECES)

    assert response.headers["content-type"] == 'multipart/mixed; boundary="-"'
    assert '"hello":"hello world"' in response.text
    assert '"pending":' in response.text
    assert '"incremental":[{"data":{"viewer":"guest"}' in response.text.replace(" ", "")


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "*/*"])
def test_a_client_that_does_not_gets_one_answer(pieces: Served, accept: str) -> None:
    for _ in ("parsed", "cached"):
        answer = pieces.post({"query": DEFERRED}, accept=accept).json()
        assert answer == {"data": {"hello": "hello world", "viewer": "guest"}}


def test_a_schema_that_makes_no_pieces_gives_one_answer_to_everybody(served: Served) -> None:
    """As the marketplace's own: what a client would also read is no reason to refuse what it asks for."""
    for accept in (PIECES, "application/json"):
        answer = served.post({"query": DEFERRED}, accept=accept)
        assert answer.json() == {"data": {"hello": "hello world", "viewer": "guest"}}


def test_sockets_and_event_streams_get_one_answer(pieces: Served) -> None:
    with connect(pieces.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send('{"type": "connection_init"}')
        socket.recv(timeout=DEADLINE_SECONDS)
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": DEFERRED}}))
        answer = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
    streamed = pieces.post({"query": DEFERRED}, accept="text/event-stream").text

    assert answer["payload"] == {"data": {"hello": "hello world", "viewer": "guest"}}
    assert '{"data":{"hello":"hello world","viewer":"guest"}}' in streamed


def test_streamed_lists_are_made_whole(pieces: Served) -> None:
    query = "{ listings(first: 3) { nodes @stream(initialCount: 1) { id } } }"

    assert len(pieces.post({"query": query}).json()["data"]["listings"]["nodes"]) == 3


@pytest.mark.parametrize(
    "query", ["{ hello ... @defer { fail } }", "{ hello ... @defer { viewer busy } fail }", "{ ... @defer { fail } }"]
)
def test_faults_in_pieces_are_masked(pieces: Served, report: FakeReport, query: str) -> None:
    text = pieces.post({"query": query}, accept=PIECES).text

    assert SECRET not in text
    assert any(fault_id in text for fault_id in report.faults)
