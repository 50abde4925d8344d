"""Health and metrics of a process that serves nothing else, on a port of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from app.serving import listen


class QuietServer(uvicorn.Server):
    """Leaves the signals to the process it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def probes_on(host: str, port: int | None, routes: Sequence[BaseRoute]) -> AsyncIterator[None]:
    """Serve the routes while the block runs; without a port nothing is served. Raises PortTaken."""
    if port is None:
        yield
        return
    config = uvicorn.Config(
        Starlette(routes=list(routes)),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=20,
        timeout_graceful_shutdown=1,
    )
    server = QuietServer(config)
    listener = listen(host, port)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
