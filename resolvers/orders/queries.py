"""Queries about orders: the buyer's own, the shop's, and everybody's for administrators."""

from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from domain.orders.model import OrderStatus
from domain.orders.reads import OrderList, OrderView, count_orders, order_by_number, order_for, orders_page
from domain.shared.ids import decode_id
from resolvers.context import Context, Info
from resolvers.orders.types import Order
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query

Status = Annotated[OrderStatus | None, strawberry.argument(description="Only those in this status.")]
NumberArgument = Annotated[
    str, strawberry.argument(description="As a person types it: case, dashes, and O for 0 do not matter.")
]
OrderIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The order's id.")]


@strawberry.type
class BuyerOrderQueries:
    @query(AccessLevel.SIGNED_IN, "What the viewer bought, newest first.")
    async def orders(
        self,
        info: Info,
        status: Status = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Order]:
        wanted = OrderList(buyer_id=info.context.actor.user(), status=status)
        return await _list(info.context, wanted, first, after, last, before)

    @query(AccessLevel.SIGNED_IN, "One order that the viewer bought; null when it is not theirs.")
    async def order(self, info: Info, id: OrderIdArgument) -> Order | None:
        found = await _order(info.context, decode_id("order", id))
        return found if found is not None and found.view.buyer_id == info.context.actor.user_id else None

    @query(AccessLevel.SIGNED_IN, "The same by the order's number.")
    async def order_by_number(self, info: Info, number: NumberArgument) -> Order | None:
        found = await _numbered(info.context, number)
        return found if found is not None and found.view.buyer_id == info.context.actor.user_id else None


@strawberry.type
class SellerOrderQueries:
    @query(AccessLevel.SELLER, "What the shop sold, newest first.")
    async def orders(
        self,
        info: Info,
        status: Status = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Order]:
        wanted = OrderList(seller_id=info.context.actor.seller(), status=status)
        return await _list(info.context, wanted, first, after, last, before)

    @query(AccessLevel.SELLER, "One order that the shop sold; null when it is not the shop's.")
    async def order(self, info: Info, id: OrderIdArgument) -> Order | None:
        found = await _order(info.context, decode_id("order", id))
        return found if found is not None and found.view.seller_id == info.context.actor.seller_id else None

    @query(AccessLevel.SELLER, "The same by the order's number.")
    async def order_by_number(self, info: Info, number: NumberArgument) -> Order | None:
        found = await _numbered(info.context, number)
        return found if found is not None and found.view.seller_id == info.context.actor.seller_id else None


@strawberry.type
class AdminOrderQueries:
    @query(AccessLevel.ADMIN, "All orders, newest first.")
    async def orders(
        self,
        info: Info,
        status: Status = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Order]:
        return await _list(info.context, OrderList(status=status), first, after, last, before)

    @query(AccessLevel.ADMIN, "Any order.")
    async def order(self, info: Info, id: OrderIdArgument) -> Order | None:
        return await _order(info.context, decode_id("order", id))

    @query(AccessLevel.ADMIN, "The same by the order's number.")
    async def order_by_number(self, info: Info, number: NumberArgument) -> Order | None:
        return await _numbered(info.context, number)


async def _list(
    context: Context, wanted: OrderList, first: int | None, after: str | None, last: int | None, before: str | None
) -> Connection[Order]:
    page = await orders_page(context.reads, wanted, wanted.keyset.request(first, after, last, before))
    return connection(page, partial(_present, context), partial(count_orders, context.reads, wanted))


def _present(context: Context, view: OrderView) -> Order:
    return Order.of(view, context.actor)


async def _order(context: Context, id_: UUID) -> Order | None:
    found = await order_for(context.reads, id_, context.actor)
    return Order.of(found, context.actor) if found is not None else None


async def _numbered(context: Context, number: str) -> Order | None:
    found = await order_by_number(context.reads, number, context.actor)
    return Order.of(found, context.actor) if found is not None else None


register_node("order", _order)
