"""Loads that are asked for one by one and read together: what one moment of an operation wants is one statement.

Invariant: nothing here is part of a reference cycle once its reads are over. What an operation loaded goes with the
operation, not when the garbage collector next looks, which would stop every other request for that long.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from domain.shared.database import Reads

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Batch = Callable[[Reads, Sequence[K]], Awaitable[Mapping[K, V]]]

BATCH_MAX: Final = 1_000


class Batcher(Generic[K, V]):
    """One batch read of one operation; a key is read once.

    A read that failed has failed for the operation: whatever asks again is told the same, and a database that is too
    busy is not asked twice. Who waits has a future of their own: a field that is given up because one beside it failed
    takes nothing from others that want the same.
    """

    __slots__ = ("_asked", "_batch", "_known", "_reading", "_reads", "_waiting")

    def __init__(self, batch: Batch[K, V], reads: Reads) -> None:
        self._batch = batch
        self._reads = reads
        self._asked: dict[K, list[asyncio.Future[V | None]]] = {}
        self._known: dict[K, asyncio.Future[V | None]] = {}
        self._waiting: list[K] = []
        self._reading: set[asyncio.Task[None]] = set()

    def load(self, key: K) -> asyncio.Future[V | None]:
        known = self._known.get(key)
        if known is not None:
            return known  # it is done, so nobody can cancel it any more
        loop = asyncio.get_running_loop()
        future: asyncio.Future[V | None] = loop.create_future()
        asked = self._asked.get(key)
        if asked is not None:
            asked.append(future)
            return future
        self._asked[key] = [future]
        if not self._waiting:
            # Two turns of the loop from now: tasks that begin in the next one may have keys of their own.
            loop.call_soon(loop.call_soon, self._begin)
        self._waiting.append(key)
        return future

    def _begin(self) -> None:
        keys, self._waiting = self._waiting, []
        for start in range(0, len(keys), BATCH_MAX):
            task = asyncio.create_task(self._read(keys[start : start + BATCH_MAX]))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, keys: list[K]) -> None:
        try:
            found = await self._batch(self._reads, keys)
        except Exception as fault:  # noqa: BLE001  # whoever waits for a key is told
            for key in keys:
                for future in self._asked.pop(key):
                    if not future.done():
                        future.set_exception(fault)
                        self._known[key] = future
            return
        for key in keys:
            value = found.get(key)
            for future in self._asked.pop(key):
                if not future.done():
                    future.set_result(value)
                    self._known[key] = future
