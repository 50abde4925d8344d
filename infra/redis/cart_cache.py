"""`domain.cart.ports.CartCache` in Redis.

Invariant: no call takes longer than ANSWER_SECONDS or raises. A server that failed is left alone for a while, so
that its absence costs one cart in five seconds a tenth of a second and the others nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain.cart.reads import CartContent, CartStamp, StoredLine
from domain.shared.measures import Measures
from infra.redis.breaker import CircuitBreaker

ANSWER_SECONDS: Final = 0.1
LIFE_SECONDS: Final = 7 * 24 * 3600
FORM: Final = 1
"""The form of the stored text: a copy of another form is no copy."""
_PART: Final = "cart_cache"
_FAULTS: Final = (RedisError, OSError, TimeoutError)

T = TypeVar("T")
_log = logging.getLogger(__name__)


class RedisCartCache:
    """Made by `open_cart_cache`."""

    def __init__(self, client: Redis, measures: Measures, breaker: CircuitBreaker) -> None:
        self._client = client
        self._measures = measures
        self._breaker = breaker

    async def get(self, cart_id: UUID) -> CartContent | None:
        """See CartCache."""
        stored = await self._ask(lambda: self._client.get(_key(cart_id)))
        return None if stored is None else _read(stored)

    async def put(self, content: CartContent) -> None:
        """See CartCache."""
        await self._ask(lambda: self._client.set(_key(content.stamp.cart_id), _write(content), ex=LIFE_SECONDS))

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T | None:
        if not self._breaker.allows():
            return None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await call()
        except _FAULTS as fault:
            self._breaker.failed()
            self._measures.fallback(_PART)
            _log.warning("carts are read without their copies for a while: %s", type(fault).__name__)
            return None
        self._breaker.succeeded()
        return answer


def _key(cart_id: UUID) -> str:
    return f"cart:{cart_id.hex}"


def _write(content: CartContent) -> bytes:
    return orjson.dumps(
        {
            "form": FORM,
            "id": str(content.stamp.cart_id),
            "version": content.stamp.version,
            "updated_at": content.stamp.updated_at.isoformat(),
            "user_id": None if content.user_id is None else str(content.user_id),
            "country": content.country,
            "expires_at": content.expires_at.isoformat(),
            "lines": [
                [str(line.id), str(line.variant_id), line.quantity, line.seen_price_minor] for line in content.lines
            ],
            "deliveries": [[str(seller_id), str(rate_id)] for seller_id, rate_id in content.deliveries],
        }
    )


def _read(stored: bytes | str) -> CartContent | None:
    """None for whatever this adapter did not write: the cart is read from its rows then."""
    try:
        found: dict[str, Any] = orjson.loads(stored)
        if found["form"] != FORM:
            return None
        return CartContent(
            stamp=CartStamp(UUID(found["id"]), found["version"], datetime.fromisoformat(found["updated_at"])),
            user_id=None if found["user_id"] is None else UUID(found["user_id"]),
            country=found["country"],
            expires_at=datetime.fromisoformat(found["expires_at"]),
            lines=tuple(StoredLine(UUID(each[0]), UUID(each[1]), each[2], each[3]) for each in found["lines"]),
            deliveries=tuple((UUID(each[0]), UUID(each[1])) for each in found["deliveries"]),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


@asynccontextmanager
async def open_cart_cache(
    url: str, measures: Measures, *, connections_max: int, breaker: CircuitBreaker | None = None
) -> AsyncIterator[RedisCartCache]:
    """A cache with its own connections; a Redis that is down delays nothing here."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections_max,
        timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        # Trying again is the breaker's decision.
        retry=Retry(NoBackoff(), 0),
    )
    client = Redis.from_pool(pool)
    try:
        yield RedisCartCache(client, measures, breaker or CircuitBreaker())
    finally:
        await client.aclose()
