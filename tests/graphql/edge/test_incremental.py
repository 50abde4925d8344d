"""Guarantee: `@defer` and `@stream` change nothing: everybody gets the whole answer at once, over every transport."""

import json

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.graphql.edge.server import DEADLINE_SECONDS, Served

DEFERRED = "{ hello ... @defer { viewer } }"
PIECES = "multipart/mixed;deferSpec=20220824,application/json"


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "*/*", PIECES])
def test_a_deferred_part_is_in_the_answer(served: Served, accept: str) -> None:
    """What a client would also read is no reason to refuse what it asks for."""
    for _ in ("parsed", "cached"):
        answer = served.post({"query": DEFERRED}, accept=accept)
        assert answer.json() == {"data": {"hello": "hello world", "viewer": "guest"}}


def test_sockets_and_event_streams_get_one_answer(served: Served) -> None:
    with connect(served.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send('{"type": "connection_init"}')
        socket.recv(timeout=DEADLINE_SECONDS)
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": DEFERRED}}))
        answer = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
    streamed = served.post({"query": DEFERRED}, accept="text/event-stream").text

    assert answer["payload"] == {"data": {"hello": "hello world", "viewer": "guest"}}
    assert '{"data":{"hello":"hello world","viewer":"guest"}}' in streamed


def test_streamed_lists_are_made_whole(served: Served) -> None:
    query = "{ listings(first: 3) { nodes @stream(initialCount: 1) { id } } }"

    assert len(served.post({"query": query}).json()["data"]["listings"]["nodes"]) == 3
