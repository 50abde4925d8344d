"""Guarantee: only the protocol's own close codes take a socket down, never one of its operations."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from resolvers.transport.limits import TransportLimits
from tests.graphql.edge.conftest import FakeReport, served_edge
from tests.graphql.edge.market import SECRET, WATCHERS, FakeContext
from tests.graphql.edge.server import DEADLINE_SECONDS, Served, wait_until

MODERN = "graphql-transport-ws"
OVER = "This session is over or was changed; refresh it or sign in again."


class Socket:
    """A client that speaks the protocol only as far as a test tells it to."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: object) -> None:
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        self.connection.send(text)

    def receive(self) -> dict[str, Any]:
        message = self.connection.recv(timeout=DEADLINE_SECONDS)
        assert isinstance(message, str), "the protocol speaks in text frames"
        return cast("dict[str, Any]", json.loads(message))

    def init(self, payload: object = None) -> dict[str, Any]:
        self.send({"type": "connection_init"} | ({} if payload is None else {"payload": payload}))
        return self.receive()

    def subscribe(self, query: object, id_: str = "1", **more: object) -> None:
        self.send({"type": "subscribe", "id": id_, "payload": {"query": query} | more})

    def closed(self) -> tuple[int, str]:
        with pytest.raises(ConnectionClosed):
            self._drain()
        return self.connection.close_code or 0, self.connection.close_reason or ""

    def _drain(self) -> None:
        while True:
            self.connection.recv(timeout=DEADLINE_SECONDS)


@contextmanager
def opened(served: Served, *, protocol: str = MODERN, **headers: str) -> Iterator[Socket]:
    with connect(
        served.ws, subprotocols=[Subprotocol(protocol)], additional_headers=headers, max_size=None
    ) as connection:
        yield Socket(connection)


@contextmanager
def ready(served: Served, **headers: str) -> Iterator[Socket]:
    with opened(served, **headers) as socket:
        assert socket.init() == {"type": "connection_ack"}
        yield socket


def test_queries_mutations_and_subscriptions_run_on_one_socket(served: Served) -> None:
    with ready(served) as socket:
        socket.subscribe("query ($name: String!) { hello(name: $name) }", variables={"name": "ada"})
        assert socket.receive() == {"id": "1", "type": "next", "payload": {"data": {"hello": "hello ada"}}}
        assert socket.receive() == {"id": "1", "type": "complete"}

        socket.subscribe('mutation { rename(title: "x") }', "2")
        assert socket.receive()["payload"] == {"data": {"rename": "x"}}
        assert socket.receive() == {"id": "2", "type": "complete"}

        socket.subscribe("query A { hello } subscription B { count(to: 2) }", operationName="B")
        assert [socket.receive().get("payload") for _ in range(3)] == [
            {"data": {"count": 0}},
            {"data": {"count": 1}},
            None,
        ]


def test_the_token_of_connection_init_makes_the_context(served: Served) -> None:
    with opened(served) as socket:
        assert socket.init({"token": "ada"}) == {"type": "connection_ack"}
        socket.subscribe("{ viewer }")
        assert socket.receive()["payload"] == {"data": {"viewer": "ada"}}


def test_a_rejected_token_closes_with_the_code_that_clients_take_as_final(served: Served) -> None:
    with opened(served) as socket:
        socket.send({"type": "connection_init", "payload": {"token": "bad"}})
        assert socket.closed() == (4401, "The access token is not valid.")


def test_a_context_that_cannot_be_made_closes_with_a_code_to_retry(served: Served, report: FakeReport) -> None:
    with opened(served) as socket:
        socket.send({"type": "connection_init", "payload": {"token": "lost"}})
        code, reason = socket.closed()

    assert code == 1013
    assert SECRET not in reason
    assert any(fault_id in reason for fault_id in report.faults)


def test_a_silent_socket_is_closed() -> None:
    with (
        served_edge(limits=TransportLimits(connection_init_seconds=0.05)) as served,
        opened(served) as socket,
    ):
        assert socket.closed()[0] == 4408


def test_a_context_that_takes_too_long_closes_the_socket() -> None:
    with served_edge(limits=TransportLimits(request_seconds=0.05)) as served, opened(served) as socket:
        socket.send({"type": "connection_init", "payload": {"token": "slow"}})
        assert socket.closed()[0] == 1013


@pytest.mark.parametrize("payload", [{"query": "{ hello }"}, {"query": "subscription { count }"}])
def test_subscribing_before_the_ack_closes(served: Served, payload: object) -> None:
    with opened(served) as socket:
        socket.send({"type": "subscribe", "id": "1", "payload": payload})
        assert socket.closed()[0] == 4401


def test_a_second_init_closes(served: Served) -> None:
    with ready(served) as socket:
        socket.send({"type": "connection_init"})
        assert socket.closed()[0] == 4429


def test_an_id_in_use_closes_however_long_it_is(served: Served) -> None:
    with ready(served) as socket:
        id_ = "ä" * 128
        socket.subscribe("subscription { wait }", id_)
        assert socket.receive()["payload"] == {"data": {"wait": 0}}
        socket.subscribe("{ hello }", id_)
        code, reason = socket.closed()

    assert code == 4409
    assert len(reason.encode()) <= 123


def test_ping_is_answered_before_init_too(served: Served) -> None:
    with opened(served) as socket:
        socket.send({"type": "ping"})
        assert socket.receive() == {"type": "pong"}
        socket.send({"type": "pong", "payload": {}})
        assert socket.init({}) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "1",
        "null",
        "[]",
        '"x"',
        "{}",
        "[" * 10_000,
        '{"type": 1}',
        '{"type": ["ping"]}',
        '{"type": "%s"}' % ("x" * 1_000),
        '{"type": "start", "id": "1", "payload": {"query": "{ hello }"}}',
        '{"type": "ping", "payload": 1}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "%s", "payload": {"query": "{ hello }"}}' % ("x" * 129),
        '{"type": "subscribe", "id": "1", "payload": "{ hello }"}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 42}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": [1]}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": {}}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": 1}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": []}',
        b'{"type": "ping"}',
    ],
    ids=lambda message: str(message)[:60],
)
def test_a_malformed_message_closes_with_4400(served: Served, message: str | bytes) -> None:
    with ready(served) as socket:
        socket.send(message)
        code, reason = socket.closed()

    assert code == 4400
    assert reason
    assert "object of type" not in reason


def test_a_malformed_init_payload_closes_with_4400(served: Served) -> None:
    with opened(served) as socket:
        socket.send({"type": "connection_init", "payload": 42})
        assert socket.closed()[0] == 4400


def test_a_message_over_the_limit_closes() -> None:
    with (
        served_edge(limits=TransportLimits(message_characters_max=1_000)) as served,
        ready(served) as socket,
    ):
        socket.subscribe("# " + "x" * 1_000 + "\n{ hello }")
        assert socket.closed()[0] == 1009


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("", "BAD_REQUEST"),
        ("{ helo }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { hello }", "OPERATION_RESOLUTION_FAILED"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILED"),
        ("query ($name: String!) { hello(name: $name) }", "BAD_USER_INPUT"),
    ],
)
def test_a_request_error_ends_its_operation_only(served: Served, query: str, code: str) -> None:
    with ready(served) as socket:
        socket.subscribe("subscription { wait }", "other")
        assert socket.receive()["id"] == "other"
        socket.subscribe(query)
        answer = socket.receive()
        errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == code
        if answer["type"] == "next":
            assert socket.receive() == {"id": "1", "type": "complete"}
        # The id is free again, and the socket and the other operation are alive.
        socket.subscribe("{ hello }")
        assert socket.receive()["payload"] == {"data": {"hello": "hello world"}}


def test_faults_are_masked(served: Served, report: FakeReport) -> None:
    with ready(served) as socket:
        for query in ("{ fail }", "subscription { fails }", "{ big }"):
            socket.subscribe(query)
            messages: list[dict[str, Any]] = []
            while not messages or messages[-1]["type"] not in ("complete", "error"):
                messages.append(socket.receive())
            assert SECRET not in json.dumps(messages)
            assert any(fault_id in json.dumps(messages) for fault_id in report.faults)


def test_every_operation_of_a_socket_has_a_scope_of_its_own(served: Served) -> None:
    with ready(served) as socket:
        scopes = set()
        for _ in range(3):
            socket.subscribe("{ scope }")
            scopes.add(socket.receive()["payload"]["data"]["scope"])
            assert socket.receive()["type"] == "complete"

    assert scopes == {1, 2, 3}


def test_every_event_of_a_subscription_starts_with_nothing_loaded(served: Served) -> None:
    with ready(served) as socket:
        socket.subscribe("subscription { scopes }")
        assert [socket.receive()["payload"]["data"]["scopes"] for _ in range(3)] == [0, 1, 2]


def test_a_completed_subscription_is_closed_at_its_source(served: Served) -> None:
    before = WATCHERS.open
    with ready(served) as socket:
        socket.subscribe("subscription { wait }")
        assert socket.receive()["payload"] == {"data": {"wait": 0}}
        assert WATCHERS.open == before + 1
        socket.send({"type": "complete", "id": "1"})
        socket.send({"type": "complete", "id": "unknown"})
        wait_until(lambda: WATCHERS.open == before)
        # The id may be used again.
        socket.subscribe("{ hello }")
        assert socket.receive()["type"] == "next"


def test_a_socket_that_goes_closes_all_its_subscriptions(served: Served) -> None:
    before = WATCHERS.open
    with ready(served) as socket:
        for n in range(3):
            socket.subscribe("subscription { wait }", str(n))
            assert socket.receive()["type"] == "next"
    wait_until(lambda: WATCHERS.open == before)


def test_operations_of_a_socket_are_limited() -> None:
    with (
        served_edge(limits=TransportLimits(socket_operations_max=1)) as served,
        ready(served) as socket,
    ):
        socket.subscribe("subscription { wait }", "1")
        assert socket.receive()["type"] == "next"
        socket.subscribe("{ hello }", "2")
        refusal = socket.receive()
        assert refusal["type"] == "error"
        assert refusal["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        socket.send({"type": "complete", "id": "1"})
        socket.subscribe("{ hello }", "2")
        assert socket.receive()["payload"] == {"data": {"hello": "hello world"}}


def test_sockets_of_a_process_are_limited() -> None:
    with served_edge(limits=TransportLimits(sockets_max=1)) as served:
        with ready(served), pytest.raises(InvalidStatus) as refused, opened(served):
            pass
        assert refused.value.response.status_code == 503

        def served_again() -> bool:
            try:
                with ready(served):
                    return True
            except InvalidStatus:
                return False

        wait_until(served_again)


def test_an_operation_ends_at_its_deadline() -> None:
    with (
        served_edge(limits=TransportLimits(request_seconds=0.1)) as served,
        ready(served) as socket,
    ):
        socket.subscribe("{ sleep }")
        answer = socket.receive()
        assert answer["payload"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
        socket.subscribe("subscription { wait }", "2")
        assert socket.receive()["payload"] == {"data": {"wait": 0}}


@pytest.mark.parametrize("protocol", ["graphql-ws", "soap"])
def test_only_the_modern_protocol_is_spoken(served: Served, protocol: str) -> None:
    with connect(served.ws, subprotocols=None) as connection:
        assert Socket(connection).closed()[0] == 4406
    with connect(served.ws, additional_headers={"Sec-WebSocket-Protocol": protocol}) as connection:
        assert connection.subprotocol is None
        assert Socket(connection).closed()[0] == 4406


def test_pages_of_foreign_origins_open_no_sockets(served: Served) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(served, Origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403

    with opened(served, Origin="https://shop.example") as socket:
        assert socket.init() == {"type": "connection_ack"}


def test_the_cost_is_told_to_sockets_that_asked(served: Served) -> None:
    with opened(served, **{"X-GraphQL-Cost": "1"}) as socket:
        socket.init()
        socket.subscribe("{ dear }")
        assert socket.receive()["payload"]["extensions"]["cost"]["requested"] == 7


class FakeSessions:
    """Tells that a viewer's session is over from when the test says so, or after so many questions."""

    def __init__(self, *, holds: int = 1_000_000) -> None:
        self.left = holds

    async def __call__(self, _: FakeContext) -> bool:
        self.left -= 1
        return self.left >= 0


def test_a_session_that_ends_closes_its_sockets_and_streams() -> None:
    sessions = FakeSessions()
    body = {"query": "subscription { count(to: 100000) }"}
    with served_edge(is_current=sessions, limits=TransportLimits(current_seconds=0)) as served:
        with ready(served) as socket:
            socket.subscribe("subscription { count(to: 100000) }")
            assert socket.receive()["payload"] == {"data": {"count": 0}}
            sessions.left = 0
            assert socket.closed() == (4401, OVER)
        with ready(served) as socket:
            socket.subscribe("{ hello }")
            assert socket.closed()[0] == 4401
        streamed = served.post(body, accept="text/event-stream").text

    assert streamed.count("event: next") == 1
    assert '"code":"UNAUTHENTICATED"' in streamed


def test_what_goes_wrong_in_a_stream_may_be_the_sessions_end() -> None:
    with served_edge(is_current=FakeSessions(holds=1)) as served, ready(served) as socket:
        socket.subscribe("subscription { fails }")
        assert socket.receive()["payload"] == {"data": {"fails": 0}}
        assert socket.closed() == (4401, OVER)


def test_a_database_that_is_away_ends_a_stream_with_a_masked_fault(report: FakeReport) -> None:
    async def is_current(_: FakeContext) -> bool:
        raise ConnectionError(SECRET)

    with served_edge(is_current=is_current) as served:
        streamed = served.post({"query": "subscription { count }"}, accept="text/event-stream").text
        with ready(served) as socket:
            socket.subscribe("{ hello }")
            answer = socket.receive()

    assert '"code":"INTERNAL_ERROR"' in streamed
    assert answer["payload"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert SECRET not in streamed + str(answer)
