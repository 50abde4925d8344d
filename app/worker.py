"""The worker process: jobs in lanes, and the schedule.

Invariant: a worker that is killed loses nothing. Its jobs are taken up by another when their heartbeat stops, its
sagas when their lease runs out.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

from app.container import Container, open_container
from app.jobs import CONCURRENCY, HANDLERS, Handler, Lane, handlers_of
from app.schedule import run_schedule
from app.settings import Settings
from infra.postgres.jobs import Payload, work_lane

log = structlog.get_logger("market.worker")


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what runs is finished first."""
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with open_container(settings, handlers_of=handlers_of()) as container:
        log.info("working", lanes=[lane.value for lane in Lane])
        await work_until(container, stop)


async def work_until(container: Container, stop: asyncio.Event) -> None:
    """All lanes and the schedule; ends when `stop` is set, or with the first of them that fails."""
    async with asyncio.TaskGroup() as group:
        group.create_task(run_schedule(container, stop), name="schedule")
        for lane in Lane:
            handlers = {each.name: work_of(each, container) for each in HANDLERS if each.lane is lane}
            if handlers:
                group.create_task(
                    work_lane(container.settings.database_url, handlers, concurrency_max=CONCURRENCY[lane], stop=stop),
                    name=f"lane {lane.value}",
                )


def work_of(handler: Handler, container: Container) -> Callable[[Payload], Awaitable[None]]:
    """A handler as the queue calls it: with the event's payload."""

    async def run(payload: Payload) -> None:
        event = handler.event.parse({name: value for name, value in payload.items() if name != "kind"})
        with structlog.contextvars.bound_contextvars(job=handler.name, trace=event.trace or None):
            await handler.handle(event, container)

    return run
