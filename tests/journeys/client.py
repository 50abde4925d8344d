"""Somebody with an ordinary GraphQL client: queries and mutations over HTTP, subscriptions over a WebSocket."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self, cast

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

ANSWER_SECONDS_MAX: Final = 40.0
EVENT_SECONDS_MAX: Final = 20.0
PROTOCOL: Final = Subprotocol("graphql-transport-ws")


class Refused(Exception):
    """The whole operation was refused; `code` is that of its first error."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(str(errors))
        self.code = str(errors[0].get("extensions", {}).get("code"))


class Stream:
    """What one subscription brings."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def next(self, seconds: float = EVENT_SECONDS_MAX) -> Any:
        """The next value of the subscribed field. Raises TimeoutError, Refused."""
        async with asyncio.timeout(seconds):
            while True:
                message = json.loads(await self._socket.recv())
                if message["type"] == "error":
                    raise Refused(message["payload"])
                if message["type"] == "next":
                    return only(payload_data(message["payload"]))
                assert message["type"] == "ping", message
                await self._socket.send(json.dumps({"type": "pong"}))


@dataclass
class Client:
    """One person at one API process. `token` is an access token, None for a guest."""

    http: httpx.AsyncClient
    url: str
    token: str | None = None
    address: str = field(default_factory=lambda: f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1")
    """Where they come from, as the proxy of this machine would say: everybody from a network of their own."""

    def at(self, url: str) -> Self:
        """The same person and session at another API process."""
        return replace(self, url=url)

    async def ask(self, document: str, **variables: Any) -> Any:
        """The `data` of an operation; Refused when there is an error on the top level."""
        answer = await self.http.post(
            f"{self.url}/graphql", json={"query": document, "variables": variables}, headers=self._headers()
        )
        assert answer.status_code < 500, answer.text
        return payload_data(answer.json())

    async def do(self, mutation: str, selection: str = "", others: str = "", **given: Any) -> Any:
        """Call a mutation with `given` as its input; its result, with `__typename`.

        `selection` is what is wanted of a success, `others` are fragments on further members of the result.
        """
        kind = mutation[0].upper() + mutation[1:]
        success = f"... on {SUCCESS_OF.get(mutation, kind)}Success {{ {selection} }}" if selection else ""
        document = f"""mutation Do($input: {INPUT_OF.get(mutation, f"{kind}Input")}!) {{
            {mutation}(input: $input) {{
                __typename
                ... on UserError {{ code message path }}
                {success} {others}
            }}
        }}"""
        return only(await self.ask(document, input=given))

    async def did(self, mutation: str, selection: str = "", **given: Any) -> Any:
        """`do`, which has to succeed."""
        result = await self.do(mutation, selection, **given)
        assert result["__typename"].endswith("Success"), result
        return result

    @asynccontextmanager
    async def subscribe(self, document: str, **variables: Any) -> AsyncIterator[Stream]:
        """A subscription on a socket of its own, until the block ends."""
        url = f"{self.url.replace('http', 'ws', 1)}/graphql"
        async with connect(url, subprotocols=[PROTOCOL], proxy=None) as socket:
            payload = {"authorization": f"Bearer {self.token}"} if self.token else {}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            acknowledged = json.loads(await socket.recv())
            assert acknowledged["type"] == "connection_ack", acknowledged
            operation = {"query": document, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": operation}))
            yield Stream(socket)

    def _headers(self) -> dict[str, str]:
        headers = {"x-forwarded-for": self.address}
        return headers | ({"authorization": f"Bearer {self.token}"} if self.token else {})


DECISIONS: Final = ("approveSeller", "rejectSeller", "suspendSeller", "reinstateSeller")
INPUT_OF: Final = {
    **dict.fromkeys(DECISIONS, "DecideSellerInput"),
    "submitListing": "ListingInput",
    "startImport": "ImportInput",
}
"""Inputs that several mutations share."""
SUCCESS_OF: Final = {
    **dict.fromkeys(DECISIONS, "DecideSeller"),
    **dict.fromkeys(("continueCheckout", "cancelCheckout"), "Checkout"),
    **dict.fromkeys(("approveModerationCase", "rejectModerationCase"), "DecideCase"),
}
"""Answers that several mutations share."""


def new_http() -> httpx.AsyncClient:
    """Connections for any number of people."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
    return httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX, limits=limits, trust_env=False)


def payload_data(payload: dict[str, Any]) -> Any:
    if payload.get("errors"):
        raise Refused(payload["errors"])
    return payload["data"]


def only(data: Any) -> Any:
    """The value of the only field."""
    (value,) = cast(dict[str, Any], data).values()
    return value
