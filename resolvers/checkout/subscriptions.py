"""A purchase followed live."""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

import strawberry

from domain.checkout.reads import CheckoutEventView, checkout_of_buyer, events_after
from domain.shared.errors import NotFound
from domain.shared.feeds import follow
from domain.shared.ids import decode_id
from resolvers.checkout.types import CheckoutUpdate
from resolvers.context import Info
from resolvers.shared.permission import AccessLevel, refusal, subscription


@strawberry.type
class CheckoutSubscriptions:
    @subscription(
        AccessLevel.SIGNED_IN,
        "What happens to one of the viewer's checkouts: what was missed since `after`, then live, each event once.",
    )
    async def checkout_updated(
        self,
        info: Info,
        checkout_id: Annotated[strawberry.ID, strawberry.argument(description="The checkout.")],
        after: Annotated[int, strawberry.argument(description="Sequence of the last event seen; 0 for all.")] = 0,
    ) -> AsyncGenerator[CheckoutUpdate, None]:
        context, primary = info.context, info.context.ports.db.primary
        wanted, buyer_id = decode_id("checkout", checkout_id), info.context.actor.user()

        async def read(cursor: int) -> Sequence[tuple[int, CheckoutEventView]]:
            return await events_after(primary, wanted, cursor)

        if await checkout_of_buyer(primary, wanted, buyer_id) is None:
            raise refusal(NotFound("checkout"))
        async for event in follow(read, after, topic=f"checkout:{wanted}", hints=context.ports.hints):
            view = await checkout_of_buyer(primary, wanted, buyer_id)
            if view is not None:
                yield CheckoutUpdate.of(event, view)
