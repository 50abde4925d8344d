"""Texts of persisted operations in Redis: what a client told one process, all of them know.

Invariant: a hash stands for no other text than its own, whoever wrote to the server: what is read is hashed again. The
store is bounded, the texts registered longest ago go first; losing one costs its client a round trip.
"""

import hashlib
from typing import Final

from infra.redis.asking import RedisDoor

ENTRIES_MAX: Final = 5_000
LIFE_SECONDS: Final = 7 * 24 * 3600
_PART: Final = "document_store"
# One slot of a cluster, so that a text and its place in the queue change together.
_KNOWN: Final = "{documents}:known"
_DROPPED_AT_ONCE: Final = 10

# KEYS[1]: the queue, KEYS[2]: the text. ARGV: hash, text, life in seconds, how many are kept.
_PUT: Final = f"""
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000000 + time[2], ARGV[1])
local over = math.min({_DROPPED_AT_ONCE}, redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[4]))
if over > 0 then
    local dropped = redis.call('ZPOPMIN', KEYS[1], over)
    for index = 1, #dropped, 2 do
        redis.call('DEL', '{{documents}}:' .. dropped[index])
    end
end
"""


class RedisDocuments:
    """Keeps the newest `entries_max` texts. An absent Redis knows none and forgets all."""

    def __init__(self, door: RedisDoor, *, entries_max: int = ENTRIES_MAX) -> None:
        self._door = door
        self._entries_max = entries_max
        self._put = door.client.register_script(_PUT)

    async def get(self, sha256: str) -> str | None:
        stored = await self._door.ask(_PART, lambda redis: redis.get(_key(sha256)))
        if not isinstance(stored, bytes) or hashlib.sha256(stored).hexdigest() != sha256:
            return None
        return stored.decode(errors="replace")

    async def put(self, sha256: str, text: str) -> None:
        arguments: list[str | bytes | int] = [sha256, text.encode(), LIFE_SECONDS, self._entries_max]
        await self._door.ask(_PART, lambda _: self._put(keys=[_KNOWN, _key(sha256)], args=arguments))


def _key(sha256: str) -> str:
    return f"{{documents}}:{sha256}"
