"""Guarantee: a hash stands for its own text only, and a trusted-only client executes nothing but the manifest."""

import hashlib
import json
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from resolvers.transport.persisted import RecentDocuments, read_manifest
from tests.graphql.edge.conftest import served_edge
from tests.graphql.edge.server import DEADLINE_SECONDS, Served

HELLO = "query Hello { hello }"
TRUSTED = 'query Trusted { hello(name: "trusted") }'


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def apq(text: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text)}}


def code(answer: dict[str, Any]) -> str:
    found = answer["errors"][0]["extensions"]["code"]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_a_miss_is_followed_by_the_text_and_then_the_hash_is_enough(accept: str) -> None:
    with served_edge() as served:
        missed = served.get(accept, extensions=apq(HELLO))
        registered = served.post({"query": HELLO, "extensions": apq(HELLO)}, accept=accept)
        by_get = served.get(accept, extensions=apq(HELLO), operationName="Hello")
        by_id = served.post({"documentId": f"sha256:{sha256(HELLO)}"}, accept=accept)

    assert missed.status_code == 200
    assert missed.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert code(missed.json()) == "PERSISTED_QUERY_NOT_FOUND"
    assert missed.headers["cache-control"] == "no-store"
    for response in (registered, by_get, by_id):
        assert response.json() == {"data": {"hello": "hello world"}}


def test_a_text_may_be_registered_by_get(served: Served) -> None:
    text = "query ByGet { hello }"
    served.get(query=text, extensions=apq(text))

    assert served.get(extensions=apq(text)).json() == {"data": {"hello": "hello world"}}


def test_nobody_puts_a_text_under_the_hash_of_another(served: Served) -> None:
    victim = "query Victim { hello }"
    poisoned = served.post({"query": "{ viewer }", "extensions": apq(victim)}).json()

    assert code(poisoned) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert code(served.get(extensions=apq(victim)).json()) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{ helo }", "{", "{ " + "hello " * 1_001 + "}"])
def test_only_valid_texts_are_stored(served: Served, text: str) -> None:
    served.post({"query": text, "extensions": apq(text)})

    assert code(served.get(extensions=apq(text)).json()) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_mutations_hash_by_get_is_refused(served: Served) -> None:
    text = 'mutation { rename(title: "x") }'
    assert served.post({"query": text, "extensions": apq(text)}).json()["data"]

    assert served.get(extensions=apq(text)).status_code == 405


@pytest.mark.parametrize(
    "persisted", [1, {}, {"sha256Hash": 1}, {"sha256Hash": "x"}, {"sha256Hash": "A" * 64}, {"version": 1}]
)
def test_a_malformed_hash_is_refused(served: Served, persisted: object) -> None:
    assert code(served.post({"extensions": {"persistedQuery": persisted}}).json()) == "BAD_REQUEST"


def test_persisted_documents_run_over_sockets_and_streams(served: Served) -> None:
    text = "subscription Persisted { count(to: 1) }"
    with connect(served.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:

        def ask(**payload: object) -> dict[str, Any]:
            socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            answer: dict[str, Any] = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
            if answer["type"] == "next":
                socket.recv(timeout=DEADLINE_SECONDS)
            return answer

        socket.send('{"type": "connection_init"}')
        socket.recv(timeout=DEADLINE_SECONDS)
        missed = ask(extensions=apq(text))
        mismatched = ask(query="{ viewer }", extensions=apq(text))
        registered = ask(query=text, extensions=apq(text))
        known = ask(extensions=apq(text))
        by_id = ask(documentId=sha256(text))

    assert missed["type"] == "error"
    assert missed["payload"][0]["message"] == "PersistedQueryNotFound"
    assert mismatched["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_HASH_MISMATCH"
    assert [each["payload"] for each in (registered, known, by_id)] == [{"data": {"count": 0}}] * 3

    streamed = served.post({"extensions": apq(text)}, accept="text/event-stream").text
    assert '{"data":{"count":0}}' in streamed
    missing = served.post({"extensions": apq("{ x }")}, accept="text/event-stream").text
    assert "PERSISTED_QUERY_NOT_FOUND" in missing


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": sha256(TRUSTED)},
        {"documentId": f"sha256:{sha256(TRUSTED)}"},
        {"id": sha256(TRUSTED)},
        {"doc_id": sha256(TRUSTED)},
        {"extensions": apq(TRUSTED)},
        {"query": TRUSTED, "extensions": apq(TRUSTED)},
        {"query": TRUSTED},
        # The hash decides, not the text beside it.
        {"query": "{ viewer }", "extensions": apq(TRUSTED)},
    ],
    ids="+".join,
)
def test_a_trusted_document_runs_in_every_form_that_clients_send(body: dict[str, object]) -> None:
    manifest = read_manifest({sha256(TRUSTED): TRUSTED})
    with served_edge(manifest=manifest, trusted_only=lambda _: True) as served:
        assert served.post(body).json() == {"data": {"hello": "hello trusted"}}


def test_trusted_only_clients_run_nothing_else() -> None:
    manifest = read_manifest({sha256(TRUSTED): TRUSTED})
    with served_edge(manifest=manifest, trusted_only=lambda context: context.viewer == "partner") as served:
        assert served.post({"query": HELLO, "extensions": apq(HELLO)}).json()["data"], "others may"
        for body in (
            {"query": HELLO},
            {"query": HELLO, "extensions": apq(HELLO)},
            {"extensions": apq(HELLO)},
            {"documentId": sha256(HELLO)},
            {"documentId": "unknown", "query": TRUSTED},
            {},
        ):
            answer = served.post(body, authorization="Bearer partner").json()
            assert code(answer) == "TRUSTED_DOCUMENT_REQUIRED"

        with connect(served.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            socket.send('{"type": "connection_init", "payload": {"token": "partner"}}')
            socket.recv(timeout=DEADLINE_SECONDS)
            socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{ viewer }"}}))
            refused = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
            socket.send(json.dumps({"type": "subscribe", "id": "2", "payload": {"extensions": apq(TRUSTED)}}))
            allowed = json.loads(socket.recv(timeout=DEADLINE_SECONDS))

    assert refused["payload"][0]["extensions"]["code"] == "TRUSTED_DOCUMENT_REQUIRED"
    assert allowed["payload"] == {"data": {"hello": "hello trusted"}}


@pytest.mark.parametrize(
    "content",
    [
        {"abc": "{ hello }"},
        {"sha256:abc": "{ hello }"},
        {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{"id": "abc", "name": "A", "type": "query", "body": "{ hello }"}],
        },
    ],
)
def test_manifests_of_all_clients_are_read(content: object) -> None:
    assert read_manifest(content) == {"abc": "{ hello }"}


@pytest.mark.parametrize("content", [None, [], "x", {"abc": 1}, {"operations": [{"id": "abc"}]}])
def test_anything_else_is_no_manifest(content: object) -> None:
    with pytest.raises(ValueError, match="manifest"):
        read_manifest(content)


async def test_recent_documents_are_bounded_by_count_and_by_characters() -> None:
    store = RecentDocuments(entries_max=2, characters_max=10)
    for name in ("a", "b"):
        await store.put(name, "1234")
    assert await store.get("a") == "1234"
    await store.put("c", "1")
    assert [await store.get(name) for name in "abc"] == ["1234", None, "1"]
    await store.put("d", "12345678")
    assert [await store.get(name) for name in "acd"] == [None, "1", "12345678"]
    await store.put("e", "x" * 11)
    assert [await store.get(name) for name in "acde"] == [None] * 4
