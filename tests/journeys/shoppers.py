"""Buyers with tokens, addresses and filled carts, by the hundred: written straight into the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from app.demo.copying import copy_rows
from app.keys import Purpose, key_for
from app.settings import Settings
from domain.cart.model import Cart, CartLine
from domain.inventory.model import MovementKind, StockMovement
from domain.shared.actor import Actor, ActorKind
from domain.shared.ids import encode_id, new_id
from domain.users.model import Address, User, UserSession
from infra.jwt.signer import JwtTokenSigner

STOCK: Final = 10_000_000
LIFE: Final = timedelta(days=1)

_VARIANTS: Final = """
SELECT v.id, v.listing_id, v.price_minor FROM variant v
JOIN listing l ON l.id = v.listing_id JOIN seller s ON s.id = l.seller_id
JOIN stock_item i ON i.variant_id = v.id
WHERE l.status = 'active' AND l.fulfilment = 'ship' AND l.sale_mode = 'purchase' AND l.currency = 'EUR' AND v.active
  AND s.status = 'active' AND v.price_minor BETWEEN 500 AND 9000
  AND EXISTS (SELECT FROM payment_account p WHERE p.seller_id = s.id AND p.charges_enabled)
  AND EXISTS (SELECT FROM shipping_rate r WHERE r.seller_id = s.id AND r.country IN ('DE', '*') AND r.currency = 'EUR')
ORDER BY l.id, v.id LIMIT $1"""


@dataclass(frozen=True, slots=True)
class Goods:
    variant_id: UUID
    listing_id: UUID
    price_minor: int


@dataclass(frozen=True, slots=True)
class Shopper:
    """One buyer; `line_ids` are the lines of their cart, in the order of the goods."""

    user_id: UUID
    session_id: UUID
    address_id: UUID
    cart_id: UUID
    line_ids: tuple[UUID, ...]
    goods: tuple[Goods, ...]
    token: str

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.USER, user_id=self.user_id, session_id=self.session_id)

    @property
    def address(self) -> str:
        return encode_id("address", self.address_id)

    def ids(self, theirs: "Shopper") -> dict[str, str]:
        """This shopper's ids -> those of another who does the same."""
        mine = (self.user_id, self.session_id, self.address_id, self.cart_id, *self.line_ids)
        others = (theirs.user_id, theirs.session_id, theirs.address_id, theirs.cart_id, *theirs.line_ids)
        return {str(own): str(other) for own, other in zip(mine, others, strict=True)}


async def goods_to_buy(url: str, count: int) -> list[Goods]:
    """Variants that can be sent to Germany, with stock that never ends."""
    connection = await asyncpg.connect(url)
    try:
        found = [Goods(*row) for row in await connection.fetch(_VARIANTS, count)]
        assert len(found) == count, f"the catalogue has only {len(found)} variants to buy"
        for each in found:
            await set_stock(connection, each.variant_id, STOCK)
        return found
    finally:
        await connection.close()


async def set_stock(connection: asyncpg.Connection, variant_id: UUID, on_hand: int) -> None:
    """With the movement that explains it, and as browsers shall see it."""
    row = await connection.fetchrow("SELECT id, on_hand FROM stock_item WHERE variant_id = $1", variant_id)
    assert row is not None
    moved = {
        "id": new_id(),
        "stock_item_id": row["id"],
        "kind": MovementKind.RESTOCK.value,
        "on_hand_delta": on_hand - row["on_hand"],
        "actor": "bench",
        "at": datetime.now(UTC),
    }
    async with connection.transaction():
        await connection.execute("UPDATE stock_item SET on_hand = $2 WHERE id = $1", row["id"], on_hand)
        await copy_rows(connection, StockMovement, [moved])
        await connection.execute(
            "UPDATE variant_stock SET status = 'in_stock', available = least($2, 100) WHERE variant_id = $1",
            variant_id,
            on_hand,
        )


async def shoppers(url: str, carts: Sequence[Sequence[Goods]]) -> list[Shopper]:
    """One for each cart, which holds one of each of its goods."""
    now = datetime.now(UTC)
    signer = JwtTokenSigner(key_for(Purpose.ACCESS_TOKENS, Settings(database_url=url, redis_url="redis://none")))
    made = [_shopper(signer, tuple(goods), now + LIFE) for goods in carts]
    times = {"created_at": now, "updated_at": now}
    ends = {"expires_at": now + LIFE}
    home = {"name": "Ann", "line1": "Hafenstr. 1", "city": "Hamburg", "country": "DE", "created_at": now}
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            names = [f"{each.user_id.hex}@example.com" for each in made]
            person = {"password_hash": "none", "display_name": "Ann", "status": "active", **times}
            users = [{"id": each.user_id, "email": name, **person} for each, name in zip(made, names, strict=True)]
            await copy_rows(connection, User, users)
            used = {"created_at": now, "last_used_at": now, **ends}
            sessions = [{"id": each.session_id, "user_id": each.user_id, **used} for each in made]
            await copy_rows(connection, UserSession, sessions)
            await copy_rows(
                connection, Address, [{"id": each.address_id, "user_id": each.user_id, **home} for each in made]
            )
            filled = {"country": "DE", **times, **ends}
            await copy_rows(
                connection, Cart, [{"id": each.cart_id, "user_id": each.user_id, **filled} for each in made]
            )
            await copy_rows(connection, CartLine, [line for each in made for line in _lines(each, now)])
    finally:
        await connection.close()
    return made


def _shopper(signer: JwtTokenSigner, goods: tuple[Goods, ...], expires_at: datetime) -> Shopper:
    user_id, session_id = new_id(), new_id()
    token = signer.sign(Actor(ActorKind.USER, user_id=user_id, session_id=session_id), expires_at)
    return Shopper(user_id, session_id, new_id(), new_id(), tuple(new_id() for _ in goods), goods, token)


def _lines(shopper: Shopper, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "id": line_id,
            "cart_id": shopper.cart_id,
            "variant_id": each.variant_id,
            "quantity": 1,
            "seen_price_minor": each.price_minor,
            "added_at": now,
        }
        for line_id, each in zip(shopper.line_ids, shopper.goods, strict=True)
    ]
