"""What tests and developers steer the sandbox with, under /_sandbox/: not part of the provider's API."""

from collections.abc import Awaitable, Callable

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.sandbox import events, payouts, refunds, webhooks
from infra.sandbox.errors import ApiError, Body
from infra.sandbox.events import visible
from infra.sandbox.store import PLATFORM, Store, T, Tx
from infra.sandbox.switches import Switches

DELIVERIES_SHOWN = 200
_CHANGE = TypeAdapter(dict[str, object])
BODY_MAX_BYTES = 100_000


def routes(store: Store, wake: Callable[[], None]) -> list[Route]:
    """The control endpoints; `wake` is called after each change, so that it shows at once."""
    control = _Control(store, wake)
    return [
        Route("/_sandbox/health", control.health, methods=["GET"]),
        Route("/_sandbox/switches", control.show_switches, methods=["GET"]),
        Route("/_sandbox/switches", control.change_switches, methods=["POST"]),
        Route("/_sandbox/switches", control.reset_switches, methods=["DELETE"]),
        Route("/_sandbox/deliveries", control.show_deliveries, methods=["GET"]),
        Route("/_sandbox/events/{id}/resend", control.resend, methods=["POST"]),
        Route("/_sandbox/refunds/{id}/fail", control.fail_refund, methods=["POST"]),
        Route("/_sandbox/payouts/{id}/fail", control.fail_payout, methods=["POST"]),
    ]


class _Control:
    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake

    async def health(self, request: Request) -> Response:
        await self._do(lambda tx: tx.now)
        return JSONResponse({"status": "ok"})

    async def show_switches(self, request: Request) -> Response:
        return _shown(await self._do(lambda tx: tx.switches))

    async def change_switches(self, request: Request) -> Response:
        """The given switches take the place of those of the same name; those of `webhooks` one by one."""
        body = await request.body()
        if len(body) > BODY_MAX_BYTES:
            return JSONResponse({"error": "too large"}, status_code=413)
        try:
            change = _CHANGE.validate_json(body)
            switches = await self._do(lambda tx: _merge(tx, change))
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return _shown(switches)

    async def reset_switches(self, request: Request) -> Response:
        await self._do(lambda tx: tx.store_switches(Switches()))
        return _shown(Switches())

    async def show_deliveries(self, request: Request) -> Response:
        return JSONResponse(await self._do(lambda tx: webhooks.recent(tx, DELIVERIES_SHOWN)))

    async def resend(self, request: Request) -> Response:
        """Deliver an event once more, as the provider's dashboard offers."""
        ref = request.path_params["id"]

        def step(tx: Tx) -> bool:
            event = tx.any(ref)
            known = event is not None and event["object"] == "event"
            if known:
                events.queue(tx, ref)
            return known

        known = await self._do(step)
        return JSONResponse({"queued": known}, status_code=200 if known else 404)

    async def fail_refund(self, request: Request) -> Response:
        ref = request.path_params["id"]
        return await self._answer(self._do(lambda tx: visible(refunds.fail(tx, ref, PLATFORM))))

    async def fail_payout(self, request: Request) -> Response:
        ref = request.path_params["id"]
        return await self._answer(self._do(lambda tx: visible(payouts.fail(tx, ref))))

    async def _answer(self, work: Awaitable[Body]) -> Response:
        try:
            return JSONResponse(await work)
        except ApiError as error:
            return JSONResponse(error.body(), status_code=error.status)

    async def _do(self, step: Callable[[Tx], T]) -> T:
        result = self._store.run(step)
        self._wake()
        return result


def _merge(tx: Tx, change: dict[str, object]) -> Switches:
    held = tx.switches.model_dump()
    hooks = change.get("webhooks")
    if isinstance(hooks, dict):
        change = change | {"webhooks": held["webhooks"] | hooks}
    switches = Switches.model_validate(held | change)
    tx.store_switches(switches)
    return switches


def _shown(switches: Switches) -> Response:
    return JSONResponse(switches.model_dump(mode="json"))
