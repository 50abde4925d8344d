"""Guarantee: for any JSON at all, by HTTP or by socket, the answer is a refusal or a result and never a fault."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.graphql.edge.conftest import FakeReport
from tests.graphql.edge.server import DEADLINE_SECONDS, Served

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.sampled_from(["{ hello }", "{ helo }", "{", "query ($n: Int) { listings(first: $n) { total } }", ""])
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "query": TEXTS | JSON_VALUES,
        "variables": st.dictionaries(st.sampled_from(["n", "x"]), JSON_VALUES) | JSON_VALUES,
        "operationName": JSON_VALUES,
        "extensions": st.fixed_dictionaries({"persistedQuery": JSON_VALUES}) | JSON_VALUES,
        "documentId": JSON_VALUES,
    },
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["subscribe", "subscribe", "complete", "ping", "pong", "next"]) | JSON_VALUES},
    optional={"id": st.sampled_from(["1", "2"]) | JSON_VALUES, "payload": REQUESTS | JSON_VALUES},
)
CLOSE_CODES = {4400, 4409, 4429}
usual = settings(max_examples=150)


@usual
@given(body=REQUESTS | JSON_VALUES)
def test_any_body_is_answered(served: Served, report: FakeReport, body: Any) -> None:
    before = len(report.faults)
    response = served.send(json.dumps(body).encode(), accept="application/graphql-response+json")

    assert response.status_code in (200, 400)
    assert response.json().keys() <= {"data", "errors"}
    assert len(report.faults) == before


@usual
@given(messages=st.lists(MESSAGES, max_size=4))
def test_any_messages_are_answered(served: Served, report: FakeReport, messages: list[Any]) -> None:
    before = len(report.faults)
    with connect(served.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        try:
            for message in ({"type": "connection_init"}, *messages, {"type": "ping", "payload": {"last": True}}):
                socket.send(json.dumps(message))
            while json.loads(socket.recv(timeout=DEADLINE_SECONDS))["type"] != "pong":
                pass
        except ConnectionClosed:
            assert socket.close_code in CLOSE_CODES

    assert len(report.faults) == before
