"""GraphiQL's tabs: each operation is valid, and sent in their order they are one whole purchase."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from graphql import parse, validate
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.container import open_container
from app.demo.seeding import seed_demo
from app.graphiql.operations import DIRECTORY, ReadyOperation, parsed, ready_operations
from app.graphiql.page import ACCOUNTS, HERE, graphiql_page, ready
from app.graphql import graphql_edge
from app.jobs import handlers_of
from app.probes import QuietServer
from app.serving import listen
from infra.sandbox.embedded import EmbeddedSandbox
from tests.conftest import settings_for
from tests.graphql.execution import SCHEMA
from tests.servers import Urls, copy_of_template

NODE = shutil.which("node")
JOURNEY = HERE / "journey.js"
CHECKS = Path(__file__).parent / "graphiql_journey.mjs"


@pytest.mark.parametrize("operation", ready_operations(), ids=lambda operation: operation.name)
def test_every_operation_is_valid(operation: ReadyOperation) -> None:
    assert validate(SCHEMA._schema, parse(operation.text)) == []
    assert operation.text.startswith(f"# {operation.title}\n")
    assert re.match(r"\d+ \w", operation.title)


def test_names_are_not_given_twice_and_files_stand_in_order() -> None:
    operations = ready_operations()
    assert len({operation.name for operation in operations}) == len(operations) == len(list(DIRECTORY.iterdir()))
    assert [int(operation.title.split()[0]) for operation in operations] == list(range(1, len(operations) + 1))


@pytest.mark.parametrize("text", ["# 1 A\n# as: nobody\nquery A { __typename }", "# 1 A\n# as: buyer\n{ __typename }"])
def test_a_file_without_a_viewer_or_a_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 A"):
        parsed(text)


def test_the_page_holds_a_tab_for_each_operation_and_nothing_ends_its_script() -> None:
    page = graphiql_page()
    found = re.search(r'<script type="application/json" id="ready">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert data == ready()
    assert [tab["query"] for tab in data["tabs"]] == [operation.text for operation in ready_operations()]
    assert all(isinstance(text, str) for tab in data["tabs"] for text in tab.values())
    assert json.loads(data["tabs"][4]["headers"]) == {"authorization": "Bearer {buyer}"}
    assert "{{" not in page
    assert all('integrity="sha384-' in script for script in re.findall(r"<script\s[^>]*src=[^>]*>", page))


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_the_pages_script_fills_in_keeps_and_signs_in() -> None:
    assert NODE is not None
    ran = subprocess.run([NODE, CHECKS, JOURNEY], capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "all is well"


def walked(value: Any, path: str) -> Any:
    """What the page's `pick` finds, in Python."""
    while path and value is not None:
        name = re.match(r"\w+", path)
        assert name is not None
        value = value[int(name[0])] if isinstance(value, list) else value.get(name[0])
        path = path[name.end() :]
        if path.startswith("["):
            place = closing(path)
            condition, path = path[1:place], path[place + 1 :]
            value = next((each for each in value if holds(each, condition)), None)
        path = path.removeprefix(".")
    return value


def closing(path: str) -> int:
    """Where the bracket that opens the path closes."""
    depths = accumulate((sign == "[") - (sign == "]") for sign in path)
    return next(place for place, depth in enumerate(depths) if depth == 0)


def holds(value: Any, condition: str) -> bool:
    plain = re.fullmatch(r"([\w.]+)=(\w+)", condition)
    return str(walked(value, plain[1])) == plain[2] if plain else walked(value, condition) is not None


def filled(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    if isinstance(value, str) and (found := re.fullmatch(r"\{(\w+)\}", value)):
        return uuid4().hex if found[1] == "new" else known[found[1]]
    return value


@pytest.fixture
async def address(urls: Urls, redis_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The API on demo data, served on a port of its own beside a payment sandbox."""
    with EmbeddedSandbox(tmp_path) as sandbox:
        settings = settings_for(await copy_of_template(urls), redis_url, stripe_api_base=sandbox.url)
        await seed_demo(settings, 400)
        async with open_container(settings, handlers_of=handlers_of()) as container:
            edge = graphql_edge(settings, lambda: container)
            config = uvicorn.Config(Starlette(routes=edge.routes("/graphql")), log_config=None, lifespan="off")
            server, listener = QuietServer(config), listen("127.0.0.1", 0)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            yield f"127.0.0.1:{listener.getsockname()[1]}/graphql"
            server.should_exit = True
            await serving


async def signed_in(client: httpx.AsyncClient, address: str, viewer: str) -> dict[str, str]:
    headers: dict[str, str] = {}

    async def token(document: str, variables: Any) -> str:
        body = {"query": document, "variables": {"input": variables}}
        (result,) = (await client.post(f"http://{address}", json=body, headers=headers)).json()["data"].values()
        return f"Bearer {result['accessToken']}"

    headers["authorization"] = await token(
        """mutation SignIn($input: SignInInput!) { signIn(input: $input) {
        ... on SignInSuccess { accessToken } } }""",
        ready()["accounts"][viewer],
    )
    mine = {"query": "{ me { shops { shop { id } } } }"}
    shops = (await client.post(f"http://{address}", json=mine, headers=headers)).json()["data"]["me"]["shops"]
    if shops:
        headers["authorization"] = await token(
            """mutation Switch($input: SwitchSellerInput!) { switchSeller(input: $input) {
            ... on SwitchSellerSuccess { accessToken } } }""",
            {"sellerId": shops[0]["shop"]["id"]},
        )
    return headers


async def first_event(address: str, operation: ReadyOperation, variables: Any, headers: dict[str, str]) -> Any:
    """As GraphiQL subscribes: the tab's headers are the payload of `connection_init`."""
    async with connect(f"ws://{address}", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": headers}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": operation.text, "operationName": operation.name, "variables": variables}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        async with asyncio.timeout(20):
            event = json.loads(await socket.recv())
    assert event["type"] == "next", event
    return event["payload"]


async def test_the_tabs_in_their_order_are_one_whole_purchase(address: str) -> None:
    known: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    async with httpx.AsyncClient(timeout=30) as client:
        tokens = {viewer: await signed_in(client, address, viewer) for viewer in ACCOUNTS}
        for operation in ready_operations():
            variables, headers = filled(operation.variables, known), tokens.get(operation.viewer, {})
            if "\nsubscription " in operation.text:
                answer = await first_event(address, operation, variables, headers)
            else:
                sent = {"query": operation.text, "operationName": operation.name, "variables": variables}
                answer = (await client.post(f"http://{address}", json=sent, headers=headers)).json()
            assert "errors" not in answer, (operation.title, answer)
            answers[operation.name] = answer["data"]
            for name, path in operation.keep.items():
                known[name] = walked(answer["data"], path)
                assert known[name] is not None, (operation.title, name, answer)
    failures = {
        name: result["code"]
        for name, data in answers.items()
        for result in data.values()
        if isinstance(result, dict) and "code" in result
    }
    assert failures == {"RefusedInput": "INVALID_INPUT"}
    assert answers["WatchOrder"]["orderUpdated"]["kind"] == "PLACED"
    assert answers["ConfirmDelivery"]["confirmDelivery"]["order"]["status"] == "COMPLETED"
    assert answers["ConfirmDelivery"]["confirmDelivery"]["order"]["escrow"] == "RELEASED"
    assert answers["ReplyToReview"]["replyToReview"]["review"]["reply"]["text"]
    assert answers["Search"]["search"]["nodes"]
    assert answers["Earnings"]["seller"]["balance"]
