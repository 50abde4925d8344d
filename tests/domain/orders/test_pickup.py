"""Orders that are fetched. The guarantee: without the code that only the buyer reads nothing counts as handed over."""

from typing import Any
from uuid import UUID

import pytest

from app.container import Container
from domain.catalog.model import Fulfilment
from domain.orders.errors import WrongFulfilment, WrongPickupCode
from domain.orders.lateness import cancel_given_up_orders, mark_late_orders
from domain.orders.model import LATE_CANCEL_DAYS, OrderStatus
from domain.orders.pickup import (
    PICKUP_DAYS,
    MarkReadyForPickup,
    PickupView,
    mark_ready,
    pickups_by_orders,
)
from domain.shared.actor import Actor
from domain.shared.errors import IdempotencyConflict, IllegalTransition, NotFound
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import a_key, cancel, confirm, give, owed_to, timeline
from tests.sales import Sale, a_sale, the_order


async def a_pickup(container: Container, **more: Any) -> Sale:
    return await a_sale(container, fulfilment=Fulfilment.PICKUP, **more)


async def pickup_of(container: Container, sale: Sale) -> PickupView:
    return (await pickups_by_orders(container.ports.db.primary, [sale.order_id]))[sale.order_id]


async def ready(container: Container, sale: Sale, actor: Actor | None = None, **more: Any) -> UUID:
    command = MarkReadyForPickup(order_id=sale.order_id, **({"idempotency_key": a_key()} | more))
    return await mark_ready(command, actor=actor or sale.seller, db=container.ports.db)


async def test_an_order_is_made_ready_fetched_with_the_code_and_completed(container: Container) -> None:
    sale = await a_pickup(container)
    await ready(container, sale, note="From 9 to 5")
    found = await pickup_of(container, sale)
    assert (found.note, found.ready_at is not None) == ("From 9 to 5", True)
    spelt = f" {found.code[:4].lower()}-{found.code[4:].lower()} ".replace("0", "o").replace("1", "l")
    await give(container, sale, spelt)
    assert (await the_order(container, sale.order_id)).status is OrderStatus.DELIVERED
    await confirm(container, sale)
    assert await owed_to(container, sale) > 0
    kinds = [kind for _, kind in await timeline(container, sale.order_id)]
    assert kinds == ["placed", "paid", "ready_for_pickup", "delivered", "completed", "released"]


async def test_another_code_hands_nothing_over(container: Container) -> None:
    sale, other = await a_pickup(container), await a_pickup(container)
    stranger = (await pickup_of(container, other)).code
    for code in ("", "0000", stranger, stranger * 2):
        with pytest.raises(WrongPickupCode):
            await give(container, sale, code)
    assert (await the_order(container, sale.order_id)).status is OrderStatus.PAID
    await give(container, sale)


async def test_codes_are_each_orders_own(container: Container) -> None:
    codes = {(await pickup_of(container, await a_pickup(container))).code for _ in range(5)}
    assert len(codes) == 5
    assert all(len(code) == 8 for code in codes)


async def test_what_is_not_paid_or_over_is_neither_ready_nor_handed_over(container: Container) -> None:
    unpaid, cancelled = await a_pickup(container, paid=False), await a_pickup(container)
    await cancel(container, cancelled, cancelled.buyer)
    for sale in (unpaid, cancelled):
        with pytest.raises(IllegalTransition):
            await ready(container, sale)
        with pytest.raises(IllegalTransition):
            await give(container, sale)


async def test_who_does_not_come_gets_the_money_back_in_the_end(fresh_container: Container, clock: FakeClock) -> None:
    sale, db = await a_pickup(fresh_container), fresh_container.ports.db
    clock.advance(days=1)
    await ready(fresh_container, sale)
    clock.advance(days=PICKUP_DAYS + LATE_CANCEL_DAYS - 1)
    assert await mark_late_orders(db=db, clock=clock) == 0, "it is not the seller who is late"
    assert await cancel_given_up_orders(db=db, clock=clock) == 0
    clock.advance(days=1, minutes=1)
    assert await cancel_given_up_orders(db=db, clock=clock) == 1
    order = await the_order(fresh_container, sale.order_id)
    assert (order.status, order.cancel_reason) == (OrderStatus.CANCELLED, "not fetched in time")


async def test_ready_is_told_once_and_only_for_what_is_fetched(container: Container) -> None:
    sale = await a_pickup(container)
    key = a_key()
    await ready(container, sale, note="From 9", idempotency_key=key)
    await ready(container, sale, note="From 9", idempotency_key=key)
    with pytest.raises(IdempotencyConflict):
        await ready(container, sale, note="From 10", idempotency_key=key)
    await ready(container, sale, note="From 11")
    assert (await pickup_of(container, sale)).note == "From 11"
    assert [kind for _, kind in await timeline(container, sale.order_id)].count("ready_for_pickup") == 1
    with pytest.raises(WrongFulfilment):
        await ready(container, await a_sale(container))
    with pytest.raises(NotFound):
        await ready(container, sale, sale.buyer)
