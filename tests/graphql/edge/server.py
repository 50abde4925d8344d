"""A real server around an edge: uvicorn on a free port, in a thread with a loop of its own."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import httpx
import uvicorn
from starlette.types import ASGIApp

DEADLINE_SECONDS = 10.0


class Served:
    """Where an edge listens, and what it reported."""

    def __init__(self, port: int, client: httpx.Client) -> None:
        self.http = f"http://127.0.0.1:{port}/graphql"
        self.ws = f"ws://127.0.0.1:{port}/graphql"
        self.port = port
        self._client = client

    def post(self, body: object, *, accept: str = "application/json", **headers: str) -> httpx.Response:
        return self._client.post(
            self.http,
            json=body,
            headers={"accept": accept} | _dashed(headers),
            timeout=DEADLINE_SECONDS,
        )

    def send(self, content: bytes, **headers: str) -> httpx.Response:
        usual = {"accept": "application/json", "content-type": "application/json"}
        return self._client.post(self.http, content=content, headers=usual | _dashed(headers))

    def get(self, accept: str = "application/json", **params: object) -> httpx.Response:
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        return self._client.get(self.http, params=texts, headers={"accept": accept})

    def ask(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.post({"query": query, "variables": variables}, **headers).json()


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def serve(app: ASGIApp, *, lifespan: Literal["on", "off"] = "off") -> Iterator[Served]:
    """Run the app until the block ends; open connections are closed by the server."""
    # Without the protocol named, asyncio leaves Nagle on and every answer waits 40 ms for an acknowledgement.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_level="warning", lifespan=lifespan, timeout_graceful_shutdown=1, ws_max_size=4_000_000
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        try:
            wait_until(lambda: server.started)
            with httpx.Client(verify=False, timeout=DEADLINE_SECONDS) as client:  # noqa: S501  # plain HTTP on loopback
                yield Served(listener.getsockname()[1], client)
        finally:
            server.should_exit = True
            thread.join(DEADLINE_SECONDS)
            assert not thread.is_alive()


def wait_until(condition: Any) -> None:
    """Poll until the condition holds, or fail."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)
