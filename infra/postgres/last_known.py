"""Values that are read again every few seconds, and kept for when they cannot be read.

Invariant: a look-up never takes longer than its limit and never raises for a fault of the source; a value that
could not be read again is given out marked as not current.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import asyncpg

from domain.shared.measures import Measures

LOOKUP_SECONDS_MAX: Final = 0.3
ENTRIES_MAX: Final = 10_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Fetch = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]


@dataclass(frozen=True, slots=True)
class Found(Generic[K, V]):
    """`current` is False when something could not be read; then keys never seen before are missing."""

    values: Mapping[K, V]
    current: bool


class _LookUp(Generic[K, V]):
    """One call of `fetch` for everybody who asks in the same turn of the event loop."""

    __slots__ = ("keys", "task")

    def __init__(self) -> None:
        self.keys: dict[K, None] = {}
        self.task: asyncio.Task[Mapping[K, V]] | None = None


class LastKnown(Generic[K, V]):
    """A bounded memory over `fetch`, which answers every key it is asked for. The oldest entries go first.

    Callers of one moment share a look-up, so that a page of many products costs as many statements as one product.
    """

    def __init__(self, part: str, fetch: Fetch[K, V], measures: Measures, *, fresh_seconds: float) -> None:
        self._part = part
        self._fetch = fetch
        self._measures = measures
        self._fresh_seconds = fresh_seconds
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._gathering: _LookUp[K, V] | None = None
        self._running: set[asyncio.Task[Mapping[K, V]]] = set()

    async def get(self, keys: Sequence[K]) -> Found[K, V]:
        now = time.monotonic()
        found = {key: self._entries[key] for key in keys if key in self._entries}
        stale = [key for key in keys if key not in found or now - found[key][0] >= self._fresh_seconds]
        values = {key: value for key, (_, value) in found.items()}
        if not stale:
            return Found(values, current=True)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS_MAX):
                fetched = await self._shared(stale)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._measures.fallback(self._part)
            return Found(values, current=False)
        return Found({**values, **fetched}, current=True)

    async def _shared(self, keys: Sequence[K]) -> Mapping[K, V]:
        look_up = self._gathering
        if look_up is None:
            look_up = self._gathering = _LookUp()
            look_up.task = asyncio.create_task(self._run(look_up))
            self._running.add(look_up.task)
            look_up.task.add_done_callback(self._over)
        look_up.keys.update(dict.fromkeys(keys))
        assert look_up.task is not None
        # One who gives up does not take the answer from the others.
        fetched = await asyncio.shield(look_up.task)
        return {key: fetched[key] for key in keys}

    async def _run(self, look_up: _LookUp[K, V]) -> Mapping[K, V]:
        await asyncio.sleep(0)
        self._gathering = None
        began = time.monotonic()
        async with asyncio.timeout(LOOKUP_SECONDS_MAX):
            fetched = await self._fetch(list(look_up.keys))
        self._remember(fetched, began)
        return fetched

    def _over(self, task: asyncio.Task[Mapping[K, V]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Whoever waited has the fault; if nobody waited long enough, nobody misses it.
            task.exception()

    def _remember(self, fetched: Mapping[K, V], now: float) -> None:
        for key, value in fetched.items():
            self._entries[key] = (now, value)
            self._entries.move_to_end(key)
        while len(self._entries) > ENTRIES_MAX:
            self._entries.popitem(last=False)
