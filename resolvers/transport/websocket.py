"""GraphQL over WebSocket: every message checked, and no operation able to take the socket down.

The token comes in the payload of `connection_init`. One that is rejected closes with 4401, which clients take
as final; after the 4403 of the protocol's text they would retry.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final, Protocol, cast

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonTextMessageReceived
from strawberry.http.exceptions import WebSocketDisconnected as SocketGone
from strawberry.schema.schema import StreamResult
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError

from resolvers.extensions.arrival import Arrival
from resolvers.extensions.faults import FaultMask
from resolvers.extensions.refusals import LIMIT_EXCEEDED, refused
from resolvers.transport.answers import encode, present
from resolvers.transport.bodies import OperationRequest, operation_request, parse_json
from resolvers.transport.limits import TransportLimits
from resolvers.transport.occupancy import TooManyOpen
from resolvers.transport.refusals import RequestRefused, TokenRejected

BAD_MESSAGE: Final = 4400
UNAUTHORIZED: Final = 4401
TOO_MANY_INITS: Final = 4429
TOO_MANY_SOCKETS: Final = 4430
"""Of our own. Clients come back after it with their usual pauses, which is right: another socket may have closed."""
MESSAGE_TOO_BIG: Final = 1009
TRY_AGAIN_LATER: Final = 1013

# Frame limit of the WebSocket protocol; a longer reason breaks the connection instead of closing it.
_REASON_BYTES_MAX: Final = 123
_OPERATION_ID_MAX: Final = 128


class SocketHost(Protocol):
    """What a socket needs of the edge that it belongs to."""

    limits: TransportLimits
    faults: FaultMask

    async def open_context(self, socket: WebSocket, connection_params: Mapping[str, Any]) -> Any: ...

    def stream_operation(self, request: OperationRequest, context: Any, arrival: Arrival) -> StreamResult: ...


class EdgeSocket(ASGIWebSocketAdapter):
    """Text frames of bounded size; sending to a socket that is gone ends the sender, nothing else."""

    ws: WebSocket

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        host = cast("SocketHost", self.view)
        while self.ws.application_state is not WebSocketState.DISCONNECTED:
            message = await self.ws.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise NonTextMessageReceived
            if len(text) > host.limits.message_characters_max:
                await self.close(MESSAGE_TOO_BIG, "Message too big")
                return
            try:
                yield parse_json(text)
            except RequestRefused as refusal:
                await self.close(BAD_MESSAGE, refusal.message)

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(encode(message).decode())
        except (WebSocketDisconnect, WebSocketDisconnected) as gone:
            raise SocketGone from gone

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            return
        short = reason.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")
        # The client may have gone in the meantime, which is what was wanted.
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            await self.ws.close(code=code, reason=short)


class EdgeOperation(Operation[Any, Any]):
    """One operation of a socket, whose errors leave masked."""

    def __init__(self, handler: "SocketHandler", id: str, request: OperationRequest) -> None:
        super().__init__(handler, id, request.text or "", request.variables, request.operation_name)
        self.request = request
        self.faults = handler.host.faults

    async def send_next(self, execution_result: ExecutionResult) -> None:
        payload = present(execution_result, self.faults)
        # Only a request error has no data, and after the first result there is none.
        payload.setdefault("data", None)
        await self.send_operation_message(cast("Message", {"id": self.id, "type": "next", "payload": payload}))

    async def send_initial_errors(self, errors: list[GraphQLError]) -> None:
        await super().send_initial_errors(self.faults.mask(errors))


class SocketHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """The protocol's state machine of Strawberry, with its unchecked parts replaced."""

    @property
    def host(self) -> SocketHost:
        return cast("SocketHost", self.view)

    async def handle_message(self, message: Message) -> None:
        body: object = message
        if not isinstance(body, dict) or not isinstance(body.get("type"), str):
            await self.handle_invalid_message("A message must be an object with a type")
        elif not isinstance(body.get("payload"), dict | None):
            await self.handle_invalid_message("A payload must be an object")
        elif body["type"] in ("subscribe", "complete") and not _is_operation_id(body.get("id")):
            await self.handle_invalid_message(f"An id must be a string of 1 to {_OPERATION_ID_MAX} characters")
        else:
            await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if self.connection_timed_out:
            return
        if self.connection_init_received:
            await self.websocket.close(code=TOO_MANY_INITS, reason="Too many initialisation requests")
            return
        self.connection_init_received = True
        if self.connection_init_timeout_task:
            self.connection_init_timeout_task.cancel()
        socket = cast("EdgeSocket", self.websocket).ws
        try:
            async with asyncio.timeout(self.host.limits.request_seconds):
                self.context = await self.host.open_context(socket, message.get("payload") or {})
        except TokenRejected as rejected:
            await self.websocket.close(code=UNAUTHORIZED, reason=rejected.message)
        except TooManyOpen as full:
            await self.websocket.close(code=TOO_MANY_SOCKETS, reason=full.message)
        except Exception as fault:  # noqa: BLE001  # reported under an id; the client may come back
            error = self.host.faults.fault(fault)
            await self.websocket.close(code=TRY_AGAIN_LATER, reason=error.message)
        else:
            await self.send_message({"type": "connection_ack"})
            self.connection_acknowledged = True

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if not self.connection_acknowledged:
            await self.websocket.close(code=UNAUTHORIZED, reason="Unauthorized")
            return
        id_ = message["id"]
        if id_ in self.operations:
            await self.websocket.close(code=4409, reason=f"Subscriber for {id_} already exists")
            return
        try:
            request = _named_or_given(operation_request(message["payload"], id_names=("documentId",)))
        except RequestRefused as refusal:
            await self.handle_invalid_message(refusal.message)
            return
        operation = EdgeOperation(self, id_, request)
        self.operations[id_] = operation
        maximum = self.host.limits.socket_operations_max
        if len(self.operations) > maximum:
            error = refused(LIMIT_EXCEEDED, f"A socket runs {maximum} operations at once.", maximum=maximum)
            await operation.send_initial_errors([error])
            return
        operation.task = asyncio.create_task(self.run_operation(operation))

    async def run_operation(self, operation: Operation[Any, Any]) -> None:
        """Run one operation to its end; whatever happens in it, the socket and its other operations go on."""
        limits = self.host.limits
        request = cast("EdgeOperation", operation).request
        arrival = Arrival(
            transport="websocket",
            wants_cost=cast("EdgeSocket", self.websocket).ws.headers.get("x-graphql-cost") is not None,
            shares_context=True,
            deadline_at=asyncio.get_running_loop().time() + limits.request_seconds,
        )
        try:
            async with aclosing(self.host.stream_operation(request, self.context, arrival)) as results:
                await self._send_results(operation, results)
        except SocketGone:
            return
        except TokenRejected as rejected:
            await self.websocket.close(code=UNAUTHORIZED, reason=rejected.message)
        except Exception as fault:  # noqa: BLE001  # reported under an id and sent masked
            with suppress(SocketGone):
                await operation.send_initial_errors([self.host.faults.fault(fault)])

    async def _send_results(self, operation: Operation[Any, Any], results: StreamResult) -> None:
        async for result in results:
            if isinstance(result, PreExecutionError):
                await operation.send_initial_errors(result.errors or [])
                return
            # `@defer` and `@stream` were taken out of the document, so there are no pieces.
            assert isinstance(result, ExecutionResult)
            await operation.send_next(result)
        await operation.send_operation_message({"id": operation.id, "type": "complete"})


def _named_or_given(request: OperationRequest) -> OperationRequest:
    if request.text is None and request.document_id is None and not request.extensions:
        raise RequestRefused("`query` must be a string.")
    return request


def _is_operation_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _OPERATION_ID_MAX
