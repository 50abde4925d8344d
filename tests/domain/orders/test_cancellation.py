"""Cancelling a paid order: the goods go back, the money goes back, and shipping loses or wins as a whole."""

import asyncio

import pytest

from app.container import Container
from domain.orders.errors import OrderOnHold
from domain.orders.model import CancelledBy, EscrowState, OrderStatus
from domain.orders.refunds import note_refund
from domain.payments.refunding import execute_refund
from domain.shared.actor import Actor, ActorKind, Role
from domain.shared.errors import IllegalTransition, NotFound, NotPermitted
from domain.shared.transitions import Party
from tests.domain.orders.lifecycle import cancel, held_for, hold, rows_of, ship, timeline
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_buyer, a_seller, an_admin
from tests.sales import Sale, a_sale, the_lines, the_order


async def on_hand(container: Container, sale: Sale) -> int:
    (row,) = await rows_of(
        container, "SELECT on_hand FROM stock_item WHERE variant_id = :id", id=sale.items[0].variant_id
    )
    found: int = row.on_hand
    return found


async def refund_of(container: Container, sale: Sale) -> list[object]:
    return await rows_of(container, "SELECT * FROM refund WHERE order_id = :id", id=sale.order_id)


@pytest.mark.parametrize("by", ["buyer", "seller", "admin"])
async def test_buyer_seller_and_admin_cancel_before_shipping(container: Container, by: str) -> None:
    sale = await a_sale(container)
    before = await on_hand(container, sale)
    actors = {"buyer": sale.buyer, "seller": sale.seller, "admin": await an_admin(container)}
    await cancel(container, sale, actors[by], reason="changed my mind")
    order = await the_order(container, sale.order_id)
    assert (order.status, order.cancelled_by) == (OrderStatus.CANCELLED, CancelledBy(by))
    assert order.cancel_reason == "changed my mind"
    assert await on_hand(container, sale) == before + 2
    assert [line.cancelled for line in await the_lines(container, sale.order_id)] == [2]
    (refund,) = await refund_of(container, sale)
    assert (refund.amount_minor, refund.status) == (2_500, "pending")  # type: ignore[attr-defined]  # a row
    assert await held_for(container, sale) == 2_500


async def test_strangers_cancel_nothing(container: Container) -> None:
    sale = await a_sale(container)
    for actor in (await a_buyer(container), await a_seller(container)):
        with pytest.raises(NotFound):
            await cancel(container, sale, actor)


async def test_who_is_two_things_says_as_which_it_acts(container: Container) -> None:
    sale = await a_sale(container)
    both = Actor(ActorKind.USER, user_id=sale.buyer.user_id, roles=frozenset({Role.ADMIN}))
    with pytest.raises(NotPermitted):
        await cancel(container, sale, both, acting_as=Party.SELLER)
    await cancel(container, sale, both, acting_as=Party.ADMIN)
    assert (await the_order(container, sale.order_id)).cancelled_by is CancelledBy.ADMIN


async def test_cancelling_twice_gives_back_once(container: Container) -> None:
    sale = await a_sale(container)
    before = await on_hand(container, sale)
    outcomes = await asyncio.gather(
        *(cancel(container, sale, actor) for actor in (sale.buyer, sale.seller) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(1 for outcome in outcomes if not isinstance(outcome, BaseException)) == 1
    assert all(isinstance(outcome, IllegalTransition) for outcome in outcomes if isinstance(outcome, BaseException))
    assert await on_hand(container, sale) == before + 2
    assert len(await refund_of(container, sale)) == 1


async def test_cancel_and_ship_at_once_exactly_one_wins(container: Container) -> None:
    for _ in range(12):
        sale = await a_sale(container)
        cancelled, shipped = await asyncio.gather(
            cancel(container, sale, sale.buyer), ship(container, sale), return_exceptions=True
        )
        order = await the_order(container, sale.order_id)
        if isinstance(cancelled, BaseException):
            assert isinstance(cancelled, IllegalTransition), cancelled
            assert order.status is OrderStatus.SHIPPED
            assert await refund_of(container, sale) == []
        else:
            assert isinstance(shipped, IllegalTransition), shipped
            assert order.status is OrderStatus.CANCELLED
            assert len(await refund_of(container, sale)) == 1


async def test_an_order_on_hold_is_not_cancelled(container: Container) -> None:
    """A chargeback and a refund for one order would pay the buyer twice."""
    sale = await a_sale(container)
    await hold(container, sale, await an_admin(container))
    with pytest.raises(OrderOnHold):
        await cancel(container, sale, sale.seller)
    assert await refund_of(container, sale) == []


async def test_the_refund_arrives_in_the_timeline_once(container: Container) -> None:
    gateway = FakePaymentGateway()
    sale = await a_sale(container, gateway=gateway)
    await cancel(container, sale, sale.buyer)
    (refund,) = await refund_of(container, sale)
    refund_id = refund.id  # type: ignore[attr-defined]  # a row
    await execute_refund(refund_id, db=container.ports.db, gateway=gateway)
    await asyncio.gather(*(note_refund(refund_id, db=container.ports.db) for _ in range(3)))
    assert (await the_order(container, sale.order_id)).escrow is EscrowState.REFUNDED
    assert await held_for(container, sale) == 0
    assert [kind for _, kind in await timeline(container, sale.order_id)] == [
        "placed",
        "paid",
        "cancelled",
        "refund_started",
        "refunded",
    ]
