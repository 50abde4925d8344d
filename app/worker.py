"""The worker process: jobs in lanes, and the schedule.

Invariant: a worker that is killed loses nothing. Its jobs are taken up by another when their heartbeat stops, its
sagas when their lease runs out.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import structlog
import uvloop

from app.container import Container, open_container
from app.health import Health, health_routes
from app.jobs import CONCURRENCY, HANDLERS, POLL_SECONDS, Handler, Lane, handlers_of
from app.parts import open_parts
from app.probes import probes_on
from app.schedule import run_schedule
from app.settings import Settings
from domain.shared.errors import TooEarly
from domain.shared.measures import Measures, NoMeasures
from infra.postgres.jobs import Payload, watch_queue, work_lane
from infra.telemetry.metrics import PrometheusMeasures

log = structlog.get_logger("market.worker")


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what runs is finished first."""
    os.nice(settings.worker_niceness)
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    measures = PrometheusMeasures()
    async with AsyncExitStack() as stack:
        health = Health(open_parts(settings, stack))
        routes = health_routes(health, measures, metrics_token=settings.metrics_secret)
        container = await stack.enter_async_context(
            open_container(settings, handlers_of=handlers_of(), measures=measures, watch_pool=measures.watch_pool)
        )
        await stack.enter_async_context(probes_on(settings.host, settings.worker_port, routes))
        watching = asyncio.create_task(watch_queue(settings.database_url, measures.queue, stop))
        log.info("working", lanes=[lane.value for lane in Lane])
        await work_until(container, stop, measures)
        await watching


async def work_until(container: Container, stop: asyncio.Event, measures: Measures | None = None) -> None:
    """All lanes and the schedule; ends when `stop` is set, or with the first of them that fails."""
    async with asyncio.TaskGroup() as group:
        group.create_task(run_schedule(container, stop, measures=measures), name="schedule")
        for lane in Lane:
            handlers = {each.name: work_of(each, container, measures) for each in HANDLERS if each.lane is lane}
            if handlers:
                group.create_task(
                    work_lane(
                        container.settings.database_url,
                        handlers,
                        concurrency_max=CONCURRENCY[lane],
                        poll_seconds=POLL_SECONDS[lane],
                        stop=stop,
                    ),
                    name=f"lane {lane.value}",
                )


def work_of(
    handler: Handler, container: Container, measures: Measures | None = None
) -> Callable[[Payload], Awaitable[None]]:
    """A handler as the queue calls it: with the event's payload."""
    measures = measures or NoMeasures()

    async def run(payload: Payload) -> None:
        event = handler.event.parse({name: value for name, value in payload.items() if name != "kind"})
        with structlog.contextvars.bound_contextvars(job=handler.name, trace=event.trace or None):
            began = time.perf_counter()
            outcome = "failed"
            try:
                await handler.handle(event, container)
                outcome = "done"
            except TooEarly:
                outcome = "put back"
                raise
            finally:
                measures.job(handler.name, outcome, time.perf_counter() - began)

    return run
