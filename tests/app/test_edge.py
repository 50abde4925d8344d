"""Two processes of the API as they are wired: what one is told the other knows, and who may ask what.

The guarantees: a program of a partner executes registered operations only; a socket serves nobody whose session is
over; without Redis everything is answered.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app.asgi import create_app
from app.container import Container
from app.manifests import read_manifests
from app.settings import SettingsRefused
from domain.shared.actor import SYSTEM, Role
from domain.shared.ids import decode_id
from domain.users.administration import SetUserRoles, set_user_roles
from domain.users.sessions import sign_out
from tests.conftest import settings_for
from tests.graphql.edge.server import DEADLINE_SECONDS, Served, serve

PASSWORD = "a long enough password"
NAME = "query Name { me { user { displayName } } }"
REGISTER = """mutation ($input: RegisterInput!) { register(input: $input) {
    ... on RegisterSuccess { accessToken user { id } } } }"""
SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { accessToken } } }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def apq(text: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text)}}


def code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


@pytest.fixture(scope="module", autouse=True)
def the_logs_of_the_run() -> Iterator[None]:
    """Making the program sets up logging for its process, which is this one."""
    root, known = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**known)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manifests")
    (folder / "partner.json").write_text(json.dumps({f"sha256:{sha256(NAME)}": NAME}))
    return folder


@pytest.fixture(scope="module")
def processes(container: Container, redis_url: str, manifest: Path) -> Iterator[tuple[Served, Served]]:
    settings = settings_for(container.settings.database_url, redis_url, trusted_documents=manifest)
    with ExitStack() as stack:
        one, two = (stack.enter_context(serve(create_app(settings), lifespan="on")) for _ in range(2))
        yield one, two


def registered(served: Served) -> tuple[str, str, str]:
    """(e-mail, id, access token) of somebody new."""
    email = f"{uuid4().hex}@example.com"
    given = {"email": email, "password": PASSWORD, "displayName": "Ann"}
    made = served.ask(REGISTER, {"input": given})["data"]["register"]
    return email, made["user"]["id"], made["accessToken"]


@contextmanager
def a_socket(served: Served, token: str) -> Iterator[ClientConnection]:
    with connect(served.ws, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        payload = {"authorization": f"Bearer {token}"}
        socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(socket.recv(timeout=DEADLINE_SECONDS)) == {"type": "connection_ack"}
        yield socket


def ask(socket: ClientConnection, **payload: object) -> Any:
    socket.send(json.dumps({"type": "subscribe", "id": uuid4().hex, "payload": payload}))
    answer = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
    if answer["type"] == "next":
        socket.recv(timeout=DEADLINE_SECONDS)
    return answer["payload"]


def test_an_operation_that_one_process_was_told_runs_by_its_hash_on_another(processes: tuple[Served, Served]) -> None:
    one, two = processes
    text = f"query Q{uuid4().hex} {{ __typename }}"
    assert code(two.get(extensions=apq(text)).json()) == "PERSISTED_QUERY_NOT_FOUND"
    assert one.post({"query": text, "extensions": apq(text)}).json() == {"data": {"__typename": "Query"}}
    assert two.get(extensions=apq(text)).json() == {"data": {"__typename": "Query"}}


def test_what_a_client_spends_at_one_process_is_gone_at_the_other(container: Container, redis_url: str) -> None:
    settings = settings_for(
        container.settings.database_url, redis_url, cost_capacity=10_000, cost_refill_per_second=0.001
    )
    with ExitStack() as stack:
        one, two = (stack.enter_context(serve(create_app(settings), lifespan="on")) for _ in range(2))
        # Each asks with a token of its own, so that no other test's client pays.
        token = registered(one)[2]
        text = "{ __typename } #" + "x" * 40_000
        answers = [
            each.ask(f"{text}{turn}", authorization=f"Bearer {token}") for turn in range(3) for each in (one, two)
        ]
    assert [code(answer) for answer in answers if "errors" in answer] == ["RATE_LIMITED"] * 4


async def test_a_partners_program_runs_registered_operations_only(
    container: Container, processes: tuple[Served, Served]
) -> None:
    one, two = processes
    email, public_id, token = registered(one)
    free = "{ me { user { email } } }"
    assert one.ask(free, authorization=f"Bearer {token}")["data"], "as everybody may"
    roles = SetUserRoles(user_id=decode_id("user", public_id), roles=[Role.PARTNER])
    await set_user_roles(roles, actor=SYSTEM, db=container.ports.db)
    signed_in = one.ask(SIGN_IN, {"input": {"email": email, "password": PASSWORD}})
    token = signed_in["data"]["signIn"]["accessToken"]

    for served in (one, two):
        known = served.post({"documentId": sha256(NAME)}, authorization=f"Bearer {token}").json()
        assert known == {"data": {"me": {"user": {"displayName": "Ann"}}}}
        for body in ({"query": "{ __typename }"}, {"query": "{ __typename }", "extensions": apq("{ __typename }")}):
            refused = served.post(body, authorization=f"Bearer {token}").json()
            assert code(refused) == "TRUSTED_DOCUMENT_REQUIRED"
    with a_socket(two, token) as socket:
        assert ask(socket, documentId=sha256(NAME)) == known
        assert ask(socket, query="{ __typename }")[0]["extensions"]["code"] == "TRUSTED_DOCUMENT_REQUIRED"


async def test_who_becomes_a_partners_program_is_signed_out(
    container: Container, processes: tuple[Served, Served]
) -> None:
    """Else the sessions from before would go on without the bound."""
    one, two = processes
    _, public_id, token = registered(one)
    with a_socket(two, token) as socket:
        assert ask(socket, query=NAME)["data"]
        roles = SetUserRoles(user_id=decode_id("user", public_id), roles=[Role.PARTNER])
        await set_user_roles(roles, actor=SYSTEM, db=container.ports.db)
        with pytest.raises(ConnectionClosed):
            ask(socket, query=NAME)
        assert socket.close_code == 4401


async def test_a_socket_answers_nobody_whose_session_is_over(
    container: Container, processes: tuple[Served, Served]
) -> None:
    one, two = processes
    token = registered(one)[2]
    actor = container.ports.tokens.verify(token, container.ports.clock.now())
    assert actor is not None
    with a_socket(two, token) as socket:
        assert ask(socket, query=NAME)["data"] == {"me": {"user": {"displayName": "Ann"}}}
        await sign_out(actor=actor, ports=container.ports.users)
        with pytest.raises(ConnectionClosed):
            ask(socket, query=NAME)
        assert socket.close_code == 4401


def test_everything_is_answered_without_redis(container: Container) -> None:
    settings = settings_for(container.settings.database_url, "redis://127.0.0.1:1/0")
    text = f"query Q{uuid4().hex} {{ __typename }}"
    with serve(create_app(settings), lifespan="on") as alone:
        assert alone.post({"query": text, "extensions": apq(text)}).json() == {"data": {"__typename": "Query"}}
        assert alone.get(extensions=apq(text)).json() == {"data": {"__typename": "Query"}}


def test_where_everybody_is_bound_strangers_are_too(container: Container, redis_url: str, manifest: Path) -> None:
    settings = settings_for(
        container.settings.database_url, redis_url, trusted_documents=manifest, trusted_documents_only=True
    )
    with serve(create_app(settings), lifespan="on") as served:
        assert code(served.ask("{ __typename }")) == "TRUSTED_DOCUMENT_REQUIRED"
        assert code(served.post({"documentId": sha256(NAME)}).json()) == "UNAUTHENTICATED", "it did run"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), ("{", "no manifest"), ('{"a": 1}', "no manifest"), ("[" * 100_000, "no manifest")],
    ids=["missing", "broken", "no texts", "deep"],
)
def test_a_manifest_that_cannot_be_read_stops_the_start(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "partner.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsRefused, match=said):
        read_manifests(file)


def test_manifests_that_disagree_about_an_id_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"a": "{ hello }"}')
    (tmp_path / "two.json").write_text('{"a": "{ hello }", "b": "{ bye }"}')
    assert read_manifests(tmp_path) == {"a": "{ hello }", "b": "{ bye }"}
    (tmp_path / "three.json").write_text('{"b": "{ other }"}')
    with pytest.raises(SettingsRefused, match="another text for b"):
        read_manifests(tmp_path)


def test_nobody_is_bound_to_a_manifest_that_is_not_there(redis_url: str) -> None:
    with pytest.raises(ValueError, match="needs TRUSTED_DOCUMENTS"):
        settings_for("postgresql://db/market", redis_url, trusted_documents_only=True)


def test_a_users_sockets_are_counted_apart_from_others_of_the_same_network(
    container: Container, redis_url: str
) -> None:
    settings = settings_for(container.settings.database_url, redis_url, client_sockets_max=1)
    with serve(create_app(settings), lifespan="on") as served:
        (_, _, ann), (_, _, bob) = registered(served), registered(served)
        with a_socket(served, ann), a_socket(served, bob):
            with pytest.raises(ConnectionClosed) as refused, a_socket(served, ann):
                pass
            assert refused.value.rcvd is not None
            assert refused.value.rcvd.code == 4430
