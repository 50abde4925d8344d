"""The API as an ASGI program: what is outermost, what opens and closes with the process, which paths there are."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from app.container import Container, open_container
from app.graphql import graphql_edge
from app.health import Health, Part, health_routes
from app.jobs import handlers_of
from app.requests import RequestLayer
from app.settings import Settings, load_settings
from app.webhooks import webhook_routes
from infra.http.probe import HttpProbe
from infra.postgres.probe import PostgresProbe
from infra.redis.probe import RedisProbe
from infra.telemetry.logs import configure_logs
from infra.telemetry.metrics import PrometheusMeasures
from infra.telemetry.traces import Tracing, exporting_to

PROVIDER_URL = "https://api.stripe.com"
PROVIDER_REMEMBERED_SECONDS = 15.0
SERVICE = "market-api"


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The program for one process; without settings, those of the environment.

    Raises SettingsRefused. Connections are opened by the lifespan, not here.
    """
    settings = settings or load_settings()
    configure_logs(json=settings.log_as == "json", level=settings.log_level)
    measures = PrometheusMeasures()
    stack = AsyncExitStack()
    health = Health(open_probes(settings, stack))
    tracing = open_tracing(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with stack:
            if tracing is not None:
                stack.callback(tracing.shutdown)
            app.state.container = await stack.enter_async_context(
                open_container(settings, handlers_of=handlers_of(), measures=measures)
            )
            yield

    def container() -> Container:
        opened: Container = application.state.container
        return opened

    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    edge = graphql_edge(settings, container)
    routes: list[BaseRoute] = [
        Route("/graphql", edge),
        WebSocketRoute("/graphql", edge),
        *webhook_routes(container),
        *health_routes(health, measures, metrics_token=token),
    ]
    application = Starlette(routes=routes, lifespan=lifespan)
    app: ASGIApp = RequestLayer(application, measures=measures)
    return tracing.around(app) if tracing is not None else app


def open_probes(settings: Settings, stack: AsyncExitStack) -> list[Part]:
    """What readiness looks at; only PostgreSQL decides."""
    postgres = PostgresProbe(settings.database_url)
    redis = RedisProbe(settings.redis_url)
    provider = HttpProbe(settings.stripe_api_base or PROVIDER_URL)
    stack.callback(postgres.close)
    stack.push_async_callback(redis.aclose)
    stack.push_async_callback(provider.aclose)
    parts = [
        Part("postgres", True, postgres),
        Part("redis", False, redis),
        Part("payments", False, provider, PROVIDER_REMEMBERED_SECONDS),
    ]
    if settings.opensearch_url is not None:
        search = HttpProbe(settings.opensearch_url, verify=settings.opensearch_verify_tls)
        stack.push_async_callback(search.aclose)
        parts.append(Part("search", False, search))
    return parts


def open_tracing(settings: Settings) -> Tracing | None:
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    processor = exporting_to(settings.otel_exporter_otlp_endpoint)
    return Tracing(service=SERVICE, environment=settings.environment, processor=processor)
