"""The way from a holder to what is in their cart: the state from PostgreSQL, the content from a copy of that state.

Invariant: a copy is used only when its stamp is the one that PostgreSQL tells in this very read. A lost, old or
restored copy is read past and written anew; it can neither lose a line nor bring a bought cart back.
"""

from uuid import UUID

from domain.cart.holding import Holder
from domain.cart.ports import CartPorts
from domain.cart.reads import CartContent, content_by_id, held_cart
from domain.cart.showing import CartView, show_cart
from domain.shared.database import Reads


async def view_cart(reads: Reads, holder: Holder, ports: CartPorts) -> CartView | None:
    """The holder's cart with today's prices; None when there is none."""
    content = await load_cart(reads, holder, ports)
    return await show_cart(reads, content, ports) if content is not None else None


async def load_cart(reads: Reads, holder: Holder, ports: CartPorts) -> CartContent | None:
    """What is in the holder's cart, not priced; None when there is none."""
    stamp = await held_cart(reads, holder, ports.clock.now())
    if stamp is None:
        return None
    copy = await ports.cache.get(stamp.cart_id)
    if copy is not None and copy.stamp == stamp:
        return copy
    return await _read_through(reads, stamp.cart_id, ports)


async def view_changed_cart(cart_id: UUID, ports: CartPorts) -> CartView | None:
    """A cart just changed by the caller, from the primary; its copy is written with it."""
    reads = ports.db.primary
    content = await _read_through(reads, cart_id, ports)
    return await show_cart(reads, content, ports) if content is not None else None


async def _read_through(reads: Reads, cart_id: UUID, ports: CartPorts) -> CartContent | None:
    content = await content_by_id(reads, cart_id)
    if content is not None:
        await ports.cache.put(content)
    return content
