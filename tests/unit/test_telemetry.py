"""Logs carry ids and no secrets, metrics stay bounded whatever clients send, spans are made per request."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from infra.telemetry.context import current_trace_id
from infra.telemetry.logs import configure_logs
from infra.telemetry.metrics import OPERATION_NAMES_MAX, PrometheusMeasures
from infra.telemetry.traces import Tracing, exporting_to


@contextmanager
def logging_to(stream: io.StringIO, *, json: bool) -> Iterator[None]:
    """The process's logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(json=json, level="INFO", stream=stream)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged as JSON."""
    stream = io.StringIO()
    with logging_to(stream, json=True):
        yield stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_our_own_and_foreign_logs_are_json_with_the_request_id(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("market").info("paid", amount_minor=100)
        logging.getLogger("sqlalchemy").warning("slow %s", "query")
    ours, foreign = lines(written)
    assert ours["event"] == "paid"
    assert ours["amount_minor"] == 100
    assert foreign["event"] == "slow query"
    for line in (ours, foreign):
        assert line["request_id"] == "r-1"
        assert "level" in line
        assert str(line["timestamp"]).endswith("Z")


def fail(message: str) -> None:
    raise ValueError(message)


TELLTALES = (
    "ann.buyer+x@mail.example.com",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
    "Bearer abc.def-123",
    "pi_1Nabc_secret_hunter2",
    "sk_live_hunter2hunter2",
    "postgresql://market:hunter2@db.internal:5432/market",
    "DETAIL:  Key (lower(email))=(hunter2) already exists.",
    "invalid input for query argument $2: 'hunter2' (expected str, got int)",
)


@pytest.mark.parametrize("json", [True, False], ids=["json", "console"])
@pytest.mark.parametrize("text", TELLTALES)
def test_what_a_fault_quotes_is_not_written(text: str, *, json: bool) -> None:
    """Drivers put values into their messages, and those into tracebacks; the rest of the line stays."""
    stream = io.StringIO()
    with logging_to(stream, json=json):
        try:
            fail(f"before\n{text}\nafter")
        except ValueError as fault:
            structlog.get_logger("market").error("masked fault", fault_id="f1", exc_info=fault, said=f"a {text} b")
        logging.getLogger("some.library").warning("it said %s", text)
    written = stream.getvalue()
    for secret in ("hunter2", "ann.buyer", "c2lnbmF0dXJl", "abc.def-123"):
        assert secret not in written
    for kept in ("masked fault", "f1", "ValueError", "before", "after", "it said"):
        assert kept in written
    if json:
        assert all(isinstance(orjson.loads(line), dict) for line in written.splitlines())


def test_secrets_are_not_written(written: io.StringIO) -> None:
    structlog.get_logger().info("signed in", password="hunter2", headers={"Authorization": "Bearer hunter2"})
    assert "hunter2" not in written.getvalue()
    assert written.getvalue().count("[redacted]") == 2


def test_a_traceback_is_data_without_local_variables(written: io.StringIO) -> None:
    def fail(password: str) -> None:
        raise ValueError("wrong")

    try:
        fail("hunter2")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(written)
    assert isinstance(line["exception"], list)
    assert "hunter2" not in written.getvalue()


def test_below_its_level_nothing_is_written(written: io.StringIO) -> None:
    structlog.get_logger("market").debug("detail")
    assert written.getvalue() == ""


def test_operation_names_beyond_the_bound_are_counted_together() -> None:
    measures = PrometheusMeasures()
    for number in range(OPERATION_NAMES_MAX + 50):
        measures.operation(f"Query{number}", "ok", 0.01)
    measures.operation("", "ok", 0.01)
    text = measures.exposition().decode()
    assert 'market_operations_total{operation="Query0",outcome="ok"} 1.0' in text
    assert 'market_operations_total{operation="other",outcome="ok"} 51.0' in text
    assert text.count("market_operations_total{") == OPERATION_NAMES_MAX + 1


def test_a_name_that_is_no_name_makes_no_series() -> None:
    measures = PrometheusMeasures()
    measures.operation("x" * 500, "ok", 0.01)
    measures.operation('a"} evil', "ok", 0.01)
    measures.operation("", "ok", 0.01)
    text = measures.exposition().decode()
    assert 'operation="other",outcome="ok"} 2.0' in text
    assert 'operation="unnamed",outcome="ok"} 1.0' in text


def test_pools_are_asked_when_scraped() -> None:
    measures = PrometheusMeasures()
    idle = [5]
    measures.watch_pool("read", size=lambda: 20, idle=lambda: idle[0])
    idle[0] = 3
    text = measures.exposition().decode()
    assert 'market_pool_connections{pool="read",state="open"} 20.0' in text
    assert 'market_pool_connections{pool="read",state="idle"} 3.0' in text


async def test_each_request_is_one_span_and_health_checks_are_none() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing(service="api", environment="test", processor=SimpleSpanProcessor(exporter))
    seen: list[str | None] = []

    async def answer(_request: Request) -> PlainTextResponse:
        seen.append(current_trace_id())
        return PlainTextResponse("ok")

    app = tracing.around(Starlette(routes=[Route("/graphql", answer), Route("/health/live", answer)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://market") as client:
        await client.get("/graphql", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
        await client.get("/health/live")
    tracing.shutdown()
    assert seen == ["a" * 32, None]
    assert len(exporter.get_finished_spans()) == 1


async def test_spans_tell_no_arguments_of_a_query() -> None:
    """A GET has the operation and its variables in its address: a guest's cart token, an e-mail address."""
    exporter = InMemorySpanExporter()
    tracing = Tracing(service="api", environment="test", processor=SimpleSpanProcessor(exporter))

    async def answer(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    app = tracing.around(Starlette(routes=[Route("/graphql", answer)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://market") as client:
        await client.get("/graphql", params={"variables": '{"token": "hunter2"}'})
    tracing.shutdown()
    (span,) = exporter.get_finished_spans()
    assert "hunter2" not in span.to_json()
    assert "/graphql" in span.to_json()


async def test_a_collector_that_is_away_only_loses_spans(caplog: pytest.LogCaptureFixture) -> None:
    tracing = Tracing(service="api", environment="test", processor=exporting_to("http://127.0.0.1:9"))

    async def answer(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(current_trace_id() or "")

    app = tracing.around(Starlette(routes=[Route("/graphql", answer)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://market") as client:
        assert (await client.get("/graphql")).text
    with caplog.at_level(logging.CRITICAL):
        tracing.shutdown()
    assert current_trace_id() is None
