"""Guarantee: whatever bytes a client sends, the answer is well-formed, and none are read without bound."""

import gzip
import json
import socket

import httpx
import pytest

from resolvers.transport.limits import TransportLimits
from tests.graphql.edge.conftest import served_edge
from tests.graphql.edge.server import Served

QUERY = b'{"query": "{ hello }"}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"1",
        b"null",
        b"true",
        b'"x"',
        b"{",
        b"[]",
        b"[1]",
        b"[null]",
        b'[{"query": "{ hello }"}]',
        b"{}",
        b'{"query": 42}',
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": ["{ hello }"]}',
        b'{"query": "{ hello }", "variables": [1]}',
        b'{"query": "{ hello }", "variables": "{}"}',
        b'{"query": "{ hello }", "extensions": 1}',
        b'{"query": "{ hello }", "operationName": 1}',
        b'{"id": 1}',
        b'{"query": "\xff"}',
        b'{"query": "\\ud800"}',
        b'{"query": NaN}',
        b"[" * 100_000,
        b'{"variables": ' + b'{"a":' * 100_000,
        b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 10_000 + b"}}",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_a_malformed_body_is_400_with_errors(served: Served, body: bytes) -> None:
    response = served.send(body, accept="application/graphql-response+json")

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"]
    assert "data" not in response.json()


@pytest.mark.parametrize("parameter", ["variables", "extensions"])
@pytest.mark.parametrize("value", ["{", "[1]", "1", "[" * 5_000])
def test_malformed_query_parameters_are_400(served: Served, parameter: str, value: str) -> None:
    assert served.get(query="{ hello }", **{parameter: value}).status_code == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain, application/json",
        "application/jsonx",
        "application/json-patch+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "",
    ],
)
def test_only_json_in_utf8_is_read(served: Served, content_type: str) -> None:
    response = served.send(QUERY, content_type=content_type)

    assert response.status_code == 415
    assert response.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'APPLICATION/JSON;charset="UTF-8"'])
def test_json_in_utf8_is_read_however_it_is_spelled(served: Served, content_type: str) -> None:
    assert served.send(QUERY, content_type=content_type).status_code == 200


def test_a_compressed_body_is_refused(served: Served) -> None:
    response = served.send(gzip.compress(QUERY), content_encoding="gzip")

    assert response.status_code == 415


def _head(*, length: int) -> bytes:
    return b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % length


def test_a_declared_length_over_the_limit_is_refused_unread(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.settimeout(10)
        client.sendall(_head(length=99_999_999))
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_a_chunked_body_is_counted(served: Served) -> None:
    chunks = (b" " * 100_000 for _ in range(11))
    response = httpx.post(served.http, content=chunks, headers={"content-type": "application/json"})

    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


def test_a_body_that_never_ends_is_given_up() -> None:
    with (
        served_edge(limits=TransportLimits(request_seconds=0.1)) as served,
        socket.create_connection(("127.0.0.1", served.port)) as client,
    ):
        client.settimeout(10)
        client.sendall(_head(length=9) + b"{")
        assert client.recv(100).startswith(b"HTTP/1.1 408")


def test_a_client_that_leaves_in_the_middle_hurts_nobody(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(_head(length=9) + b"{")

    assert served.ask("{ hello }") == {"data": {"hello": "hello world"}}


def test_batches_are_taken_up_to_their_limit() -> None:
    with served_edge(limits=TransportLimits(batch_max=2)) as served:
        operation = {"query": "{ scope hello }"}
        scopes = [each["data"]["scope"] for each in served.post([operation, operation]).json()]
        mixed = served.post([operation, {"query": "{"}]).json()
        too_many = served.post([operation] * 3)
        empty = served.post([])
        member = served.post([operation, 1])
        streamed = served.post([operation], accept="text/event-stream")

    assert sorted(scopes) == [1, 2], "each member has a scope of its own"
    assert mixed[0]["data"]["hello"] == "hello world"
    assert "data" not in mixed[1]
    assert [each.status_code for each in (too_many, empty, member, streamed)] == [400] * 4
    assert json.loads(member.content)["errors"][0]["message"] == "The request must be a JSON object."
