"""A budget of cost per client that refills steadily, so that nobody's operations crowd out the others'.

Exception
└── RateLimited(retry_after_seconds)
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol


class RateLimited(Exception):
    """The budget does not cover the cost; it will in `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"retry after {retry_after_seconds:.1f} s")
        self.retry_after_seconds = retry_after_seconds


class CostBudget(Protocol):
    """Where budgets are kept. An adapter whose store is away answers by a bound of its own; it neither raises
    nor waits.
    """

    async def spend(self, client_key: str, cost: int) -> int:
        """Take `cost` off the budget and return what remains. Raises `RateLimited`, taking nothing."""
        ...


class TokenBuckets:
    """`CostBudget` within one process: a bucket per client, full at first, refilled at `refill_per_second`.

    At most `clients_max` buckets are kept; the one unused for longest goes, by then usually full again.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        capacity: int = 20_000,
        refill_per_second: float = 500.0,
        clients_max: int = 20_000,
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._refill_per_second = refill_per_second
        self._clients_max = clients_max
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def spend(self, client_key: str, cost: int) -> int:
        now = self._clock()
        level, at = self._buckets.get(client_key, (float(self._capacity), now))
        level = min(self._capacity, level + (now - at) * self._refill_per_second)
        missing = cost - level
        if missing > 0:
            raise RateLimited(missing / self._refill_per_second)
        self._buckets[client_key] = (level - cost, now)
        self._buckets.move_to_end(client_key)
        if len(self._buckets) > self._clients_max:
            self._buckets.popitem(last=False)
        return math.floor(level - cost)
