"""`domain.cart.ports.CartCache` in Redis.

Invariant: a copy is what this adapter wrote or nothing; whatever else is found, and no answer, count as no copy.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from domain.cart.reads import CartContent, CartStamp, StoredLine
from domain.catalog.model import Fulfilment
from infra.redis.asking import RedisDoor

LIFE_SECONDS: Final = 7 * 24 * 3600
FORM: Final = 2
"""The form of the stored text: a copy of another form is no copy."""
_PART: Final = "cart_cache"


class RedisCartCache:
    def __init__(self, door: RedisDoor) -> None:
        self._door = door

    async def get(self, cart_id: UUID) -> CartContent | None:
        """See CartCache."""
        stored = await self._door.ask(_PART, lambda redis: redis.get(_key(cart_id)))
        return None if stored is None else _read(stored)

    async def put(self, content: CartContent) -> None:
        """See CartCache."""
        key, copy = _key(content.stamp.cart_id), _write(content)
        await self._door.ask(_PART, lambda redis: redis.set(key, copy, ex=LIFE_SECONDS))


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
                [str(line.id), str(line.variant_id), line.quantity, line.seen_price_minor, line.fulfilment]
                for line in content.lines
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
            lines=tuple(_read_line(each) for each in found["lines"]),
            deliveries=tuple((UUID(each[0]), UUID(each[1])) for each in found["deliveries"]),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


def _read_line(stored: Sequence[Any]) -> StoredLine:
    id_, variant_id, quantity, seen_price_minor, fulfilment = stored
    chosen = Fulfilment(fulfilment) if fulfilment is not None else None
    return StoredLine(UUID(id_), UUID(variant_id), quantity, seen_price_minor, chosen)
