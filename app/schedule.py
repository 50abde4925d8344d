"""The one table of sweeps: what is done again and again, how often, and by which function.

Invariant: every worker runs all of them; each works a bounded batch and skips what another holds, so running twice at
once does no harm and needs no leader.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from app.container import Container
from domain.cart.sweeping import BATCH_MAX as CARTS_MAX
from domain.cart.sweeping import sweep_expired_carts
from domain.checkout.sweeps import expire_checkouts, recover_checkouts

log = structlog.get_logger("market.schedule")

BACKLOG_PAUSE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Sweep:
    """`run` gives how many rows it worked; as many as `batch` means that there may be more, so it runs again soon."""

    name: str
    every_seconds: float
    run: Callable[[Container], Awaitable[int]]
    batch: int = 100


SWEEPS: Final[tuple[Sweep, ...]] = (
    Sweep("expired carts", 600, lambda container: sweep_expired_carts(container.ports.db), CARTS_MAX),
    Sweep("expired checkouts", 30, lambda container: expire_checkouts(container.ports.checkout)),
    Sweep("abandoned checkouts", 5, lambda container: recover_checkouts(container.ports.checkout)),
)


async def run_schedule(container: Container, stop: asyncio.Event, sweeps: tuple[Sweep, ...] = SWEEPS) -> None:
    """Runs all sweeps until `stop`; the running ones are finished first."""
    async with asyncio.TaskGroup() as group:
        for sweep in sweeps:
            group.create_task(_repeat(sweep, container, stop), name=f"sweep {sweep.name}")


async def _repeat(sweep: Sweep, container: Container, stop: asyncio.Event) -> None:
    while not stop.is_set():
        worked = await _run_once(sweep, container)
        # Spread, so that workers started together do not sweep together.
        pause = BACKLOG_PAUSE_SECONDS if worked >= sweep.batch else sweep.every_seconds * random.uniform(0.8, 1.2)  # noqa: S311
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            continue


async def _run_once(sweep: Sweep, container: Container) -> int:
    try:
        return await sweep.run(container)
    except Exception:  # one failing sweep must not end the others; it is logged and comes again
        log.exception("sweep failed", sweep=sweep.name)
        return 0
