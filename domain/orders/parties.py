"""Who somebody is towards an order: its buyer, its seller, or an administrator.

Invariant: for whoever is none of them there is no such order.
"""

from typing import Final
from uuid import UUID

from domain.orders.model import Order
from domain.shared.actor import Actor, Role
from domain.shared.database import Tx
from domain.shared.errors import NotFound, NotPermitted
from domain.shared.transitions import Party

_PRECEDENCE: Final = (Party.BUYER, Party.SELLER, Party.ADMIN)


def parties_of(actor: Actor, *, buyer_id: UUID, seller_id: UUID) -> tuple[Party, ...]:
    """Every role that the actor has towards an order of these two; may be empty."""
    held = {
        Party.BUYER: actor.user_id is not None and actor.user_id == buyer_id,
        Party.SELLER: actor.seller_id is not None and actor.seller_id == seller_id,
        Party.ADMIN: Role.ADMIN in actor.roles,
    }
    return tuple(party for party in _PRECEDENCE if held[party])


async def lock_order(
    tx: Tx, order_id: UUID, actor: Actor, *allowed: Party, acting_as: Party | None = None
) -> tuple[Order, Party]:
    """The order under its row lock, and the role in which the actor acts on it.

    Without `acting_as` it is the first allowed role that the actor has. Raises NotFound for whoever has none of the
    allowed ones, NotPermitted for an `acting_as` that the actor does not have.
    """
    orders = await tx.lock(Order, [order_id])
    if not orders:
        raise NotFound("order")
    held = parties_of(actor, buyer_id=orders[0].buyer_id, seller_id=orders[0].seller_id)
    usable = [party for party in held if party in allowed]
    if not usable:
        raise NotFound("order")
    if acting_as is None:
        return orders[0], usable[0]
    if acting_as not in usable:
        raise NotPermitted(f"You cannot act as the {acting_as.value} of this order.")
    return orders[0], acting_as
