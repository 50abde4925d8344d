"""The GraphQL edge, wired: who asks is read from the request, faults go to the log, known errors keep their code."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import strawberry
import structlog
from graphql import GraphQLError
from starlette.requests import Request
from starlette.websockets import WebSocket

from app.container import Container
from app.graphiql.page import graphiql_page
from app.manifests import read_manifests
from app.settings import Settings
from app.viewer import authenticate, bearer_of, client_of
from domain.sellers.switching import still_holds
from domain.shared.actor import Role
from domain.shared.budgets import CostBudget
from domain.shared.errors import DomainError, NotSignedIn
from domain.shared.measures import Measures, NoMeasures
from domain.users.attempts import network_of
from resolvers.context import Context, Viewer
from resolvers.extensions.edge_schema import EdgeSchema, edge_extensions
from resolvers.extensions.measuring import measuring
from resolvers.schema import build_schema
from resolvers.shared.permission import refusal
from resolvers.transport.edge import GraphQLEdge
from resolvers.transport.limits import TransportLimits
from resolvers.transport.refusals import TokenRejected

log = structlog.get_logger("market.graphql")

TOKEN_PARAMETERS: Final = ("authorization", "Authorization", "token", "accessToken")
"""Where clients put the token in the payload of `connection_init`; the first is what the documentation asks for."""


def graphql_edge(
    settings: Settings, container: Callable[[], Container], measures: Measures | None = None
) -> GraphQLEdge:
    """The ASGI application to be mounted at /graphql. `container` gives the opened container of this process."""

    async def make_context(connection: Request | WebSocket, parameters: Mapping[str, Any] | None) -> Context:
        opened = container()
        trace = str(connection.scope.get("state", {}).get("request_id", ""))
        try:
            token = bearer_of(authorization_of(connection, parameters))
            viewer = authenticate(token, client_of(connection, settings.trusted_proxies), opened, trace=trace)
            if isinstance(connection, WebSocket):
                # A socket lasts longer than its token: what the token claims has to be true when it opens.
                await refuse_over(viewer, opened)
        except NotSignedIn as refused:
            raise TokenRejected(refused.message) from refused
        return opened.context(viewer.actor, viewer.client)

    return GraphQLEdge(
        schema=market_schema(settings, measures or NoMeasures(), ProcessBudget(container)),
        make_context=make_context,
        report=report_fault,
        translate=translate,
        document_store=ProcessDocuments(container),
        manifest=read_manifests(settings.trusted_documents),
        trusted_only=lambda context: settings.trusted_documents_only or Role.PARTNER in context.actor.roles,
        limits=TransportLimits(
            client_sockets_max=settings.client_sockets_max, client_subscriptions_max=settings.client_subscriptions_max
        ),
        is_current=holds,
        client_key=client_key,
        network_key=lambda socket: network_of(client_of(socket, settings.trusted_proxies).ip),
        graphiql=settings.serves_graphiql,
        page=None if settings.is_production else graphiql_page(),
        allowed_origins=settings.allowed_origins,
    )


async def refuse_over(viewer: Viewer, container: Container) -> None:
    """Raises NotSignedIn for a viewer whose session ended or changed since the token was signed."""
    ports = container.ports
    if not await still_holds(ports.db.primary, viewer.actor, ports.clock.now()):
        raise NotSignedIn("This session is over or was changed; refresh it or sign in again.")


async def holds(context: Context) -> bool:
    """Whether what the viewer's token claimed when the socket or stream began is still true."""
    return await still_holds(context.ports.db.primary, context.actor, context.ports.clock.now())


class ProcessDocuments:
    """`DocumentStore` of the container, which is opened after the edge is made."""

    def __init__(self, container: Callable[[], Container]) -> None:
        self._container = container

    async def get(self, sha256: str) -> str | None:
        return await self._container().documents.get(sha256)

    async def put(self, sha256: str, text: str) -> None:
        await self._container().documents.put(sha256, text)


class ProcessBudget:
    """`CostBudget` of the container, which is opened after the schema is made."""

    def __init__(self, container: Callable[[], Container]) -> None:
        self._container = container

    async def spend(self, client_key: str, cost: int) -> int:
        return await self._container().budget.spend(client_key, cost)


def market_schema(settings: Settings, measures: Measures, budget: CostBudget) -> strawberry.Schema:
    """The schema with everything that every operation passes through."""
    introspects = settings.serves_graphiql
    return build_schema(
        EdgeSchema,
        extensions=[
            measuring(measures),
            *edge_extensions(budget=budget, client_key=client_key, may_introspect=lambda _: introspects),
        ],
    )


def client_key(context: Context) -> str:
    """Whose budget an operation is paid from: the user's, or the network's, of which one customer has a whole /64."""
    user_id = context.actor.user_id
    return f"user:{user_id}" if user_id is not None else f"ip:{network_of(context.viewer.client.ip)}"


def authorization_of(connection: Request | WebSocket, parameters: Mapping[str, Any] | None) -> str | None:
    """The `Authorization` header, or its like in a socket's first message (browsers cannot set headers there)."""
    header = connection.headers.get("authorization")
    if header:
        return header
    for name in TOKEN_PARAMETERS:
        value = (parameters or {}).get(name)
        if isinstance(value, str) and value:
            return value if value.lower().startswith("bearer ") else f"Bearer {value}"
    return None


def report_fault(fault_id: str, error: BaseException) -> None:
    log.error("masked fault", fault_id=fault_id, exc_info=error)


def translate(error: Exception) -> GraphQLError | None:
    """Expected errors that no union took: they keep their words and their code."""
    return refusal(error) if isinstance(error, DomainError) else None
