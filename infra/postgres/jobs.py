"""Jobs over PgQueuer: enqueued by the transaction that causes them, worked in lanes, kept when they fail for good.

Invariant: no `dedupe_key` anywhere. Two open transactions with one key wait for each other, with two keys in opposite
orders they deadlock, and a key whose job is being worked on swallows the new job.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import asyncpg
import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from domain.shared.errors import TooEarly
from domain.shared.events import Event

_log = logging.getLogger(__name__)

Payload = dict[str, str]
Work = Callable[[Payload], Awaitable[None]]

HEARTBEAT_TIMEOUT: Final = timedelta(seconds=10)
"""After this long without a sign of life a job of a dead worker is taken up by another."""
ATTEMPTS_MAX: Final = 8
PUT_BACK: Final = timedelta(seconds=1)
"""How long a job waits that came too early, at first."""
DEAD_LETTERS_MAX: Final = 1_000
WATCH_SECONDS: Final = 15.0
CONNECT_SECONDS_MAX: Final = 10.0
ANSWER_SECONDS_MAX: Final = 30.0
"""For one statement about the queue: each takes milliseconds, and a server that has vanished says nothing at all."""
QUEUE_STATES: Final = ("queued", "picked", "failed")
"""What PgQueuer calls waiting, running and dead."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that failed for good. It waits here until somebody replays it."""

    id: int
    handler: str
    payload: Payload
    attempts: int
    created_at: datetime


class JobQueue:
    """The writing side. `handlers_of` names the handlers of an event's kind."""

    def __init__(self, handlers_of: Mapping[str, Sequence[str]]) -> None:
        self._handlers_of = handlers_of

    async def enqueue(self, connection: asyncpg.Connection, events: Sequence[Event]) -> None:
        """One job per event and handler, on the connection of the open transaction."""
        names: list[str] = []
        payloads: list[bytes | None] = []
        for event in events:
            handlers = self._handlers_of.get(event.kind, ())
            if handlers:
                names.extend(handlers)
                payloads.extend([orjson.dumps({"kind": event.kind, **event.payload()})] * len(handlers))
        if names:
            await Queries(_ValuesDriver(connection)).enqueue(names, payloads, [0] * len(names))


class _ValuesDriver(AsyncpgDriver):
    """For connections whose codec takes jsonb as values: PgQueuer gives its last column, the headers, as texts.

    Encoded once more they would be stored as JSON strings, and the worker that reads such a job ends.
    """

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        *others, headers = args
        assert isinstance(headers, list), "the statement that enqueues ends with the headers"
        return await super().fetch(query, *others, [orjson.loads(text) for text in headers])


async def work_lane(
    url: str,
    handlers: Mapping[str, Work],
    *,
    concurrency_max: int,
    poll_seconds: float,
    stop: asyncio.Event,
    answer_seconds: float = ANSWER_SECONDS_MAX,
) -> None:
    """Work the named handlers' jobs until `stop`; running jobs are finished first. Looks every `poll_seconds`.

    A job that raises is tried again with growing pauses (2 s to 5 min, ATTEMPTS_MAX times), then held as dead letter.
    Raises TimeoutError when the database does not answer: whoever runs the process begins anew.
    """
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX, command_timeout=answer_seconds)
    try:
        queries = _PolledQueries(AsyncpgDriver(connection), poll_seconds)
        manager = QueueManager(queries)
        for name, work in handlers.items():
            manager.entrypoint(
                name,
                on_failure="hold",
                accepts_context=False,
                executor_factory=partial(DatabaseRetryEntrypointExecutor, max_attempts=ATTEMPTS_MAX),
            )(partial(_run, work))
        stopper = asyncio.create_task(_forward(stop, manager.shutdown, queries))
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=poll_seconds),
                batch_size=max(1, concurrency_max // 2),
                max_concurrent_tasks=concurrency_max,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                # Statistics of the log, which holds only what went wrong; ours are the worker's own measures.
                log_aggregation_interval=timedelta(),
            )
        finally:
            stopper.cancel()
    finally:
        await connection.close()


class _PolledQueries(Queries):
    """Says as little to the database as a lane needs that looks all the time anyway.

    PgQueuer looks for a shorter pause after every look at the queue, by three statements more, and looks once more
    after every batch to see that it was the last. To wait it makes four tasks: a lane without jobs waits here instead.
    """

    def __init__(self, driver: AsyncpgDriver, poll_seconds: float) -> None:
        super().__init__(driver)
        self._poll_seconds = poll_seconds
        self._emptied = False
        self._stopping = False
        self._pause: asyncio.Future[None] | None = None

    def stop(self) -> None:
        """No more jobs, at once."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        if self._pause is not None and not self._pause.done():
            self._pause.set_result(None)

    async def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        self._pause = loop.create_future()
        timer = loop.call_later(self._poll_seconds, self._wake)
        try:
            await self._pause
        finally:
            timer.cancel()

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        if self._emptied:
            self._emptied = False
            return []
        look = partial(
            super().dequeue, batch_size, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout
        )
        while not (jobs := await look()) and not self._stopping:
            await self._rest()
        self._emptied = 0 < len(jobs) < batch_size
        return jobs

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """What only came too early leaves no trace: without a traceback the log keeps nothing."""
        early = traceback_record is not None and traceback_record.exception_type == _PutBack.__name__
        await super().retry_job(job, delay, None if early else traceback_record)

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        return 0

    async def next_deferred_eta(self, entrypoints: list[QueueEntrypoint]) -> timedelta | None:
        return None

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        return 0


class _PutBack(RetryRequested):
    """Another time, though nothing has failed."""


async def _run(work: Work, job: Job) -> None:
    payload: Payload = orjson.loads(job.payload or b"{}")
    try:
        await work(payload)
    except TooEarly as early:
        if job.attempts >= ATTEMPTS_MAX:
            raise
        # Not a failure: put back without the traces of one.
        raise _PutBack(delay=PUT_BACK * 2**job.attempts, reason=str(early)) from None


async def _forward(stop: asyncio.Event, shutdown: asyncio.Event, queries: _PolledQueries) -> None:
    await stop.wait()
    shutdown.set()
    queries.stop()


async def watch_queue(url: str, report: Callable[[str, int], None], stop: asyncio.Event) -> None:
    """Tell every WATCH_SECONDS how many jobs are in each state, until `stop`; what fails is tried again."""
    while not stop.is_set():
        try:
            connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX, command_timeout=ANSWER_SECONDS_MAX)
            try:
                await _report_queue(connection, report, stop)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            _log.warning("the queue cannot be looked at", exc_info=True)
            await _pause(stop, WATCH_SECONDS)


async def _report_queue(
    connection: asyncpg.Connection, report: Callable[[str, int], None], stop: asyncio.Event
) -> None:
    queries = Queries(AsyncpgDriver(connection))
    while not stop.is_set():
        counts = dict.fromkeys(QUEUE_STATES, 0)
        for statistic in await queries.queue_size():
            counts[statistic.status] = counts.get(statistic.status, 0) + statistic.count
        for state, count in counts.items():
            report(state, count)
        await _pause(stop, WATCH_SECONDS)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def dead_letters(connection: asyncpg.Connection, limit: int = 100) -> list[DeadLetter]:
    """The newest jobs that failed for good."""
    jobs = await Queries(AsyncpgDriver(connection)).list_failed_jobs(min(limit, DEAD_LETTERS_MAX))
    return [
        DeadLetter(job.id, job.entrypoint, orjson.loads(job.payload or b"{}"), job.attempts, job.created)
        for job in jobs
    ]


async def replay(connection: asyncpg.Connection, ids: Sequence[int]) -> None:
    """Queue dead letters again, with all their attempts."""
    await Queries(AsyncpgDriver(connection)).requeue_jobs([JobId(id_) for id_ in ids])
