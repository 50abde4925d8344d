"""The outermost layer of the API: every request has an id, is counted, and is logged when it went wrong or was slow."""

import logging
import re
import secrets
import time
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.telemetry.metrics import PrometheusMeasures

REQUEST_ID = "x-request-id"
ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SLOW_SECONDS = 1.0

log = structlog.get_logger("market.requests")
_known = logging.getLogger("market.requests")


class RequestLayer:
    """ASGI middleware for HTTP and sockets.

    The id comes from the caller's `X-Request-Id` if that has a harmless form, else it is made here. It stands in
    `scope["state"]["request_id"]`, in every log line of the request and in the answer's header.
    """

    def __init__(self, app: ASGIApp, *, measures: PrometheusMeasures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = chosen_id(Headers(scope=scope).get(REQUEST_ID))
        scope.setdefault("state", {})["request_id"] = request_id
        kind = str(scope["type"])
        answer = Answer(send, request_id)
        began = time.perf_counter()
        self._measures.opened(kind)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer.send)
            except BaseException:
                answer.failed()
                raise
            finally:
                seconds = time.perf_counter() - began
                self._measures.closed(kind)
                self._measures.request(kind, answer.status, seconds)
                tell(scope, answer.status, seconds)


class Answer:
    """Passes messages on, adds the id to the headers and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._started = False
        # A client that leaves before the answer is counted as 499, as proxies do.
        self.status = 499

    async def send(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            self._started = True
            self.status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID] = self._request_id
        elif message["type"] == "websocket.accept":
            self._started = True
            self.status = HTTPStatus.SWITCHING_PROTOCOLS
        elif message["type"] == "websocket.close" and not self._started:
            self.status = HTTPStatus.FORBIDDEN
        await self._send(message)

    def failed(self) -> None:
        if not self._started:
            self.status = HTTPStatus.INTERNAL_SERVER_ERROR


def chosen_id(offered: str | None) -> str:
    if offered is not None and ACCEPTED_ID.fullmatch(offered):
        return offered
    return secrets.token_hex(8)


def tell(scope: Scope, status: int, seconds: float) -> None:
    """Failed and slow requests are worth a line in any case, the others only while debugging."""
    slow = scope["type"] == "http" and seconds >= SLOW_SECONDS
    level = logging.WARNING if status >= HTTPStatus.INTERNAL_SERVER_ERROR or slow else logging.DEBUG
    if not _known.isEnabledFor(level):
        return  # asked here, since most requests come to this: structlog takes its time to drop a line
    log.log(
        level,
        "request",
        method=scope.get("method"),
        path=scope["path"],
        status=int(status),
        seconds=round(seconds, 4),
    )
