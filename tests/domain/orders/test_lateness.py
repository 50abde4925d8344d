"""A seller who goes silent ends nothing for the buyer: late orders say so, and what never left is paid back.

The guarantee: whatever left and whatever did not, within LATE_CANCEL_DAYS of `ship_by_at` an order is either sent, or
what was not sent is cancelled; every cent is then the buyer's, or held for what was sent.
"""

import asyncio
from uuid import UUID

import pytest

from app.container import Container
from domain.catalog.model import Fulfilment
from domain.orders.completion import complete_due_orders
from domain.orders.errors import NothingHeld, OrderOnHold, OrderPartlyShipped
from domain.orders.lateness import cancel_given_up_orders, mark_late_orders
from domain.orders.model import CancelledBy, EscrowState, OrderStatus
from domain.orders.reads import order_for
from domain.orders.refunds import RetryRefund, note_refund, retry_refund
from domain.payments.errors import ProviderRefused, RefusalReason
from domain.payments.refunding import execute_refund
from domain.shared.actor import Actor
from domain.shared.errors import IllegalTransition
from domain.shared.transitions import Party
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import (
    a_key,
    cancel,
    confirm,
    held_for,
    hold,
    owed_to,
    rows_of,
    ship,
    timeline,
    unhold,
)
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import an_admin
from tests.sales import Sale, a_sale, the_lines, the_order

SENT_ON = 2
"""Days of handling: `ship_by_at` of these sales."""


async def mark(container: Container) -> int:
    return await mark_late_orders(db=container.ports.db, clock=container.ports.clock)


async def give_up(container: Container) -> int:
    return await cancel_given_up_orders(db=container.ports.db, clock=container.ports.clock)


async def half_sent(container: Container, gateway: FakePaymentGateway | None = None) -> Sale:
    """Two lamps for 20.00 and 5.00 for sending them; one has left."""
    sale = await a_sale(container, gateway=gateway or FakePaymentGateway(container.ports.clock.now))
    (line,) = await the_lines(container, sale.order_id)
    await ship(container, sale, (line.id, 1))
    return sale


async def on_hand(container: Container, sale: Sale) -> int:
    (row,) = await rows_of(
        container, "SELECT on_hand FROM stock_item WHERE variant_id = :id", id=sale.items[0].variant_id
    )
    found: int = row.on_hand
    return found


async def refunds_of(container: Container, sale: Sale) -> list[tuple[UUID, int]]:
    rows = await rows_of(container, "SELECT id, amount_minor FROM refund WHERE order_id = :id", id=sale.order_id)
    return [(row.id, row.amount_minor) for row in rows]


async def kinds(container: Container, sale: Sale) -> list[str]:
    return [kind for _, kind in await timeline(container, sale.order_id)]


async def actions(container: Container, sale: Sale, actor: Actor, party: Party) -> tuple[str, ...]:
    order = await order_for(container.ports.db.primary, sale.order_id, actor)
    assert order is not None
    return order.actions(party, container.ports.clock.now())


async def test_an_order_that_should_have_left_is_marked_once(fresh_container: Container, clock: FakeClock) -> None:
    sale, sent = await a_sale(fresh_container), await a_sale(fresh_container)
    await ship(fresh_container, sent)
    clock.advance(days=SENT_ON, minutes=-1)
    assert await mark(fresh_container) == 0
    clock.advance(minutes=2)
    await asyncio.gather(*(mark(fresh_container) for _ in range(3)))
    assert await mark(fresh_container) == 0
    assert (await kinds(fresh_container, sale)).count("late") == 1
    assert (await the_order(fresh_container, sale.order_id)).late_at is not None
    assert (await the_order(fresh_container, sent.order_id)).late_at is None


async def test_after_the_grace_the_buyer_cancels_what_has_not_left(
    fresh_container: Container, clock: FakeClock
) -> None:
    gateway = FakePaymentGateway(clock.now)
    sale = await half_sent(fresh_container, gateway)
    before = await on_hand(fresh_container, sale)
    clock.advance(days=SENT_ON + 3, minutes=-1)
    assert "CANCEL" not in await actions(fresh_container, sale, sale.buyer, Party.BUYER)
    with pytest.raises(OrderPartlyShipped):
        await cancel(fresh_container, sale, sale.buyer)
    clock.advance(minutes=2)
    assert "CANCEL" in await actions(fresh_container, sale, sale.buyer, Party.BUYER)
    key = a_key()
    for _ in range(2):
        await cancel(fresh_container, sale, sale.buyer, idempotency_key=key)
    order = await the_order(fresh_container, sale.order_id)
    assert (order.status, order.cancelled_by) == (OrderStatus.SHIPPED, None)
    (line,) = await the_lines(fresh_container, sale.order_id)
    assert (line.shipped, line.cancelled) == (1, 1)
    assert await on_hand(fresh_container, sale) == before + 1
    [(refund_id, amount_minor)] = await refunds_of(fresh_container, sale)
    assert amount_minor == 1_000, "a lamp, and nothing of what sending the other cost"
    assert (await kinds(fresh_container, sale))[-4:] == ["rest_cancelled", "refund_started", "hold_opened", "shipped"]
    await execute_refund(refund_id, db=fresh_container.ports.db, gateway=gateway)
    await note_refund(refund_id, db=fresh_container.ports.db)
    await confirm(fresh_container, sale)
    assert await held_for(fresh_container, sale) == 0
    # 15 % of the net of what is left, in proportion: 252 * 1500 / 2500.
    assert await owed_to(fresh_container, sale) == 1_500 - 151


async def test_nobody_is_paid_with_money_that_is_on_its_way_back(fresh_container: Container, clock: FakeClock) -> None:
    gateway = FakePaymentGateway(clock.now)
    sale = await half_sent(fresh_container, gateway)
    clock.advance(days=SENT_ON + 4)
    await cancel(fresh_container, sale, sale.buyer)
    with pytest.raises(OrderOnHold):
        await confirm(fresh_container, sale)
    clock.advance(days=90)
    assert await complete_due_orders(db=fresh_container.ports.db, clock=clock) == 0
    assert await held_for(fresh_container, sale) == 2_500
    [(refund_id, _)] = await refunds_of(fresh_container, sale)
    await execute_refund(refund_id, db=fresh_container.ports.db, gateway=gateway)
    await note_refund(refund_id, db=fresh_container.ports.db)
    assert await complete_due_orders(db=fresh_container.ports.db, clock=clock) == 1
    assert await held_for(fresh_container, sale) == 0


class FakeStubbornGateway(FakePaymentGateway):
    """Refuses refunds for good until somebody has spoken with the provider."""

    stubborn = True

    async def refund(self, provider_ref: str, refund_id: UUID, amount_minor: int, idempotency_key: str):  # type: ignore[no-untyped-def]
        if self.stubborn:
            raise ProviderRefused(RefusalReason.INVALID, "no")
        return await super().refund(provider_ref, refund_id, amount_minor, idempotency_key)


async def test_a_refund_that_failed_is_kept_for_the_buyer_and_asked_for_again(
    fresh_container: Container, clock: FakeClock
) -> None:
    gateway, db = FakeStubbornGateway(clock.now), fresh_container.ports.db
    sale = await half_sent(fresh_container, gateway)
    admin = await an_admin(fresh_container)
    retry = RetryRefund(order_id=sale.order_id, idempotency_key=a_key())
    with pytest.raises(IllegalTransition):
        await retry_refund(retry, actor=admin, db=db)
    clock.advance(days=SENT_ON + 4)
    await cancel(fresh_container, sale, sale.buyer)
    [(failed, _)] = await refunds_of(fresh_container, sale)
    await execute_refund(failed, db=db, gateway=gateway)
    await note_refund(failed, db=db)
    with pytest.raises(OrderOnHold):
        await confirm(fresh_container, sale)
    gateway.stubborn = False
    await retry_refund(retry, actor=admin, db=db)
    [(again, amount_minor)] = [each for each in await refunds_of(fresh_container, sale) if each[0] != failed]
    assert amount_minor == 1_000
    await execute_refund(again, db=db, gateway=gateway)
    await note_refund(again, db=db)
    await confirm(fresh_container, sale)
    assert await held_for(fresh_container, sale) == 0
    with pytest.raises((IllegalTransition, NothingHeld)):
        await retry_refund(
            RetryRefund(order_id=sale.order_id, idempotency_key=a_key()), actor=admin, db=fresh_container.ports.db
        )


async def test_what_nobody_sends_or_cancels_is_cancelled_in_the_end(
    fresh_container: Container, clock: FakeClock
) -> None:
    gateway = FakePaymentGateway(clock.now)
    nothing, half = await a_sale(fresh_container, gateway=gateway), await half_sent(fresh_container, gateway)
    clock.advance(days=SENT_ON + 14, minutes=-1)
    assert await give_up(fresh_container) == 0
    clock.advance(minutes=2)
    assert await give_up(fresh_container) == 2
    assert await give_up(fresh_container) == 0
    order = await the_order(fresh_container, nothing.order_id)
    assert (order.status, order.cancelled_by, order.cancel_reason) == (
        OrderStatus.CANCELLED,
        CancelledBy.EXPIRED,
        "not sent in time",
    )
    assert [amount for _, amount in await refunds_of(fresh_container, nothing)] == [2_500]
    assert (await the_order(fresh_container, half.order_id)).status is OrderStatus.SHIPPED
    assert [amount for _, amount in await refunds_of(fresh_container, half)] == [1_000]
    for sale in (nothing, half):
        [(refund_id, _)] = await refunds_of(fresh_container, sale)
        await execute_refund(refund_id, db=fresh_container.ports.db, gateway=gateway)
        await note_refund(refund_id, db=fresh_container.ports.db)
    clock.advance(days=30)
    assert await complete_due_orders(db=fresh_container.ports.db, clock=clock) == 1
    assert (await the_order(fresh_container, half.order_id)).escrow is EscrowState.RELEASED
    assert [await held_for(fresh_container, sale) for sale in (nothing, half)] == [0, 0]


async def test_a_hold_waits_and_what_is_done_on_site_has_its_own_date(
    fresh_container: Container, clock: FakeClock
) -> None:
    held = await half_sent(fresh_container)
    on_site = await a_sale(fresh_container, fulfilment=Fulfilment.ON_SITE)
    admin = await an_admin(fresh_container)
    await hold(fresh_container, held, admin)
    clock.advance(days=60)
    assert await mark(fresh_container) == 1
    assert await give_up(fresh_container) == 0
    with pytest.raises(OrderOnHold):
        await cancel(fresh_container, held, held.buyer)
    assert (await the_order(fresh_container, on_site.order_id)).late_at is None
    await unhold(fresh_container, held, admin)
    assert await give_up(fresh_container) == 1


async def test_the_parcel_and_the_cancelling_of_the_rest_at_once_exactly_one_wins(
    fresh_container: Container, clock: FakeClock
) -> None:
    for _ in range(8):
        sale = await half_sent(fresh_container)
        clock.advance(days=SENT_ON + 4)
        cancelled, shipped = await asyncio.gather(
            cancel(fresh_container, sale, sale.buyer), ship(fresh_container, sale), return_exceptions=True
        )
        (line,) = await the_lines(fresh_container, sale.order_id)
        assert line.shipped + line.cancelled == 2
        assert isinstance(cancelled, IllegalTransition) != isinstance(shipped, IllegalTransition)
        assert (await the_order(fresh_container, sale.order_id)).status is OrderStatus.SHIPPED
        assert len(await refunds_of(fresh_container, sale)) == (line.cancelled == 1)


async def test_odd_cents_of_a_line_all_go_back(fresh_container: Container, clock: FakeClock) -> None:
    """Three for 20.00: one was sent, two are cancelled; the parts add up whatever the rounding."""
    sale = await a_sale(fresh_container, gateway=FakePaymentGateway(clock.now), quantity=3)
    (line,) = await the_lines(fresh_container, sale.order_id)
    await rows_of(
        fresh_container,
        "UPDATE order_line SET gross_minor = 2000, net_minor = 1520 WHERE id = :id RETURNING id",
        id=line.id,
    )
    await ship(fresh_container, sale, (line.id, 1))
    clock.advance(days=SENT_ON + 4)
    await cancel(fresh_container, sale, sale.buyer)
    assert [amount for _, amount in await refunds_of(fresh_container, sale)] == [1_333]
