"""`domain.shared.budgets.CostBudget` in Redis: one budget per client over all processes.

Invariant: what a process spends was taken from the client's bucket in Redis before. It is taken in shares, so that
most operations ask nobody; a client overdraws nothing, and at most one share per process lies idle. Without Redis
each process goes on with a budget of its own.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from redis.asyncio import Redis

from domain.shared.budgets import CostBudget, RateLimited
from infra.redis.asking import RedisDoor

SHARES: Final = 100
"""A process takes a hundredth of the capacity at a time."""
_PART: Final = "cost_budget"

# KEYS[1]: the bucket. ARGV: capacity, refill per second, the time, how much is needed, how much is wanted.
# Answers {taken, level}: taken is -1 when there is not enough, and nothing changed then.
_TAKE: Final = """
local capacity, refill, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local needed, wanted = tonumber(ARGV[4]), tonumber(ARGV[5])
local state = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(state[1]) or capacity, tonumber(state[2]) or now
-- The processes' clocks differ by a little; time that went back gives nothing and takes nothing.
if now > at then
    level = level + (now - at) * refill
    at = now
end
level = math.min(capacity, level)
if level < needed then
    return {-1, string.format('%.6f', level)}
end
local taken = math.max(needed, math.floor(math.min(level, wanted)))
level = level - taken
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', string.format('%.6f', at))
-- By then it is full again, as a bucket that was never touched.
redis.call('EXPIRE', KEYS[1], math.ceil((capacity - level) / refill) + 1)
return {taken, string.format('%.6f', level)}
"""


class RedisCostBudget:
    """`alone` is this process's own bound, for when Redis does not answer. `clock` gives seconds, the same on every
    machine but for a little.

    The shares of at most `clients_max` clients are kept; the share of the one seen longest ago is lost to it.
    """

    def __init__(
        self,
        door: RedisDoor,
        *,
        alone: CostBudget,
        clock: Callable[[], float],
        capacity: int,
        refill_per_second: float,
        clients_max: int = 20_000,
    ) -> None:
        self._door = door
        self._alone = alone
        self._clock = clock
        self._capacity = capacity
        self._refill_per_second = refill_per_second
        self._clients_max = clients_max
        self._take = door.client.register_script(_TAKE)
        self._shares: OrderedDict[str, tuple[int, int]] = OrderedDict()

    async def spend(self, client_key: str, cost: int) -> int:
        """See CostBudget."""
        share, level = self._shares.get(client_key, (0, 0))
        if cost <= share:
            self._keep(client_key, share - cost, level)
            return level + share - cost
        # Held while Redis is asked, so that nobody of this process spends it too.
        self._keep(client_key, 0, level)
        spent = 0
        try:
            answer = await self._door.ask(_PART, self._taking(client_key, cost - share))
            if answer is not None:
                taken, level = int(answer[0]), math.floor(float(answer[1]))
                if taken < 0:
                    raise RateLimited((cost - share - float(answer[1])) / self._refill_per_second)
                share, spent = share + taken, cost
        finally:
            others, _ = self._shares.get(client_key, (0, 0))
            left = others + share - spent
            self._keep(client_key, left, level)
        return level + left if spent else await self._alone.spend(client_key, cost)

    def _taking(self, client_key: str, needed: int) -> Callable[[Redis], Any]:
        wanted = max(needed, self._capacity // SHARES)
        arguments = [self._capacity, self._refill_per_second, self._clock(), needed, wanted]
        return lambda _: self._take(keys=[f"cost:{client_key}"], args=arguments)

    def _keep(self, client_key: str, share: int, level: int) -> None:
        self._shares[client_key] = (share, level)
        self._shares.move_to_end(client_key)
        if len(self._shares) > self._clients_max:
            self._shares.popitem(last=False)
