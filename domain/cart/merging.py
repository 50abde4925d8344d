"""A guest's cart becomes part of the user's when they sign in.

Invariant: the lines of a guest's cart are moved once. Both carts are locked, and the guest's is gone in the same
transaction, so that a repeated or concurrent sign-in finds nothing left to move.
"""

from uuid import UUID

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert

from domain.cart.events import CartUpdated
from domain.cart.filling import fill
from domain.cart.holding import Holder, empty, find, lines_of, make, touch, without_what_expired
from domain.cart.model import Cart, CartDelivery
from domain.shared.database import Database, Tx, table


async def merge_guest_cart(user_id: UUID, token: str, db: Database) -> UUID | None:
    """Quantities are summed up to the limits; what is beyond them is left out. The user's cart's id.

    None when the token knows no cart (any more): then nothing is changed, so it may be called with any token.
    """

    async def step(tx: Tx) -> UUID | None:
        guest_id = await find(tx, Holder(token=token))
        if guest_id is None:
            return None
        holder = Holder(user_id)
        cart_id = await find(tx, holder) or await make(tx, holder, None)
        locked = {cart.id: cart for cart in await tx.lock(Cart, [guest_id, cart_id])}
        if guest_id not in locked:
            return None
        cart = await without_what_expired(tx, locked[cart_id])
        await _move(tx, locked[guest_id], cart)
        touch(tx, cart)
        return cart.id

    return await db.run(step)


async def _move(tx: Tx, guest: Cart, cart: Cart) -> None:
    """Everything of the guest's cart into the user's; where both chose, the user's choice stands."""
    await fill(tx, cart, await lines_of(tx, guest.id))
    cart.country = cart.country or guest.country
    choices = table(CartDelivery)
    theirs = select(literal(cart.id), choices.c.seller_id, choices.c.shipping_rate_id).where(
        choices.c.cart_id == guest.id
    )
    await tx.execute(
        insert(choices).from_select(["cart_id", "seller_id", "shipping_rate_id"], theirs).on_conflict_do_nothing()
    )
    await empty(tx, guest.id)
    await tx.execute(delete(table(Cart)).where(table(Cart).c.id == guest.id))
    tx.record(CartUpdated(at=tx.now, cart_id=guest.id))
