"""What a checkout does with a cart: take everything out, and put it back when nothing was bought.

Invariant: one version of a cart is bought at most once. The row is locked and its version compared in the
transaction that reserves the stock, so of two tabs that buy one cart the second gets CartChanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from sqlalchemy import bindparam, delete

from domain.cart.errors import CartEmpty
from domain.cart.filling import fill
from domain.cart.holding import Holder, expect, hold, touch
from domain.cart.model import Cart, CartLine
from domain.catalog.model import Fulfilment
from domain.shared.database import Tx, Write, table
from domain.shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class CartLineSnapshot:
    """A line as it was bought: what is given back."""

    variant_id: UUID
    quantity: int
    seen_price_minor: int
    fulfilment: Fulfilment | None = None


def _taken(
    id_: UUID, variant_id: UUID, quantity: int, seen_price_minor: int, fulfilment: str | None
) -> tuple[UUID, CartLineSnapshot]:
    chosen = Fulfilment(fulfilment) if fulfilment is not None else None
    return id_, CartLineSnapshot(variant_id, quantity, seen_price_minor, chosen)


_lines = table(CartLine)
_TAKE_LINES = Write(
    delete(_lines)
    .where(_lines.c.cart_id == bindparam("cart_id"))
    .returning(_lines.c.id, _lines.c.variant_id, _lines.c.quantity, _lines.c.seen_price_minor, _lines.c.fulfilment),
    _taken,
)


async def consume(
    tx: Tx, *, cart_id: UUID, user_id: UUID, version: int, checkout_id: UUID
) -> tuple[CartLineSnapshot, ...]:
    """Lock the cart, take its lines out and give them; country and chosen deliveries stay for the next purchase.

    Called before orders and stock are locked. Its checkout comes before it in the lock order, but is a new row that
    nobody else can hold. Raises NotFound (not this user's, or expired), CartChanged (another version), CartEmpty.
    """
    cart = await hold(tx, Holder(user_id))
    if cart.id != cart_id:
        raise NotFound("cart")
    expect(cart, version)
    taken = await tx.write(_TAKE_LINES, cart_id=cart.id)
    if not taken:
        raise CartEmpty()
    cart.checked_out_by = checkout_id
    touch(tx, cart)
    return tuple(snapshot for _, snapshot in sorted(taken, key=itemgetter(0)))


async def give_back(tx: Tx, *, cart_id: UUID, lines: Sequence[CartLineSnapshot]) -> None:
    """Put lines back beside what was added meanwhile, up to the limits of a cart.

    Called once per checkout, by the transaction that frees its stock: under the checkout's lock, before orders and
    stock are locked.
    """
    for cart in await tx.lock(Cart, [cart_id]):
        await fill(tx, cart, lines)
        cart.checked_out_by = None
        touch(tx, cart)
