"""Who holds a cart: a user, or whoever has the token of a guest's cart.

Invariant: a token is made here, from 256 random bits, and only its digest is stored; a token that a client made up
never becomes the token of a cart.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.cart.errors import CartChanged
from domain.cart.events import CartUpdated
from domain.cart.model import GUEST_DAYS, USER_DAYS, Cart, CartDelivery, CartLine
from domain.shared.actor import Actor
from domain.shared.database import Tx, Write, table
from domain.shared.errors import NotFound
from domain.shared.ids import new_id

TOKEN_LENGTH_MAX: Final = 100
"""Those made here have 43 characters."""

_carts = table(Cart)
_EMPTYING: Final = tuple(
    Write(delete(table(model)).where(table(model).c.cart_id == func.any(bindparam("cart_ids"))), tuple)
    for model in (CartLine, CartDelivery)
)


@dataclass(frozen=True, slots=True)
class Holder:
    """One of the two is given, or none by a guest who has no cart yet."""

    user_id: UUID | None = None
    token: str | None = field(default=None, repr=False)


def holder_of(actor: Actor, token: str | None) -> Holder:
    """Whoever is signed in holds their own cart, and a token that they still send is not looked at."""
    return Holder(actor.user_id) if actor.user_id is not None else Holder(token=token)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(32)


async def hold(tx: Tx, holder: Holder) -> Cart:
    """The holder's cart, locked. Raises NotFound when there is none."""
    if holder.user_id is not None:
        locked = await tx.lock(Cart, [holder.user_id], by="user_id")
    else:
        cart_id = await find(tx, holder)
        locked = await tx.lock(Cart, [cart_id]) if cart_id is not None else []
    if not locked:
        raise NotFound("cart")
    return await without_what_expired(tx, locked[0])


async def hold_or_make(tx: Tx, holder: Holder, token: str) -> tuple[Cart, str | None]:
    """The holder's cart, locked; a new one where there is none. `token` is for a new guest's cart: given back if used.

    Two who make a user's first cart at once get the same one: the unique index lets the second wait for the first.
    """
    used = None
    cart_id = await find(tx, holder)
    if cart_id is None:
        used = token if holder.user_id is None else None
        cart_id = await make(tx, holder, used)
    locked = await tx.lock(Cart, [cart_id])
    if not locked:
        # A guest's cart was merged or swept between the two statements.
        return await hold_or_make(tx, Holder(holder.user_id), token)
    return await without_what_expired(tx, locked[0]), used


async def make(tx: Tx, holder: Holder, token: str | None) -> UUID:
    """A cart for a user, or for the guest who will get this token. Somebody else may have made the user's just now.

    It is at version 0, which nobody ever sees: whoever makes a cart puts something into it.
    """
    await tx.execute(
        insert(_carts)
        .values(
            id=new_id(),
            user_id=holder.user_id,
            token_digest=None if token is None else digest(token),
            version=0,
            created_at=tx.now,
            updated_at=tx.now,
            expires_at=expiry(tx.now, holder.user_id),
        )
        .on_conflict_do_nothing()
    )
    cart_id = await find(tx, Holder(holder.user_id, token))
    assert cart_id is not None
    return cart_id


async def find(tx: Tx, holder: Holder) -> UUID | None:
    """The id of the holder's cart, without a lock; a guest's that expired is none."""
    if holder.user_id is not None:
        chosen = select(_carts.c.id).where(_carts.c.user_id == holder.user_id)
    elif holder.token is not None:
        chosen = select(_carts.c.id).where(_carts.c.token_digest == digest(holder.token), _carts.c.expires_at > tx.now)
    else:
        return None
    found: UUID | None = (await tx.execute(chosen)).scalar_one_or_none()
    return found


def expect(cart: Cart, version: int | None) -> None:
    """Raises CartChanged when the caller saw another version; None: whatever it is."""
    if version is not None and version != cart.version:
        raise CartChanged(cart.id)


def touch(tx: Tx, cart: Cart) -> None:
    """After every change: the next version, a new life span, and word to those who watch."""
    cart.version += 1
    cart.updated_at = tx.now
    cart.expires_at = expiry(tx.now, cart.user_id)
    tx.record(CartUpdated(at=tx.now, cart_id=cart.id, user_id=cart.user_id))


def expiry(now: datetime, user_id: UUID | None) -> datetime:
    return now + timedelta(days=GUEST_DAYS if user_id is None else USER_DAYS)


async def lines_of(tx: Tx, cart_id: UUID) -> list[CartLine]:
    """All lines of a locked cart, in the order in which they were added."""
    return await tx.load(CartLine, [cart_id], by="cart_id")


async def empty(tx: Tx, *cart_ids: UUID) -> None:
    """Delete lines and chosen deliveries of locked carts."""
    for emptying in _EMPTYING:
        await tx.write(emptying, cart_ids=list(cart_ids))


async def without_what_expired(tx: Tx, cart: Cart) -> Cart:
    """A user has one cart for ever; what was in it too long ago is gone even before the sweep comes."""
    if cart.expires_at <= tx.now:
        await empty(tx, cart.id)
    return cart
