"""The API and the worker as processes of their own: what a load balancer, Prometheus and a browser see of them."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from app.checking import check
from app.settings import Settings
from infra.processes.owned import OwnedProcess
from tests.servers import Urls, copy_of_template

PAGE = "https://shop.example"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def environment(urls: Urls, redis_url: str) -> dict[str, str]:
    """A process environment with this run's servers, and no other setting."""
    hidden = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    database = await copy_of_template(urls)
    return {**kept, "ENVIRONMENT": "test", "DATABASE_URL": database, "REDIS_URL": redis_url}


@contextmanager
def running(command: str, environment: dict[str, str], log: Path, port: int) -> Iterator[OwnedProcess]:
    process = OwnedProcess((sys.executable, "-m", "app.cli", command), environment=environment, log=log)
    try:
        wait_for(lambda: process.exit_code() is not None or answers(port))
        assert process.exit_code() is None, log.read_text()
        yield process
    finally:
        process.stop()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


def answers(port: int) -> bool:
    return check(f"http://127.0.0.1:{port}/health/ready") is None


@pytest.mark.timeout(240)
def test_the_api_is_answering_measured_open_to_its_pages_and_ends_on_request(
    environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    environment |= {"PORT": str(port), "ALLOWED_ORIGINS": PAGE, "LOG_FORMAT": "json"}
    with (
        running("serve", environment, tmp_path / "log", port) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        answer = client.post(
            "/graphql", json={"query": "query Named { __typename }"}, headers={"x-request-id": "r-1", "origin": PAGE}
        )
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert answer.headers["x-request-id"] == "r-1"
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()

        client.post("/graphql", json={"query": "query Broken { nothing }"})
        client.post("/graphql", json={"query": "nonsense"})
        series = client.get("/metrics").text
        assert 'market_operations_total{operation="Named",outcome="ok"} 1.0' in series
        assert 'market_operations_total{operation="unnamed",outcome="refused"} 2.0' in series
        assert "Broken" not in series
        assert 'market_pool_connections{pool="reads",state="open"}' in series

        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        assert client.options("/graphql", headers={"origin": PAGE, **asked}).status_code == 200
        foreign = client.options("/graphql", headers={"origin": "https://evil.example", **asked})
        assert "access-control-allow-origin" not in foreign.headers

        process.request_stop()
        assert process.wait(30) in {0, -signal.SIGTERM}
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.timeout(240)
def test_the_worker_shows_its_health_and_its_queue_and_ends_on_request(
    environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    environment |= {"WORKER_PORT": str(port), "LOG_FORMAT": "json"}
    with running("worker", environment, tmp_path / "log", port) as process:

        def counted() -> bool:
            series = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
            return 'market_queue{state="failed"} 0.0' in series

        wait_for(counted)
        process.request_stop()
        assert process.wait(30) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("command", "setting"), [("serve", "PORT"), ("worker", "WORKER_PORT")])
def test_a_port_in_use_is_one_line(command: str, setting: str, environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        log = tmp_path / "log"
        process = OwnedProcess(
            (sys.executable, "-m", "app.cli", command), environment=environment | {setting: str(port)}, log=log
        )
        assert process.wait(60) == 1
    assert f"port {port} on 127.0.0.1 cannot be used: Address already in use" in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.mark.timeout(240)
def test_spans_reach_the_collector_before_the_process_ends(environment: dict[str, str], tmp_path: Path) -> None:
    received: list[str] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            received.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        port = free_port()
        environment |= {
            "PORT": str(port),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}",
        }
        with running("serve", environment, tmp_path / "log", port) as process:
            httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{ __typename }"}, timeout=10)
            process.request_stop()
            assert process.wait(30) is not None
        collector.shutdown()
    assert received == ["/v1/traces"]
