"""Feeds: replay from a cursor, then live, with no gap and no duplicate.

Invariant: a hint carries no data and may be lost. The reader subscribes first and then reads the primary from its
cursor, on each hint and at least every POLL_SECONDS, so what is committed is delivered, once, in order.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeVar

C = TypeVar("C")
T = TypeVar("T")

POLL_SECONDS: Final = 5.0
BATCH_MAX: Final = 100


class HintStream(Protocol):
    async def wait(self, timeout_seconds: float) -> None:
        """Returns when a hint came since the last call, or after the timeout."""
        ...


class Hints(Protocol):
    """Word that there may be something new: told after commits, across processes, without promise."""

    def publish(self, topics: Sequence[str]) -> None:
        """Never waits and never raises; what cannot be sent is dropped."""
        ...

    def listen(self, topics: Sequence[str]) -> AbstractAsyncContextManager[HintStream]:
        """Subscribed once the context is entered."""
        ...


async def follow(
    read: Callable[[C], Awaitable[Sequence[tuple[C, T]]]], cursor: C, *, topic: str, hints: Hints
) -> AsyncGenerator[T, None]:
    """Everything after `cursor` in order, for ever. `read` gives at most BATCH_MAX items with their cursors."""
    async with hints.listen([topic]) as stream:
        while True:
            batch = await read(cursor)
            for _, item in batch:
                yield item
            if batch:
                cursor = batch[-1][0]
            else:
                await stream.wait(POLL_SECONDS)
