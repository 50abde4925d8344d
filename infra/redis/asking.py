"""One door to Redis for whatever can do without it.

Invariant: no question takes longer than its time or raises. A server that failed is left alone for a while, so that
its absence costs one caller in five seconds a tenth of a second and the others nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain.shared.measures import Measures
from infra.redis.breaker import CircuitBreaker

ANSWER_SECONDS: Final = 0.1
_FAULTS: Final = (RedisError, OSError, TimeoutError)

T = TypeVar("T")
_log = logging.getLogger(__name__)


class RedisDoor:
    """Made by `open_redis`. What one part finds out about the server, all parts know."""

    def __init__(self, client: Redis, measures: Measures, breaker: CircuitBreaker, answer_seconds: float) -> None:
        self.client = client
        self._measures = measures
        self._breaker = breaker
        self._answer_seconds = answer_seconds

    async def ask(self, part: str, call: Callable[[Redis], Awaitable[T]]) -> T | None:
        """The answer, or None when there is none to be had; `part` names who asks in what is counted."""
        if not self._breaker.allows():
            return None
        try:
            async with asyncio.timeout(self._answer_seconds):
                answer = await call(self.client)
        except _FAULTS as fault:
            self._breaker.failed()
            self._measures.fallback(part)
            _log.warning("Redis is left alone for a while, %s goes on without: %s", part, type(fault).__name__)
            return None
        self._breaker.succeeded()
        return answer


@asynccontextmanager
async def open_redis(
    url: str,
    measures: Measures,
    *,
    connections_max: int,
    answer_seconds: float = ANSWER_SECONDS,
    breaker: CircuitBreaker | None = None,
) -> AsyncIterator[RedisDoor]:
    """A door with its own connections; a Redis that is down delays nothing here."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections_max,
        timeout=answer_seconds,
        socket_timeout=answer_seconds,
        socket_connect_timeout=answer_seconds,
        # Trying again is the breaker's decision.
        retry=Retry(NoBackoff(), 0),
    )
    client = Redis.from_pool(pool)
    try:
        yield RedisDoor(client, measures, breaker or CircuitBreaker(), answer_seconds)
    finally:
        await client.aclose()
