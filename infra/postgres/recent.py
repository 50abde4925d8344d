"""Answers that are good for a moment: asked by many at once, they are made once.

Invariant: no more than ENTRIES_MAX are kept, none is given out after its time, and a failure is never kept.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRIES_MAX: Final = 1_000


class Recent(Generic[K, V]):
    """`seconds` 0 keeps nothing and shares nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._made: OrderedDict[K, tuple[float, asyncio.Task[V]]] = OrderedDict()

    async def get(self, key: K, make: Callable[[], Awaitable[V]]) -> V:
        """What was made for the key less than `seconds` ago, is being made, or is made now.

        Who waits may be cancelled without harm to the others.
        """
        if self._seconds <= 0:
            return await make()
        found = self._made.get(key)
        now = time.monotonic()
        if found is not None and found[0] > now and not _failed(found[1]):
            return await asyncio.shield(found[1])
        task = asyncio.ensure_future(_as_coroutine(make))
        self._made[key] = (now + self._seconds, task)
        self._made.move_to_end(key)
        if len(self._made) > ENTRIES_MAX:
            self._made.popitem(last=False)
        return await asyncio.shield(task)


async def _as_coroutine(make: Callable[[], Awaitable[V]]) -> V:
    return await make()


def _failed(task: asyncio.Task[V]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
