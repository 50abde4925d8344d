"""The API as an ASGI program: what is outermost, what opens and closes with the process, which paths there are."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from app.container import Container, local_mailbox, open_container
from app.exporting import export_routes
from app.files import file_routes
from app.graphql import graphql_edge
from app.health import Health, health_routes
from app.jobs import handlers_of
from app.mailbox import mailbox_routes
from app.parts import open_parts
from app.requests import RequestLayer
from app.settings import Settings, load_settings
from app.webhooks import webhook_routes
from infra.telemetry.logs import configure_logs
from infra.telemetry.metrics import PrometheusMeasures

if TYPE_CHECKING:
    from infra.telemetry.traces import Tracing

SERVICE = "market-api"


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The program for one process; without settings, those of the environment.

    Raises SettingsRefused. Connections are opened by the lifespan, not here.
    """
    settings = settings or load_settings()
    configure_logs(json=settings.log_as == "json", level=settings.log_level)
    measures = PrometheusMeasures()
    stack = AsyncExitStack()
    health = Health(open_parts(settings, stack))
    tracing = open_tracing(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with stack:
            if tracing is not None:
                stack.callback(tracing.shutdown)
            app.state.container = await stack.enter_async_context(
                open_container(
                    settings,
                    handlers_of=handlers_of(),
                    measures=measures,
                    watch_pool=measures.watch_pool,
                    serving=True,
                )
            )
            yield

    def container() -> Container:
        opened: Container = application.state.container
        return opened

    edge = graphql_edge(settings, container, measures)
    routes: list[BaseRoute] = [
        Route("/graphql", edge),
        WebSocketRoute("/graphql", edge),
        *webhook_routes(container),
        *file_routes(container),
        *export_routes(container),
        *development_routes(settings),
        *health_routes(health, measures, metrics_token=settings.metrics_secret),
    ]
    application = Starlette(routes=routes, lifespan=lifespan)
    app: ASGIApp = RequestLayer(application, measures=measures)
    return tracing.around(app) if tracing is not None else app


def development_routes(settings: Settings) -> list[Route]:
    """Pages that production, where there is no such mailbox, does not have."""
    mailbox = local_mailbox(settings)
    routes = mailbox_routes(mailbox) if mailbox is not None else []
    if settings.serves_graphiql and not settings.is_production:
        # Whoever opens the bare address in a browser looks for something to see.
        routes.append(Route("/", RedirectResponse("/graphql")))
    return routes


def open_tracing(settings: Settings) -> "Tracing | None":
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    # Loaded by those who use it: it takes as long as a tenth of everything else.
    traces = import_module("infra.telemetry.traces")
    processor = traces.exporting_to(settings.otel_exporter_otlp_endpoint)
    tracing: Tracing = traces.Tracing(service=SERVICE, environment=settings.environment, processor=processor)
    return tracing
