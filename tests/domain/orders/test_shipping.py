"""Parcels leave whole or in parts, never more than was bought."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.container import Container
from domain.catalog.model import Fulfilment
from domain.orders.errors import OrderPartlyShipped, WrongFulfilment
from domain.orders.model import OrderStatus
from domain.shared.errors import IdempotencyConflict, IllegalTransition, InvalidInput, NotFound
from domain.shared.ids import new_id
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import cancel, give, ship, timeline
from tests.makers import a_buyer, a_seller
from tests.sales import a_sale, the_lines, the_order


async def test_a_parcel_with_everything_ships_the_order(container: Container) -> None:
    sale = await a_sale(container, items=2)
    await ship(container, sale, carrier="DHL", tracking_number="abc 1")
    order = await the_order(container, sale.order_id)
    assert order.status is OrderStatus.SHIPPED
    assert [(line.shipped, line.quantity) for line in await the_lines(container, sale.order_id)] == [(2, 2), (2, 2)]
    assert [kind for _, kind in await timeline(container, sale.order_id)] == [
        "placed",
        "paid",
        "shipment_created",
        "shipped",
    ]


async def test_it_is_shipped_when_the_last_open_line_left(container: Container) -> None:
    sale = await a_sale(container, items=2, quantity=3)
    one, other = await the_lines(container, sale.order_id)
    await ship(container, sale, (one.id, 3), (other.id, 1))
    assert (await the_order(container, sale.order_id)).status is OrderStatus.PAID
    await ship(container, sale, (other.id, 2))
    assert (await the_order(container, sale.order_id)).status is OrderStatus.SHIPPED


async def test_more_than_is_left_is_refused_with_every_fault(container: Container) -> None:
    sale = await a_sale(container, items=2)
    one, other = await the_lines(container, sale.order_id)
    await ship(container, sale, (one.id, 1))
    with pytest.raises(InvalidInput) as refused:
        await ship(container, sale, (one.id, 2), (other.id, 1), (other.id, 2), (new_id(), 1))
    assert [(issue.path, issue.code) for issue in refused.value.issues] == [
        (("lines", "0", "quantity"), "TOO_MANY"),
        (("lines", "2", "quantity"), "TOO_MANY"),
        (("lines", "3", "order_line_id"), "NOT_OPEN"),
    ]


async def test_two_parcels_at_once_never_hold_the_same_unit(container: Container) -> None:
    sale = await a_sale(container, quantity=3)
    (line,) = await the_lines(container, sale.order_id)
    outcomes = await asyncio.gather(*(ship(container, sale, (line.id, 2)) for _ in range(4)), return_exceptions=True)
    assert sum(1 for outcome in outcomes if not isinstance(outcome, BaseException)) == 1
    assert (await the_lines(container, sale.order_id))[0].shipped == 2


async def test_the_same_key_makes_one_parcel(container: Container) -> None:
    sale = await a_sale(container)
    made = await asyncio.gather(*(ship(container, sale, idempotency_key="the-same-key") for _ in range(5)))
    assert len(set(made)) == 1
    with pytest.raises(IdempotencyConflict):
        await ship(container, sale, idempotency_key="the-same-key", carrier="another")


async def test_only_the_seller_ships(container: Container) -> None:
    sale = await a_sale(container)
    stranger = await a_seller(container)
    for actor in (stranger, sale.buyer, await a_buyer(container)):
        with pytest.raises(NotFound):
            await ship(container, replace(sale, seller=actor))


async def test_a_late_parcel_moves_the_estimate_and_the_release(fresh_container: Container, clock: FakeClock) -> None:
    sale = await a_sale(fresh_container)
    clock.advance(days=5)
    await ship(fresh_container, sale)
    order = await the_order(fresh_container, sale.order_id)
    assert order.shipped_at is not None
    assert order.estimated_delivery_at == order.shipped_at + timedelta(days=5)
    assert order.release_due_at == order.estimated_delivery_at + timedelta(days=14)


@pytest.mark.parametrize("fulfilment", [Fulfilment.PICKUP, Fulfilment.DIGITAL, Fulfilment.ON_SITE])
async def test_what_is_no_parcel_is_handed_over(container: Container, fulfilment: Fulfilment) -> None:
    sale = await a_sale(container, fulfilment=fulfilment)
    with pytest.raises(WrongFulfilment):
        await ship(container, sale)
    await give(container, sale)
    order = await the_order(container, sale.order_id)
    assert order.status is OrderStatus.DELIVERED
    assert order.delivered_at is not None
    assert order.release_due_at == order.delivered_at + timedelta(days=14)


async def test_a_parcel_is_not_handed_over(container: Container) -> None:
    with pytest.raises(WrongFulfilment):
        await give(container, await a_sale(container))


async def test_a_partly_shipped_order_is_not_cancelled(container: Container) -> None:
    sale = await a_sale(container, items=2)
    one, _ = await the_lines(container, sale.order_id)
    await ship(container, sale, (one.id, 1))
    with pytest.raises(OrderPartlyShipped):
        await cancel(container, sale, sale.buyer)


async def test_an_unpaid_order_is_not_shipped(container: Container) -> None:
    with pytest.raises(IllegalTransition):
        await ship(container, await a_sale(container, paid=False))


async def test_a_tracking_number_needs_its_carrier(container: Container) -> None:
    with pytest.raises(InvalidInput):
        await ship(container, await a_sale(container), tracking_number="123")
