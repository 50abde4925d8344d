"""Tasks that belong to the process, not to the request that began them.

Invariant: a client that goes away, or a deadline, ends the wait and not the work; a stopping process waits for what it
has begun, for a bounded time. What is cut off after that is taken up elsewhere by its lease.
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from domain.checkout.ports import Rest

log = structlog.get_logger("market.tasks")


class ProcessTasks:
    """`domain.checkout.ports.SagaRunner`."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Rest]] = set()

    async def run(self, checkout_id: UUID, work: Callable[[], Awaitable[Rest]], wait_seconds: float) -> Rest | None:
        async def saga() -> Rest:
            return await work()

        task = asyncio.create_task(saga(), name=f"saga {checkout_id}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=wait_seconds)
        return task.result() if done else None

    def _ended(self, task: asyncio.Task[Rest]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("saga failed; its lease lets another process go on", saga=task.get_name(), exc_info=fault)

    async def drain(self, seconds: float) -> None:
        """Waits for what runs, then cancels the rest."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=5)
