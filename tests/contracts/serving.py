"""Small servers for contract tests: an ASGI application on a loopback port, and a receiver of webhooks."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

WAIT_SECONDS_MAX = 20.0


@contextmanager
def serving(app_at: Callable[[str], Any]) -> Iterator[str]:
    """The base URL of the application that `app_at(url)` makes, served from a thread with a loop of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app_at(url), log_level="critical", access_log=False, ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not server.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(WAIT_SECONDS_MAX)


@dataclass
class WebhookReceiver:
    """What arrived, in order. `refuse` answers that many deliveries with 500 first."""

    refuse: int = 0
    arrived: list[tuple[bytes, str]] = field(default_factory=list)
    refused: int = 0

    def app(self) -> Starlette:
        return Starlette(routes=[self.route()])

    def route(self) -> Route:
        return Route("/hook", self._receive, methods=["POST"])

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        if self.refuse > 0:
            self.refuse -= 1
            self.refused += 1
            return Response(status_code=500)
        self.arrived.append((body, request.headers["stripe-signature"]))
        return Response()


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until `condition`, which may be a coroutine function, is true; fail by name after a while."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        met = condition()
        if await met if isawaitable(met) else met:
            return
        assert time.monotonic() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.01)
