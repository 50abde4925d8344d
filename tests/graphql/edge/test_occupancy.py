"""Guarantee: no client takes all sockets or subscriptions of a process; what it closes it may open again."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from resolvers.transport.limits import TransportLimits
from resolvers.transport.occupancy import Occupancy, TooManyOpen
from tests.graphql.edge.conftest import served_edge
from tests.graphql.edge.server import DEADLINE_SECONDS, Served, wait_until

WAIT = "subscription { wait }"
EVENTS = "text/event-stream"
TWO = TransportLimits(client_sockets_max=2, client_subscriptions_max=2)


@contextmanager
def limited() -> Iterator[Served]:
    """A client is known by its token; all the others come from one network."""
    with served_edge(limits=TWO, client_key=lambda context: context.viewer, network_key=lambda _: "network") as served:
        yield served


@contextmanager
def unsaid(served: Served) -> Iterator[ClientConnection]:
    with connect(served.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        yield connection


@contextmanager
def socket_of(served: Served, viewer: str) -> Iterator[ClientConnection]:
    with unsaid(served) as connection:
        connection.send(json.dumps({"type": "connection_init", "payload": {"token": viewer}}))
        assert received(connection) == {"type": "connection_ack"}
        yield connection


def received(connection: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(connection.recv(timeout=DEADLINE_SECONDS))
    return message


def watch(connection: ClientConnection, id_: str) -> dict[str, Any]:
    connection.send(json.dumps({"type": "subscribe", "id": id_, "payload": {"query": WAIT}}))
    return received(connection)


def test_one_socket_too_many_is_closed_with_a_code_of_its_own_and_the_others_stay() -> None:
    with limited() as served, ExitStack() as stack:
        first = stack.enter_context(socket_of(served, "ada"))
        with socket_of(served, "ada"):
            with pytest.raises(ConnectionClosed) as refused, socket_of(served, "ada"):
                pass
            assert refused.value.rcvd is not None
            assert refused.value.rcvd.code == 4430
            assert "2 sockets open at once" in refused.value.rcvd.reason
            with socket_of(served, "bob"):
                assert watch(first, "1")["type"] == "next"

        def served_again() -> bool:
            try:
                with socket_of(served, "ada"):
                    return True
            except ConnectionClosed:
                return False

        wait_until(served_again)


def test_a_network_cannot_hold_sockets_open_that_never_say_whose_they_are() -> None:
    with limited() as served, unsaid(served), unsaid(served) as second:
        with pytest.raises(InvalidStatus) as refused, unsaid(served):
            pass
        assert refused.value.response.status_code == 429
        second.send(json.dumps({"type": "connection_init", "payload": {"token": "ada"}}))
        assert received(second) == {"type": "connection_ack"}
        with socket_of(served, "bob") as connection:
            assert watch(connection, "1")["type"] == "next", "who says it makes room for the next"


def test_subscriptions_are_counted_over_all_sockets_and_streams_of_a_client() -> None:
    with limited() as served, socket_of(served, "ada") as one, socket_of(served, "ada") as two:
        assert watch(one, "1")["type"] == watch(two, "1")["type"] == "next"
        (error,) = watch(two, "2")["payload"]
        assert error["extensions"] == {"code": "TOO_MANY_STREAMS", "maximum": 2}
        asked = {"query": WAIT}
        refused = served.post(asked, accept=EVENTS, authorization="Bearer ada")
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_STREAMS"
        headers = {"accept": EVENTS, "authorization": "Bearer bob"}
        with httpx.stream("POST", served.http, json=asked, headers=headers) as response:
            assert "wait" in next(response.iter_text())
        two.send(json.dumps({"type": "complete", "id": "1"}))
        wait_until(lambda: watch(two, "3")["type"] == "next")


def test_a_client_that_left_takes_no_memory() -> None:
    sockets = Occupancy("sockets", 1)
    with sockets.one("ada"), sockets.one(""), sockets.one(""):
        assert sockets.clients == 1
        with pytest.raises(TooManyOpen), sockets.one("ada"):
            pass
    assert sockets.clients == 0
