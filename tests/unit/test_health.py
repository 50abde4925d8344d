"""The API is ready exactly while PostgreSQL is, and every request has an id that is safe to log."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.health import Health, Part, health_routes
from app.requests import RequestLayer
from infra.telemetry.metrics import PrometheusMeasures


async def works() -> None:
    return None


async def fails() -> None:
    raise ConnectionError("postgresql://app:hunter2@db")


async def hangs() -> None:
    await asyncio.Event().wait()


Probe = Callable[[], Awaitable[object]]


def health(postgres: Probe = works, redis: Probe = works) -> Health:
    return Health([Part("postgres", True, postgres), Part("redis", False, redis)])


def client_of(health: Health, *, host: str = "127.0.0.1", token: str | None = None) -> httpx.AsyncClient:
    measures = PrometheusMeasures()
    app = RequestLayer(Starlette(routes=health_routes(health, measures, metrics_token=token)), measures=measures)
    transport = httpx.ASGITransport(app=app, client=(host, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.mark.parametrize(
    ("postgres", "redis", "code", "status"),
    [
        (works, works, 200, "ready"),
        (works, fails, 200, "degraded"),
        (works, hangs, 200, "degraded"),
        (fails, works, 503, "unavailable"),
        (hangs, hangs, 503, "unavailable"),
    ],
)
async def test_readiness_is_postgres_and_the_rest_is_reported(
    postgres: Probe, redis: Probe, code: int, status: str
) -> None:
    async with client_of(health(postgres, redis)) as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == code
    assert answer.json()["status"] == status
    assert answer.json()["parts"] == {
        "postgres": "up" if postgres is works else "down",
        "redis": "up" if redis is works else "down",
    }
    assert "hunter2" not in answer.text


async def test_many_probes_at_once_ask_the_parts_once() -> None:
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1

    now = [0.0]
    watched = Health([Part("postgres", True, count)], monotonic=lambda: now[0])
    await asyncio.gather(*(watched.report() for _ in range(50)))
    assert asked == 1
    now[0] = 1.5
    await watched.report()
    assert asked == 2


async def test_the_process_is_alive_while_everything_else_is_down() -> None:
    async with client_of(health(fails, fails)) as client:
        assert (await client.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    ("host", "token", "sent", "code"),
    [
        ("127.0.0.1", None, None, 200),
        ("::1", None, None, 200),
        ("203.0.113.9", None, None, 404),
        ("203.0.113.9", "t0ken", "Bearer t0ken", 200),
        ("203.0.113.9", "t0ken", "Bearer other", 404),
        ("127.0.0.1", "t0ken", None, 404),
    ],
)
async def test_metrics_are_for_this_machine_or_for_the_token(
    host: str, token: str | None, sent: str | None, code: int
) -> None:
    async with client_of(health(), host=host, token=token) as client:
        answer = await client.get("/metrics", headers={"authorization": sent} if sent else {})
    assert answer.status_code == code
    assert ("market_requests" in answer.text) == (code == 200)


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"])
async def test_a_proxy_of_this_machine_passes_no_metrics_on(name: str) -> None:
    async with client_of(health(), host="127.0.0.1", token=None) as client:
        assert (await client.get("/metrics", headers={name: "anything"})).status_code == 404


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example"])
async def test_a_name_that_was_made_to_mean_this_machine_is_not_its_own(name: str) -> None:
    async with client_of(health(), host="127.0.0.1", token=None) as client:
        assert (await client.get("/metrics", headers={"host": name})).status_code == 404


@pytest.mark.parametrize(("offered", "kept"), [("abc-1", True), ("x" * 65, False), ("a\tb", False), ("", False)])
async def test_the_callers_request_id_is_kept_if_harmless(offered: str, *, kept: bool) -> None:
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse([request.state.request_id, structlog.contextvars.get_contextvars()["request_id"]])

    measures = PrometheusMeasures()
    app = RequestLayer(Starlette(routes=[Route("/", echo)]), measures=measures)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
        answer = await client.get("/", headers={"x-request-id": offered})
    given = answer.headers["x-request-id"]
    assert (given == offered) == kept
    assert answer.json() == [given, given]
    assert 'market_requests_total{kind="http",status="2xx"} 1.0' in measures.exposition().decode()


async def test_a_crash_is_counted_and_nothing_stays_open() -> None:
    async def crash(_request: Request) -> JSONResponse:
        raise RuntimeError("bug")

    measures = PrometheusMeasures()
    app = RequestLayer(Starlette(routes=[Route("/", crash)]), measures=measures)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://127.0.0.1"
    ) as client:
        assert (await client.get("/")).status_code == 500
    text = measures.exposition().decode()
    assert 'market_requests_total{kind="http",status="5xx"} 1.0' in text
    assert 'market_open{kind="http"} 0.0' in text
