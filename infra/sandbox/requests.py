"""The way of one API request: key, switches, idempotency, handler, answer.

What the handler did, the events of it and the remembered answer are one transaction. A failure switched on
"after" the effect therefore leaves exactly what a lost answer of the real provider leaves.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from infra.sandbox import errors
from infra.sandbox.calls import Call
from infra.sandbox.errors import ApiError, Body, invalid
from infra.sandbox.events import visible
from infra.sandbox.expand import expand
from infra.sandbox.form import Form, Value, decode
from infra.sandbox.idempotency import Answer, Keyed, keyed, recall, remember
from infra.sandbox.store import PLATFORM, Origin, Store, Tx, new_id
from infra.sandbox.switches import Fault

Handler = Callable[[Call], Body]

BODY_MAX_BYTES = 1_000_000
KEY_PREFIXES = ("sk_test_", "rk_test_", "pk_test_")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`publishable`: a buyer's browser may call it too, with a publishable key."""

    method: str
    path: str
    handler: Handler
    publishable: bool = False


class Requests:
    """Serves endpoints from a store; `on_commit` is called in the event loop after each."""

    def __init__(self, store: Store, on_commit: Callable[[], None]) -> None:
        self._store = store
        self._on_commit = on_commit
        self._in_progress: set[tuple[str, str]] = set()

    async def serve(self, request: Request, endpoint: Endpoint) -> Response:
        request_id = new_id("req", 14)
        try:
            answer = await self._answer(request, endpoint, request_id)
        except ApiError as error:
            answer = Answer(error.status, error.body(), request_id)
        return present(answer)

    async def _answer(self, request: Request, endpoint: Endpoint, request_id: str) -> Answer:
        form = decode(await _pairs(request))
        publishable = _authenticate(request, form)
        if publishable and not endpoint.publishable:
            raise errors.forbidden("This API call cannot be made with a publishable API key.")
        account = request.headers.get("stripe-account", PLATFORM)
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        path = request.url.path
        # A browser must not fetch, by guessing a key, an answer that was the server's.
        owner = f"{account} publishable" if publishable else account
        same = keyed(owner, key, request.method, path, form) if key else None
        in_progress = (owner, key)
        if key and in_progress in self._in_progress:
            raise errors.key_in_use(key)
        self._in_progress.add(in_progress)
        try:
            switches = self._store.switches()
            await _wait(switches.latency_of(path, "before"))
            work = _Work(endpoint.handler, request, form, account, publishable, request_id, same)
            answer = self._store.run(work, Origin(request_id, key or None))
        finally:
            self._in_progress.discard(in_progress)
        self._on_commit()
        await _wait(switches.latency_of(path, "after"))
        return answer


class _Work:
    """What one request does within its transaction."""

    def __init__(
        self,
        handler: Handler,
        request: Request,
        form: dict[str, Value],
        account: str,
        publishable: bool,
        request_id: str,
        same: Keyed | None,
    ) -> None:
        self._handler = handler
        self._request = request
        self._form = form
        self._account = account
        self._publishable = publishable
        self._request_id = request_id
        self._same = same

    def __call__(self, tx: Tx) -> Answer:
        before = self._strike(tx, "before")
        if before is not None and not before.remembered:
            return self._failure(before)
        answer = None if self._same is None else recall(tx, self._same)
        if answer is None:
            answer, lasting = (self._failure(before), True) if before else self._execute(tx)
            after = self._strike(tx, "after")
            kept = self._failure(after) if after is not None and after.remembered else answer
            if self._same is not None and lasting:
                remember(tx, self._same, kept)
        else:
            after = self._strike(tx, "after")
        return answer if after is None else self._failure(after)

    def _strike(self, tx: Tx, when: str) -> Fault | None:
        fault = tx.switches.fault_for(self._request.method, self._request.url.path, when)
        if fault is not None:
            tx.store_switches(tx.switches.spent(fault))
        return fault

    def _failure(self, fault: Fault) -> Answer:
        message = "The sandbox was told to fail."
        code = "rate_limit" if fault.status == 429 else None
        kind = "invalid_request_error" if fault.status == 429 else "api_error"
        body = ApiError(fault.status, kind, message, code=code).body()
        return Answer(fault.status, body, self._request_id)

    def _execute(self, tx: Tx) -> tuple[Answer, bool]:
        """The handler's answer, and whether a key remembers it."""
        tx.connection.execute("SAVEPOINT effect")
        try:
            form = Form(self._form)
            paths = form.texts("expand")
            if self._publishable and paths:
                raise errors.forbidden("`expand` needs a secret API key.")
            body = self._handler(self._call(tx, form))
            expand(tx, body, paths)
            answer, lasting = Answer(200, _visible_deeply(body), self._request_id), True
        except ApiError as error:
            if not error.keeps_effects:
                tx.connection.execute("ROLLBACK TO effect")
            answer = Answer(error.status, _visible_deeply(error.body()), self._request_id)
            lasting = error.remembered
        tx.connection.execute("RELEASE effect")
        return answer, lasting

    def _call(self, tx: Tx, form: Form) -> Call:
        request = self._request
        if self._account != PLATFORM:
            tx.load("account", self._account, PLATFORM, param="account", status=400)
        base_url = str(request.base_url).rstrip("/")
        return Call(tx, form, request.path_params, request.url.path, self._account, self._publishable, base_url)


def _visible_deeply(body: Body) -> Body:
    shown = visible(body)
    for name, value in shown.items():
        if isinstance(value, dict):
            shown[name] = _visible_deeply(value)
        elif isinstance(value, list):
            shown[name] = [_visible_deeply(one) if isinstance(one, dict) else one for one in value]
    return shown


async def _wait(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)


async def _pairs(request: Request) -> list[tuple[str, str]]:
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    if request.method != "POST":
        return pairs
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise invalid("Request body too large.")
    try:
        return pairs + parse_qsl(body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise invalid("Invalid UTF-8 in the request body.") from None


def _authenticate(request: Request, form: dict[str, Value]) -> bool:
    """Whether the key is a publishable one; the browser may give it as the parameter `key`."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    given = form.pop("key", "")
    if not key and isinstance(given, str):
        key = given
    if not key:
        raise errors.unauthenticated(
            "You did not provide an API key. You need to provide your API key in the Authorization header."
        )
    if not key.startswith(KEY_PREFIXES) or len(key) <= len("sk_test_"):
        raise errors.unauthenticated(f"Invalid API Key provided: {key[:8]}****")
    return key.startswith("pk_test_")


def present(answer: Answer) -> Response:
    if answer.status == 0:
        return Hangup()
    headers = {"Request-Id": answer.request_id, "Cache-Control": "no-cache, no-store"}
    if answer.replayed:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.request_id}
        if answer.status >= 500:
            headers["Stripe-Should-Retry"] = "false"
    return Response(
        orjson.dumps(answer.body), status_code=answer.status, headers=headers, media_type="application/json"
    )


class Hangup(Response):
    """Ends the connection in the middle of the answer, as a broken network does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
