"""The GraphQL edge: the ASGI application between a socket and the schema.

Whatever arrives is answered in the client's own protocol, within limits, and nothing unmasked leaves. It is
generic over the context: the application says how one is made from a request, or from a socket and its
`connection_init` payload.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, aclosing
from datetime import timedelta
from typing import Any, Final, TypeVar, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.streaming import HTTPStreamTransport, MultipartSubscriptionTransport
from strawberry.schema import BaseSchema
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types.execution import PreExecutionError, SubscriptionExecutionResult
from strawberry.types.graphql import OperationType

from resolvers.extensions.arrival import Arrival
from resolvers.extensions.faults import FaultMask, Report, Translate, untranslated
from resolvers.extensions.refusals import (
    DEADLINE_EXCEEDED,
    METHOD_NOT_ALLOWED,
    TOO_MANY_STREAMS,
    UNAUTHENTICATED,
    refused,
)
from resolvers.transport.answers import encode, fault_response, json_response, present, refusal_response
from resolvers.transport.bodies import OperationRequest, read_operations
from resolvers.transport.execution import ANSWERED, ANY, READING, WATCHING, Execution
from resolvers.transport.limits import TransportLimits
from resolvers.transport.negotiation import HTML, JSON, accepted, answer_type
from resolvers.transport.occupancy import Occupancy, TooManyOpen
from resolvers.transport.origins import across_origins
from resolvers.transport.persisted import DocumentStore, PersistedDocuments, RecentDocuments
from resolvers.transport.refusals import RequestRefused, TokenRejected
from resolvers.transport.sse import EventStream, stream_protocol
from resolvers.transport.websocket import EdgeSocket, SocketHandler

C = TypeVar("C")

MakeContext = Callable[[Request | WebSocket, Mapping[str, Any] | None], Awaitable[C]]

COST_HEADER: Final = "x-graphql-cost"


async def always_current(_: Any) -> bool:
    return True


class GraphQLEdge(GraphQL[Any, Arrival]):
    """An ASGI application for one schema; `routes` puts it at a path.

    `make_context(request, None)` is called once per HTTP request, `make_context(socket, payload)` once per
    socket; it raises `TokenRejected` for a bad token. `report(fault_id, error)` logs what was masked.
    `manifest` and `trusted_only` are those of `PersistedDocuments`. `is_current(context)` is asked before every
    operation of a socket or stream and, at most once a second, before what follows: once it says no (the session
    ended), the socket closes with 4401 and a stream ends. `client_key(context)` says whose a socket or stream is, and
    `network_key(socket)` where a socket comes from that has not said it yet: both are limited, an empty key is not.
    `allowed_origins` are the foreign origins whose pages may ask, by HTTP and by socket. `page` is what browsers see
    instead of the stock GraphiQL.
    """

    websocket_adapter_class = EdgeSocket
    graphql_transport_ws_handler_class = SocketHandler
    stream_transport_classes_by_protocol: Mapping[str, type[HTTPStreamTransport]] = {
        MULTIPART_SUBSCRIPTION_PROTOCOL: MultipartSubscriptionTransport,
        GRAPHQL_SSE_PROTOCOL: EventStream,
    }

    def __init__(
        self,
        *,
        schema: BaseSchema,
        make_context: MakeContext[C],
        report: Report,
        translate: Translate = untranslated,
        limits: TransportLimits | None = None,
        document_store: DocumentStore | None = None,
        manifest: Mapping[str, str] | None = None,
        trusted_only: Callable[[C], bool] = lambda _: False,
        is_current: Callable[[C], Awaitable[bool]] = always_current,
        client_key: Callable[[C], str] = lambda _: "",
        network_key: Callable[[WebSocket], str] = lambda _: "",
        graphiql: bool = False,
        page: str | None = None,
        allowed_origins: Sequence[str] = (),
    ) -> None:
        self.limits = limits or TransportLimits()
        super().__init__(
            schema,
            graphql_ide="graphiql" if graphiql else None,
            subscription_protocols=(
                GRAPHQL_TRANSPORT_WS_PROTOCOL,
                GRAPHQL_SSE_PROTOCOL,
                MULTIPART_SUBSCRIPTION_PROTOCOL,
            ),
            connection_init_wait_timeout=timedelta(seconds=self.limits.connection_init_seconds),
            max_subscriptions_per_connection=self.limits.socket_operations_max,
            allowed_origins=allowed_origins,
        )
        self.faults = FaultMask(report, translate)
        self._make_context = make_context
        self._page = page
        self._execution = Execution(
            schema,
            PersistedDocuments(
                store=document_store or RecentDocuments(), manifest=manifest or {}, trusted_only=trusted_only
            ),
            is_current,
            self.limits.current_seconds,
        )
        self._http = across_origins(self._serve_http, allowed_origins)
        self._sockets = 0
        self._streams = 0
        self._client_key: Callable[[Any], str] = client_key
        self._network_key = network_key
        self._arriving = Occupancy("sockets that are not initialised", self.limits.client_sockets_max)
        self._client_sockets = Occupancy("sockets", self.limits.client_sockets_max)
        self._subscriptions = Occupancy("operations on sockets and streams", self.limits.client_subscriptions_max)
        self._held: dict[WebSocket, ExitStack] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._serve_socket(WebSocket(scope, receive, send))
        else:
            await self._http(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except RequestRefused as refusal:
            response = refusal_response(refusal, accepted(request.headers.get("accept")).json() or JSON)
        except ClientDisconnect:
            return
        except Exception as fault:  # noqa: BLE001  # reported under an id and answered masked
            response = fault_response(self.faults.fault(fault))
        await response(scope, receive, send)

    def routes(self, path: str) -> list[BaseRoute]:
        """For Starlette. A `Mount` would redirect `path` to `path/`, which neither POST nor sockets follow."""
        return [Route(path, self), WebSocketRoute(path, self)]

    # --- HTTP -----------------------------------------------------------------------------------------------

    async def _respond(self, request: Request) -> Response:
        deadline_at = asyncio.get_running_loop().time() + self.limits.request_seconds
        accept = request.headers.get("accept")
        if request.method not in ("GET", "POST"):
            raise RequestRefused(
                "GraphQL is asked by GET or POST.",
                status=405,
                code=METHOD_NOT_ALLOWED,
                headers={"Allow": "GET, POST"},
            )
        if request.method == "GET" and not request.url.query and self._wants_page(accept):
            return HTMLResponse(self._page or self.graphql_ide_html)
        stream_transport = self._get_stream_transport(stream_protocol(accept) or "")
        media_type = JSON if stream_transport else answer_type(accept)
        asked, context = await self._receive(request, deadline_at)
        arrival = Arrival(
            transport=stream_transport.protocol if stream_transport else "http",
            wants_cost=COST_HEADER in request.headers,
            shares_context=isinstance(asked, list),
            deadline_at=deadline_at,
        )
        if isinstance(asked, list):
            if stream_transport is not None:
                raise RequestRefused("A batch cannot be streamed.")
            return await self._answer_batch(asked, context, arrival, media_type)
        if stream_transport is not None:
            return await self._answer_stream(request, asked, context, arrival, stream_transport)
        return await self._answer_one(request, asked, context, arrival, media_type)

    def _wants_page(self, accept: str | None) -> bool:
        return self.graphql_ide is not None and accepted(accept).names(HTML)

    async def _receive(
        self, request: Request, deadline_at: float
    ) -> tuple[OperationRequest | list[OperationRequest], Any]:
        """What is asked, and the context of who asks it."""
        asked: OperationRequest | list[OperationRequest] | None = None
        limit = asyncio.timeout_at(deadline_at)
        try:
            async with limit:
                asked = await read_operations(request, self.limits)
                return asked, await self._make_context(request, None)
        except TimeoutError as fault:
            if not limit.expired():
                raise
            raise _too_slow(body_arrived=asked is not None) from fault
        except TokenRejected as rejected:
            raise RequestRefused(
                rejected.message,
                status=401,
                code=UNAUTHENTICATED,
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            ) from rejected

    async def _answer_one(
        self, request: Request, asked: OperationRequest, context: Any, arrival: Arrival, media_type: str
    ) -> Response:
        allowed = READING if request.method == "GET" else ANSWERED
        result = await self._execution.answer(asked, context, arrival, allowed)
        return json_response(present(result, self.faults), media_type)

    async def _answer_batch(
        self, asked: list[OperationRequest], context: Any, arrival: Arrival, media_type: str
    ) -> Response:
        results = await asyncio.gather(*(self._execution.answer(each, context, arrival, ANSWERED) for each in asked))
        return json_response([present(result, self.faults) for result in results], media_type)

    async def _answer_stream(
        self,
        request: Request,
        asked: OperationRequest,
        context: Any,
        arrival: Arrival,
        transport: HTTPStreamTransport,
    ) -> Response:
        if self._streams >= self.limits.streams_max:
            raise _too_many("streams")
        try:
            self._subscriptions.check(self._client_key(context))
        except TooManyOpen as full:
            raise RequestRefused(full.message, status=429, code=TOO_MANY_STREAMS) from full
        allowed = transport.allowed_operation_types(set(ANY if request.method == "POST" else READING | WATCHING))
        results = self.stream_operation(asked, context, arrival, allowed)
        return await self._create_streaming_response(
            request=request,
            result=cast("SubscriptionExecutionResult", self._counted(results)),
            protocol=transport.protocol,
            sub_response=await self.get_sub_response(request),
        )

    async def _counted(self, results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        self._streams += 1
        try:
            async with aclosing(results):
                async for result in results:
                    yield result
        except TokenRejected as rejected:
            yield PreExecutionError(data=None, errors=[refused(UNAUTHENTICATED, rejected.message)])
        except Exception as fault:  # noqa: BLE001  # reported under an id; the stream ends with it
            yield PreExecutionError(data=None, errors=[self.faults.fault(fault)])
        finally:
            self._streams -= 1

    async def process_result(self, request: Request, result: Any) -> GraphQLHTTPResponse:
        return cast("GraphQLHTTPResponse", present(result, self.faults))

    def encode_json(self, data: object) -> bytes:
        return encode(data)

    # --- WebSocket ------------------------------------------------------------------------------------------

    async def _serve_socket(self, socket: WebSocket) -> None:
        if self._sockets >= self.limits.sockets_max:
            await _deny(socket, 503, "Too many open sockets.")
            return
        with ExitStack() as held:
            try:
                held.enter_context(self._arriving.one(self._network_key(socket)))
            except TooManyOpen as full:
                await _deny(socket, 429, full.message)
                return
            self._sockets += 1
            self._held[socket] = held
            try:
                await self.run(socket)
            finally:
                self._sockets -= 1
                del self._held[socket]

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """None at first: a socket's context is made when its `connection_init` says who is there."""
        return None

    async def open_context(self, socket: WebSocket, connection_params: Mapping[str, Any]) -> Any:
        """Whose the socket is; from now on it counts as theirs. Raises TokenRejected, TooManyOpen."""
        context = await self._make_context(socket, connection_params)
        held = self._held[socket]
        held.close()
        held.enter_context(self._client_sockets.one(self._client_key(context)))
        return context

    async def stream_operation(
        self, request: OperationRequest, context: Any, arrival: Arrival, allowed: Iterable[OperationType] = ANY
    ) -> AsyncGenerator[Any, None]:
        try:
            with self._subscriptions.one(self._client_key(context)):
                async with aclosing(self._execution.stream(request, context, arrival, allowed)) as results:
                    async for result in results:
                        yield result
        except TooManyOpen as full:
            error = refused(TOO_MANY_STREAMS, full.message, maximum=full.maximum)
            yield PreExecutionError(data=None, errors=[error])


def _too_many(what: str) -> RequestRefused:
    return RequestRefused(
        f"Too many open {what}; try again.", status=503, code=TOO_MANY_STREAMS, headers={"Retry-After": "1"}
    )


def _too_slow(*, body_arrived: bool) -> RequestRefused:
    if body_arrived:
        return RequestRefused("The request took too long.", status=504, code=DEADLINE_EXCEEDED)
    return RequestRefused("The request did not arrive in time.", status=408, headers={"Connection": "close"})


async def _deny(socket: WebSocket, status: int, why: str) -> None:
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        response = PlainTextResponse(why, status_code=status, headers={"Retry-After": "1"})
        await socket.receive()
        await socket.send_denial_response(response)
    else:
        await socket.close()
