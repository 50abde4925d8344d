"""The sandbox as a Starlette application: the API, the pages, the controls, and the delivery of webhooks."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.sandbox import control, pages
from infra.sandbox.errors import unknown_url
from infra.sandbox.requests import Endpoint, Requests
from infra.sandbox.routes import ENDPOINTS
from infra.sandbox.store import Store
from infra.sandbox.webhooks import Deliveries


def create_app(
    path: Path,
    webhook_url: str | None = None,
    webhook_secret: str = "whsec_sandbox",  # noqa: S107 - a development double's
    webhook_events: Collection[str] = ("*",),
    *,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The sandbox over the SQLite file at `path`.

    `clock` is the provider's time in Unix seconds; the switch `clock_offset_seconds` is added to it.
    The webhook is told of `webhook_events` only, as an endpoint at the provider is. Its messages are signed and
    repeated by the true time, since their receiver checks them by its own.
    """
    store = Store(path, clock, time.time, webhook_events)
    deliveries = Deliveries(store, webhook_url, webhook_secret, time.time)
    requests = Requests(store, deliveries.wake)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(deliveries.run(), name="sandbox webhooks")
            yield
            delivering.cancel()
        store.close()

    routes = [_route(requests, endpoint) for endpoint in ENDPOINTS]
    routes += control.routes(store, deliveries.wake)
    routes += pages.routes(store, deliveries.wake)
    # Any origin may call, as with the provider itself: the buyer's browser confirms from the shop's page.
    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"])
    return Starlette(
        routes=routes, middleware=[cors], lifespan=lifespan, exception_handlers={404: _unknown, 405: _unknown}
    )


def _route(requests: Requests, endpoint: Endpoint) -> Route:
    async def serve(request: Request) -> Response:
        return await requests.serve(request, endpoint)

    return Route(endpoint.path, serve, methods=[endpoint.method])


async def _unknown(request: Request, _: Exception) -> Response:
    error = unknown_url(request.method, request.url.path)
    return JSONResponse(error.body(), status_code=error.status)
