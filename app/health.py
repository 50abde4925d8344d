"""What a load balancer and Prometheus ask: is the process alive, can it do its work, what has it counted.

Readiness depends on PostgreSQL alone: when another part is down the API still answers, in the way that part's
absence allows, so taking it out of rotation would turn a degraded service into none.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.settings_fields import is_loopback
from infra.telemetry.metrics import CONTENT_TYPE, PrometheusMeasures

PROBE_SECONDS_MAX = 1.0
PROXY_HEADERS = frozenset({"forwarded", "via", "x-real-ip"})
"""What a proxy on this machine adds to the requests of others."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something the program needs. `probe` raises when it does not work; its answer is kept for a while."""

    name: str
    required: bool
    probe: Callable[[], Awaitable[object]]
    remembered_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Report:
    """`status` is ready, degraded (an optional part is down) or unavailable."""

    status: str
    parts: dict[str, str]

    @property
    def is_ready(self) -> bool:
        return self.status in {"ready", "degraded"}


class Health:
    """Probes all parts at once, each for at most a second; answers are kept, so asking often is cheap."""

    def __init__(self, parts: Sequence[Part], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._known: dict[str, tuple[float, bool]] = {}

    async def report(self) -> Report:
        async with self._lock:
            now = self._monotonic()
            due = [part for part in self._parts if self._is_due(part, now)]
            answers = await asyncio.gather(*(answers_in_time(part) for part in due))
            self._known |= {part.name: (now, is_up) for part, is_up in zip(due, answers, strict=True)}
        return self._summary()

    def _is_due(self, part: Part, now: float) -> bool:
        known = self._known.get(part.name)
        return known is None or now - known[0] >= part.remembered_seconds

    def _summary(self) -> Report:
        up = {part.name: self._known[part.name][1] for part in self._parts}
        if not all(up[part.name] for part in self._parts if part.required):
            status = "unavailable"
        else:
            status = "ready" if all(up.values()) else "degraded"
        return Report(status, {name: "up" if is_up else "down" for name, is_up in up.items()})


async def answers_in_time(part: Part) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS_MAX):
            await part.probe()
    except Exception:  # noqa: BLE001 - any failure of a probe means the same: down; the part's own calls log why
        return False
    return True


def health_routes(health: Health, measures: PrometheusMeasures, *, metrics_token: str | None) -> list[Route]:
    """`/health/live`, `/health/ready` and `/metrics`."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_request: Request) -> Response:
        report = await health.report()
        return JSONResponse(
            {"status": report.status, "parts": report.parts},
            status_code=200 if report.is_ready else 503,
            headers={"cache-control": "no-store"},
        )

    async def metrics(request: Request) -> Response:
        if not may_read_metrics(request, metrics_token):
            return Response(status_code=404)
        return Response(measures.exposition(), media_type=CONTENT_TYPE)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]


def may_read_metrics(request: Request, token: str | None) -> bool:
    """With a token: who knows it. Without: callers on this machine."""
    if token is not None:
        return secrets.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    return is_local(request)


def is_local(request: Request) -> bool:
    """The caller sits at this machine, asks for itself, and asks this machine.

    A page of somebody else, whose name was made to mean this machine, says that name as the host.
    """
    if any(name in PROXY_HEADERS or name.startswith("x-forwarded-") for name in request.headers):
        return False
    if not is_loopback(request.url.hostname or ""):
        return False
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
