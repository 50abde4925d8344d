"""Queries about carts: the viewer's own, and a guest's by its token."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.cart.holding import Holder, holder_of
from domain.cart.loading import view_cart
from resolvers.cart.types import Cart
from resolvers.context import Context, Info
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query
from resolvers.shared.scalars import public_id


@strawberry.type
class BuyerCartQueries:
    @query(AccessLevel.SIGNED_IN, "The viewer's cart; null until something was put in.")
    async def cart(self, info: Info) -> Cart | None:
        return await _cart(info.context, holder_of(info.context.actor, None))


@strawberry.type
class PublicCartQueries:
    @query(AccessLevel.PUBLIC, "A guest's cart; null when there is none (any more).")
    async def cart(
        self, info: Info, token: Annotated[str, strawberry.argument(description="As `addToCart` gave it.")]
    ) -> Cart | None:
        return await _cart(info.context, Holder(token=token))


async def _cart(context: Context, holder: Holder) -> Cart | None:
    view = await view_cart(context.reads, holder, context.ports.carts)
    return Cart.of(view) if view is not None else None


async def _cart_node(context: Context, id_: UUID) -> Cart | None:
    cart = await _cart(context, holder_of(context.actor, None))
    return cart if cart is not None and cart.id == public_id("cart", id_) else None


register_node("cart", _cart_node)
