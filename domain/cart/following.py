"""Watching a cart: each new version, once.

Invariant: the cursor is the cart's version, which only grows, so a watcher who comes back misses no present state.
What came between two looks is not replayed: a cart has no history.
"""

from collections.abc import AsyncGenerator, Sequence

from domain.cart.events import cart_topic
from domain.cart.holding import Holder
from domain.cart.loading import load_cart
from domain.cart.ports import CartPorts
from domain.cart.reads import CartContent
from domain.shared.errors import NotFound
from domain.shared.feeds import Hints, follow


async def follow_cart(
    holder: Holder, *, after: int | None, ports: CartPorts, hints: Hints
) -> AsyncGenerator[CartContent, None]:
    """Contents of the holder's cart after version `after` (None: after the present one), for ever.

    A user may have no cart yet. Raises NotFound when a guest's is not there, or is there no more.
    """
    present = await load_cart(ports.db.primary, holder, ports)
    if present is None and holder.user_id is None:
        raise NotFound("cart")
    topic = holder.user_id or (present.stamp.cart_id if present is not None else None)
    assert topic is not None

    async def read(version: int) -> Sequence[tuple[int, CartContent]]:
        content = await load_cart(ports.db.primary, holder, ports)
        if content is None:
            if holder.user_id is None:
                raise NotFound("cart")
            return []
        return [(content.stamp.version, content)] if content.stamp.version > version else []

    if after is None:
        after = present.stamp.version if present is not None else 0
    async for content in follow(read, after, topic=cart_topic(topic), hints=hints):
        yield content
