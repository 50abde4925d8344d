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


class LastKnown(Generic[K, V]):
    """A bounded memory over `fetch`, which answers every key it is asked for. The oldest entries go first."""

    def __init__(self, part: str, fetch: Fetch[K, V], measures: Measures, *, fresh_seconds: float) -> None:
        self._part = part
        self._fetch = fetch
        self._measures = measures
        self._fresh_seconds = fresh_seconds
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    async def get(self, keys: Sequence[K]) -> Found[K, V]:
        now = time.monotonic()
        found = {key: self._entries[key] for key in keys if key in self._entries}
        stale = [key for key in keys if key not in found or now - found[key][0] >= self._fresh_seconds]
        values = {key: value for key, (_, value) in found.items()}
        if not stale:
            return Found(values, current=True)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS_MAX):
                fetched = await self._fetch(stale)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._measures.fallback(self._part)
            return Found(values, current=False)
        self._remember(fetched, now)
        return Found({**values, **fetched}, current=True)

    def _remember(self, fetched: Mapping[K, V], now: float) -> None:
        for key, value in fetched.items():
            self._entries[key] = (now, value)
            self._entries.move_to_end(key)
        while len(self._entries) > ENTRIES_MAX:
            self._entries.popitem(last=False)
