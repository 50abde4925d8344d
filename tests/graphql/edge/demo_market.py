"""The API on demo data, served on a port of its own beside a payment sandbox, and clients that talk to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.container import Container, open_container
from app.demo.seeding import seed_demo
from app.files import file_routes
from app.graphiql.page import ready
from app.graphql import graphql_edge
from app.jobs import handlers_of
from app.probes import QuietServer
from app.serving import listen
from domain.shared.ids import decode_id
from tests.conftest import settings_for
from tests.sandbox_process import EmbeddedSandbox
from tests.servers import Urls, copy_of_template

LISTINGS = 400
EVENT_SECONDS_MAX = 20


@dataclass(frozen=True, slots=True)
class DemoMarket:
    """`address` is where it answers, as `127.0.0.1:1234/graphql`."""

    address: str
    container: Container

    def mailed_token(self, invitation_id: str) -> str:
        """What the mail of an invitation brings; no worker runs here that would send it."""
        return self.container.ports.invitation_tokens.token_of(decode_id("invitation", invitation_id))


@asynccontextmanager
async def demo_market(urls: Urls, redis_url: str, directory: Path) -> AsyncIterator[DemoMarket]:
    """With its files, without a worker."""
    with EmbeddedSandbox(directory) as sandbox:
        settings = settings_for(await copy_of_template(urls), redis_url, stripe_api_base=sandbox.url)
        await seed_demo(settings, LISTINGS)
        async with open_container(settings, handlers_of=handlers_of()) as container:
            edge = graphql_edge(settings, lambda: container)
            routes = [*edge.routes("/graphql"), *file_routes(lambda: container)]
            config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off")
            server, listener = QuietServer(config), listen("127.0.0.1", 0)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                yield DemoMarket(f"127.0.0.1:{listener.getsockname()[1]}/graphql", container)
            finally:
                server.should_exit = True
                await serving


class DemoClient:
    """Somebody who asks; `headers` hold their token once they signed in."""

    def __init__(self, http: httpx.AsyncClient, address: str) -> None:
        self._http = http
        self._address = address
        self.headers: dict[str, str] = {}

    async def ask(self, text: str, variables: Any = None, name: str | None = None) -> Any:
        """The `data` of an operation without top-level errors."""
        body = {"query": text, "variables": variables or {}, "operationName": name}
        answer = (await self._http.post(f"http://{self._address}", json=body, headers=self.headers)).json()
        assert "errors" not in answer, (name, answer)
        return answer["data"]

    async def first_event(self, text: str, variables: Any, name: str) -> Any:
        """Of a subscription, as GraphiQL subscribes: the headers are the payload of `connection_init`."""
        async with connect(f"ws://{self._address}", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": self.headers}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            payload = {"query": text, "operationName": name, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async with asyncio.timeout(EVENT_SECONDS_MAX):
                event = json.loads(await socket.recv())
        assert event["type"] == "next", event
        return event["payload"]["data"]

    async def send_file(self, ticket: Any, content: bytes) -> None:
        """As the ticket says, but to the port that this market has."""
        headers = {header["name"]: header["value"] for header in ticket["headers"]}
        url = httpx.URL(ticket["url"]).copy_with(netloc=self._address.partition("/")[0].encode())
        answer = await self._http.request(ticket["method"], url, content=content, headers=headers)
        assert answer.is_success, answer.text

    async def sign_in(self, viewer: str) -> None:
        """As buyer, seller or admin; whoever has a shop acts for it."""
        sign_in = """mutation SignIn($input: SignInInput!) { signIn(input: $input) {
            ... on SignInSuccess { accessToken } } }"""
        signed_in = await self.ask(sign_in, {"input": ready()["accounts"][viewer]})
        self.headers = {"authorization": f"Bearer {signed_in['signIn']['accessToken']}"}
        shops = (await self.ask("{ me { shops { shop { id } } } }"))["me"]["shops"]
        if shops:
            switch = """mutation Switch($input: SwitchSellerInput!) { switchSeller(input: $input) {
                ... on SwitchSellerSuccess { accessToken } } }"""
            switched = await self.ask(switch, {"input": {"sellerId": shops[0]["shop"]["id"]}})
            self.headers = {"authorization": f"Bearer {switched['switchSeller']['accessToken']}"}
