"""Subscriptions about carts."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.cart.following import follow_cart
from domain.cart.holding import holder_of
from domain.cart.showing import show_cart
from resolvers.cart.types import Cart
from resolvers.context import Info
from resolvers.shared.permission import AccessLevel, subscription


@strawberry.type(description="The cart was changed: on another device, by a purchase, or by nobody's coming back.")
class CartUpdate:
    sequence: int = strawberry.field(description="The cart's version: the value for `after` when you come back.")
    cart: Cart = strawberry.field(description="The cart as it is now.")


@strawberry.type
class CartSubscriptions:
    @subscription(AccessLevel.PUBLIC, "Each change of the viewer's cart, or of the guest's whose token is given.")
    async def cart_updated(
        self,
        info: Info,
        cart_token: Annotated[
            str | None, strawberry.argument(description="Of a guest's cart; whoever is signed in needs none.")
        ] = None,
        after: Annotated[
            int | None, strawberry.argument(description="Only versions after this one; by default after the present.")
        ] = None,
    ) -> AsyncGenerator[CartUpdate, None]:
        context = info.context
        ports = context.ports
        holder = holder_of(context.actor, cart_token)
        async with aclosing(follow_cart(holder, after=after, ports=ports.carts, hints=ports.hints)) as contents:
            async for content in contents:
                context.loaders.forget()
                view = await show_cart(ports.db.primary, content, ports.carts)
                yield CartUpdate(sequence=content.stamp.version, cart=Cart.of(view))
