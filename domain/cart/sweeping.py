"""Carts that nobody touched for too long are emptied.

Invariant: only a guest's cart is deleted. A user's row stays, because purchases refer to it.
"""

from typing import Final

from sqlalchemy import delete, select

from domain.cart.events import CartUpdated
from domain.cart.holding import empty, touch
from domain.cart.model import Cart
from domain.shared.database import Database, Tx, table

BATCH_MAX: Final = 200
_carts = table(Cart)


async def sweep_expired_carts(db: Database) -> int:
    """Works up to BATCH_MAX carts whose time is over, those over longest first; how many."""

    async def step(tx: Tx) -> int:
        over = select(_carts.c.id).where(_carts.c.expires_at <= tx.now).order_by(_carts.c.expires_at).limit(BATCH_MAX)
        ids = list((await tx.execute(over)).scalars())
        # Whoever holds one right now is touching it: it lives on.
        carts = [cart for cart in await tx.lock(Cart, ids, skip_locked=True) if cart.expires_at <= tx.now]
        await empty(tx, *[cart.id for cart in carts])
        guests = [cart.id for cart in carts if cart.user_id is None]
        await tx.execute(delete(_carts).where(_carts.c.id.in_(guests)))
        for cart in carts:
            if cart.user_id is not None:
                touch(tx, cart)
            else:
                tx.record(CartUpdated(at=tx.now, cart_id=cart.id))
        return len(carts)

    return await db.run(step)
