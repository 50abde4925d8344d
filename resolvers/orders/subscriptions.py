"""Watching orders: the same order as in queries, after each event, with the viewer's rights looked at again."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from domain.orders.feeds import follow_order, follow_seller_orders
from domain.orders.model import OrderEventKind
from domain.orders.reads import order_for
from domain.orders.timeline_reads import EventView
from domain.shared.errors import DomainError
from domain.shared.ids import decode_id
from resolvers.context import Context, Info
from resolvers.orders.types import Order
from resolvers.shared.permission import AccessLevel, refusal, subscription
from resolvers.shared.scalars import public_id


@strawberry.type(description="Something happened to an order.")
class OrderUpdate:
    event_id: strawberry.ID = strawberry.field(description="The event; the same event has the same id everywhere.")
    sequence: int = strawberry.field(description="Its place in the timeline; pass the last one seen as `after`.")
    kind: OrderEventKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When.")
    order: Order = strawberry.field(description="The order as it stands now, which may be further than this event.")


@strawberry.type(description="Something happened to one of the shop's orders.")
class SellerOrderUpdate:
    event_id: strawberry.ID = strawberry.field(description="The event; the same event has the same id everywhere.")
    cursor: str = strawberry.field(description="Its place among all of the shop's events; pass it as `after`.")
    kind: OrderEventKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When.")
    order: Order = strawberry.field(description="The order as it stands now, which may be further than this event.")


@strawberry.type
class OrderSubscriptions:
    @subscription(AccessLevel.SIGNED_IN, "Each event of one order, for its buyer, its seller and administrators.")
    async def order_updated(
        self,
        info: Info,
        order_id: Annotated[strawberry.ID, strawberry.argument(description="The order.")],
        after: Annotated[
            int | None, strawberry.argument(description="Only events after this sequence; by default from now on.")
        ] = None,
    ) -> AsyncGenerator[OrderUpdate, None]:
        context, id_ = info.context, decode_id("order", order_id)
        ports = context.ports
        feed = follow_order(id_, actor=context.actor, after=after, reads=ports.db.primary, hints=ports.hints)
        try:
            async with aclosing(feed) as events:
                async for event in events:
                    order = await _present(context, event)
                    if order is None:
                        return
                    yield OrderUpdate(
                        event_id=public_id("order_event", event.id),
                        sequence=event.sequence,
                        kind=event.kind,
                        at=event.at,
                        order=order,
                    )
        except DomainError as error:
            raise refusal(error) from error

    @subscription(AccessLevel.SELLER, "Each event of all orders of the shop.")
    async def seller_order_updated(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="Only events after this cursor; by default from now on.")
        ] = None,
    ) -> AsyncGenerator[SellerOrderUpdate, None]:
        context, ports = info.context, info.context.ports
        seller_id: UUID = context.actor.seller()
        feed = follow_seller_orders(seller_id, after=after, reads=ports.db.primary, hints=ports.hints)
        try:
            async with aclosing(feed) as events:
                async for each in events:
                    order = await _present(context, each.event)
                    if order is not None:
                        yield SellerOrderUpdate(
                            event_id=public_id("order_event", each.event.id),
                            cursor=each.cursor,
                            kind=each.event.kind,
                            at=each.event.at,
                            order=order,
                        )
        except DomainError as error:
            raise refusal(error) from error


async def _present(context: Context, event: EventView) -> Order | None:
    """The order with fresh loaders; None: not theirs now. That the session still holds, `subscription` sees to."""
    context.loaders.forget()
    found = await order_for(context.ports.db.primary, event.order_id, context.actor)
    return Order.of(found, context.actor) if found is not None else None
