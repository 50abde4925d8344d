"""Queries about checkouts."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.checkout.reads import MY_CHECKOUTS, checkout_of_buyer, checkouts_of_buyer, count_of_buyer
from domain.shared.ids import decode_id
from resolvers.checkout.types import Checkout
from resolvers.context import Context, Info
from resolvers.shared.connections import After, Connection, First, connection
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class BuyerCheckoutQueries:
    @query(AccessLevel.SIGNED_IN, "One of the viewer's checkouts.")
    async def checkout(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Checkout | None:
        # From the primary: who asks has just changed it, or waits for it to change.
        view = await checkout_of_buyer(
            info.context.ports.db.primary, decode_id("checkout", id), info.context.actor.user()
        )
        return Checkout.of(view) if view is not None else None

    @query(AccessLevel.SIGNED_IN, "The viewer's checkouts, the newest first.")
    async def checkouts(self, info: Info, first: First = None, after: After = None) -> Connection[Checkout]:
        buyer_id = info.context.actor.user()
        page = await checkouts_of_buyer(info.context.reads, buyer_id, MY_CHECKOUTS.request(first, after))
        return connection(page, Checkout.of, lambda: count_of_buyer(info.context.reads, buyer_id))


async def _checkout(context: Context, id_: UUID) -> Checkout | None:
    if context.actor.user_id is None:
        return None
    view = await checkout_of_buyer(context.reads, id_, context.actor.user_id)
    return Checkout.of(view) if view is not None else None


register_node("checkout", _checkout)
