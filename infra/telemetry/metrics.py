"""Prometheus metrics of one process.

Invariant: the number of series is bounded; the only label that clients choose, the operation's name, falls into
`other` beyond a fixed number of names.
"""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

OPERATION_NAMES_MAX: Final = 200
OPERATION_NAME_LENGTH_MAX: Final = 80
SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class PrometheusMeasures:
    """`domain.shared.measures.Measures`, and what only the edge and the worker count."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._names: set[str] = set()
        self._operations = Counter(
            "market_operations", "GraphQL operations.", ["operation", "outcome"], registry=registry
        )
        self._operation_seconds = Histogram(
            "market_operation_seconds", "Time per GraphQL operation.", ["operation"], buckets=SECONDS, registry=registry
        )
        self._requests = Counter(
            "market_requests", "HTTP requests and sockets by kind of answer.", ["kind", "status"], registry=registry
        )
        self._request_seconds = Histogram(
            "market_request_seconds", "Time per HTTP request.", buckets=SECONDS, registry=registry
        )
        self._open = Gauge("market_open", "Requests and sockets being served.", ["kind"], registry=registry)
        self._jobs = Counter("market_jobs", "Jobs that were run.", ["job", "outcome"], registry=registry)
        self._job_seconds = Histogram(
            "market_job_seconds", "Time per job.", ["job"], buckets=SECONDS, registry=registry
        )
        self._queue = Gauge("market_queue", "Jobs that wait or are dead.", ["state"], registry=registry)
        self._sweeps = Counter("market_sweeps", "Sweeps that were run.", ["sweep"], registry=registry)
        self._sweep_faults = Counter(
            "market_sweep_faults", "What sweeps found and could not work.", ["sweep"], registry=registry
        )
        self._sagas = Counter("market_saga_steps", "Steps of purchases.", ["step", "outcome"], registry=registry)
        self._fallbacks = Counter(
            "market_fallbacks", "Answers given in another way because a part was down.", ["part"], registry=registry
        )
        self._pool = Gauge("market_pool_connections", "Connections of a pool.", ["pool", "state"], registry=registry)

    def operation(self, name: str, outcome: str, seconds: float) -> None:
        label = self._bounded(name)
        self._operations.labels(label, outcome).inc()
        self._operation_seconds.labels(label).observe(seconds)

    def subscription(self, name: str) -> None:
        """Counted only: how long one lasts is up to its client."""
        self._operations.labels(self._bounded(name), "ended").inc()

    def request(self, kind: str, status: int, seconds: float) -> None:
        """One HTTP request or socket that has ended; `status` is counted by its hundred."""
        self._requests.labels(kind, f"{status // 100}xx").inc()
        if kind == "http":
            self._request_seconds.observe(seconds)

    def opened(self, kind: str) -> None:
        self._open.labels(kind).inc()

    def closed(self, kind: str) -> None:
        self._open.labels(kind).dec()

    def job(self, name: str, outcome: str, seconds: float) -> None:
        self._jobs.labels(name, outcome).inc()
        self._job_seconds.labels(name).observe(seconds)

    def queue(self, state: str, count: int) -> None:
        """How many jobs are in a state, as last looked at."""
        self._queue.labels(state).set(count)

    def sweep(self, name: str, faults: int) -> None:
        self._sweeps.labels(name).inc()
        self._sweep_faults.labels(name).inc(faults)

    def saga(self, step: str, outcome: str) -> None:
        self._sagas.labels(step, outcome).inc()

    def fallback(self, part: str) -> None:
        self._fallbacks.labels(part).inc()

    def watch_pool(self, pool: str, *, size: Callable[[], int], idle: Callable[[], int]) -> None:
        """Ask a pool for its numbers at each scrape."""
        self._pool.labels(pool, "open").set_function(size)
        self._pool.labels(pool, "idle").set_function(idle)

    def exposition(self) -> bytes:
        """All series in Prometheus' text format."""
        return generate_latest(self._registry)

    def _bounded(self, name: str) -> str:
        if name in self._names:
            return name
        if len(self._names) >= OPERATION_NAMES_MAX:
            return "other"
        if not name.isidentifier() or len(name) > OPERATION_NAME_LENGTH_MAX:
            return "unnamed" if not name else "other"
        self._names.add(name)
        return name
