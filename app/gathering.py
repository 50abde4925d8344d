"""Work that several want at about the same time, done once for all of them.

Invariant: everybody is answered, with their own result or their own fault.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """`work` is given what came within `seconds` of the first, at most `most`, and answers in the same order.

    Where it fails for several, it is done for each alone, and for all of them at once: nobody pays for another's fault,
    and nobody waits for more than two pieces of work.
    """

    def __init__(self, work: Callable[[Sequence[K]], Awaitable[Sequence[V]]], *, seconds: float, most: int) -> None:
        self._work = work
        self._seconds = seconds
        self._most = most
        self._waiting: list[tuple[K, asyncio.Future[V]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, wanted: K) -> V:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V] = loop.create_future()
        self._waiting.append((wanted, answer))
        if len(self._waiting) == self._most:
            self._begin()
        elif len(self._waiting) == 1:
            loop.call_later(self._seconds, self._begin)
        return await answer

    def _begin(self) -> None:
        if self._waiting:
            some, self._waiting = self._waiting, []
            task = asyncio.create_task(self._answer(some))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _answer(self, some: Sequence[tuple[K, asyncio.Future[V]]]) -> None:
        try:
            answered = list(zip(some, await self._work([wanted for wanted, _ in some]), strict=True))
        except Exception as fault:  # noqa: BLE001  # it is told to whom it concerns
            if len(some) > 1:
                await asyncio.gather(*(self._answer([each]) for each in some))
            elif not some[0][1].done():
                some[0][1].set_exception(fault)
        else:
            for (_, answer), result in answered:
                if not answer.done():
                    answer.set_result(result)
