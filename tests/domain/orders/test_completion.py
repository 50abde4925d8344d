"""Money leaves escrow once, after the buyer's word or fourteen days, and never past a hold."""

import asyncio

import pytest

from app.container import Container
from domain.catalog.model import Fulfilment
from domain.orders.completion import complete_due_orders
from domain.orders.errors import NothingHeld, OrderOnHold
from domain.orders.model import EscrowState, OrderStatus
from domain.shared.errors import IllegalTransition, NotFound
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import confirm, give, held_for, hold, owed_to, ship, timeline, unhold
from tests.makers import a_buyer, an_admin
from tests.sales import a_sale, the_order

PAID_OUT = 2_500 - 252
"""25.00 held, less 15 % of the net of two lamps (2 * 8.40)."""


async def sweep(container: Container) -> int:
    return await complete_due_orders(db=container.ports.db, clock=container.ports.clock)


async def test_the_buyers_confirmation_pays_the_seller_at_once(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    await confirm(container, sale)
    order = await the_order(container, sale.order_id)
    assert (order.status, order.escrow) == (OrderStatus.COMPLETED, EscrowState.RELEASED)
    assert (await held_for(container, sale), await owed_to(container, sale)) == (0, PAID_OUT)
    assert [kind for _, kind in await timeline(container, sale.order_id)][-2:] == ["completed", "released"]


async def test_ten_confirmations_pay_once(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    outcomes = await asyncio.gather(*(confirm(container, sale) for _ in range(10)), return_exceptions=True)
    assert sum(1 for outcome in outcomes if not isinstance(outcome, BaseException)) == 1
    assert all(isinstance(outcome, IllegalTransition) for outcome in outcomes if isinstance(outcome, BaseException))
    assert await owed_to(container, sale) == PAID_OUT


async def test_the_same_key_confirms_once_and_answers_alike(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    assert set(await asyncio.gather(*(confirm(container, sale, key="one-key-only") for _ in range(5)))) == {
        sale.order_id
    }
    assert await owed_to(container, sale) == PAID_OUT


async def test_only_the_buyer_confirms(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    for actor in (sale.seller, await a_buyer(container), await an_admin(container)):
        with pytest.raises(NotFound):
            await confirm(container, sale, actor)


async def test_fourteen_days_after_the_hand_over_the_seller_is_paid(
    fresh_container: Container, clock: FakeClock
) -> None:
    sale = await a_sale(fresh_container, fulfilment=Fulfilment.PICKUP)
    await give(fresh_container, sale)
    clock.advance(days=13, hours=23)
    assert await sweep(fresh_container) == 0
    clock.advance(hours=1, minutes=1)
    assert await sweep(fresh_container) == 1
    assert (await the_order(fresh_container, sale.order_id)).status is OrderStatus.COMPLETED
    assert await sweep(fresh_container) == 0


async def test_without_tracking_it_is_fourteen_days_after_the_latest_estimate(
    fresh_container: Container, clock: FakeClock
) -> None:
    sale = await a_sale(fresh_container)
    await ship(fresh_container, sale)
    clock.advance(days=20, hours=23)
    assert await sweep(fresh_container) == 0
    clock.advance(hours=1, minutes=1)
    assert await sweep(fresh_container) == 1
    assert await owed_to(fresh_container, sale) == PAID_OUT


async def test_an_order_that_was_never_shipped_pays_nobody(fresh_container: Container, clock: FakeClock) -> None:
    sale = await a_sale(fresh_container)
    clock.advance(days=365)
    assert await sweep(fresh_container) == 0
    assert await held_for(fresh_container, sale) == 2_500


async def test_four_sweeps_at_once_pay_every_order_once(fresh_container: Container, clock: FakeClock) -> None:
    sales = [await a_sale(fresh_container, fulfilment=Fulfilment.DIGITAL) for _ in range(12)]
    for sale in sales:
        await give(fresh_container, sale)
    clock.advance(days=15)
    while await sweep(fresh_container):
        await asyncio.gather(*(sweep(fresh_container) for _ in range(4)))
    for sale in sales:
        assert await owed_to(fresh_container, sale) == 2_000 - 252
        assert [number for number, _ in await timeline(fresh_container, sale.order_id)] == [1, 2, 3, 4, 5]


async def test_a_hold_stops_the_sweep_and_the_buyer_until_it_is_closed(
    fresh_container: Container, clock: FakeClock
) -> None:
    sale = await a_sale(fresh_container)
    admin = await an_admin(fresh_container)
    await ship(fresh_container, sale)
    await hold(fresh_container, sale, admin)
    clock.advance(days=60)
    assert await sweep(fresh_container) == 0
    with pytest.raises(OrderOnHold):
        await confirm(fresh_container, sale)
    assert await held_for(fresh_container, sale) == 2_500
    await unhold(fresh_container, sale, admin)
    assert await sweep(fresh_container) == 1
    assert await owed_to(fresh_container, sale) == PAID_OUT


async def test_a_hold_and_a_release_at_once_never_both_succeed(container: Container) -> None:
    """The guarantee: whichever takes the order's lock first wins, and the other sees it."""
    admin = await an_admin(container)
    won = {"hold": 0, "release": 0}
    for round_ in range(12):
        sale = await a_sale(container)
        await ship(container, sale)
        steps = [hold(container, sale, admin), confirm(container, sale)]
        held, released = await asyncio.gather(*(steps if round_ % 2 else steps[::-1]), return_exceptions=True)
        if not round_ % 2:
            held, released = released, held
        order = await the_order(container, sale.order_id)
        if isinstance(released, OrderOnHold):
            won["hold"] += 1
            assert not isinstance(held, BaseException)
            assert (order.escrow, await held_for(container, sale)) == (EscrowState.HELD, 2_500)
        else:
            won["release"] += 1
            assert isinstance(held, NothingHeld), held
            assert (order.escrow, await held_for(container, sale)) == (EscrowState.RELEASED, 0)
    assert sum(won.values()) == 12


async def test_only_administrators_hold(container: Container) -> None:
    sale = await a_sale(container)
    admin = await an_admin(container)
    with pytest.raises(NotFound):
        await unhold(container, sale, admin)
    await hold(container, sale, admin)
    await unhold(container, sale, admin)
    with pytest.raises(NotFound):
        await unhold(container, sale, admin)
