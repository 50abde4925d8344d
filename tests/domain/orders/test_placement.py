"""Orders come from quotes, get a number of their own, and move with their purchase."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.container import Container
from domain.orders.model import CancelledBy, EscrowState, OrderStatus
from domain.orders.numbers import ALPHABET, LENGTH, new_number, normalized
from domain.orders.payment import await_seller, cancel_unpaid, mark_paid
from domain.shared.database import Tx
from domain.shared.errors import IllegalTransition
from tests.sales import a_sale, the_lines, the_order


async def test_an_order_is_what_was_quoted(container: Container) -> None:
    sale = await a_sale(container, paid=False, items=2, quantity=3)
    order = await the_order(container, sale.order_id)
    assert (order.items_minor, order.shipping_minor, order.total_minor) == (6_000, 500, 6_500)
    assert (order.tax_minor, order.commission_minor) == (2 * 480 + 80, 2 * 378)
    assert order.status is OrderStatus.PENDING_PAYMENT
    lines = await the_lines(container, sale.order_id)
    assert [(line.position, line.quantity, line.gross_minor) for line in lines] == [(0, 3, 3_000), (1, 3, 3_000)]
    assert normalized(order.number) == order.number


async def test_taxes_stand_line_by_line(container: Container) -> None:
    sale = await a_sale(container, paid=False)

    async def step(tx: Tx) -> int:
        found = await tx.execute(
            text(
                "SELECT sum(t.amount_minor) FROM order_line_tax t JOIN order_line l ON l.id = t.order_line_id"
                " WHERE l.order_id = :id"
            ),
            {"id": sale.order_id},
        )
        total: int = found.scalar_one()
        return total

    assert await container.ports.db.run(step) == (await the_order(container, sale.order_id)).tax_minor


async def test_paying_sets_every_deadline(container: Container) -> None:
    sale = await a_sale(container, orders=2)
    for order_id in sale.order_ids:
        order = await the_order(container, order_id)
        assert order.status is OrderStatus.PAID
        assert order.escrow is EscrowState.HELD
        assert order.paid_at is not None
        assert order.ship_by_at == order.paid_at + timedelta(days=2)
        assert order.estimated_delivery_at == order.paid_at + timedelta(days=7)
        assert order.release_due_at == order.dispute_until == order.paid_at + timedelta(days=21)


async def test_a_paid_order_is_neither_paid_again_nor_cancelled_as_unpaid(container: Container) -> None:
    sale = await a_sale(container)
    with pytest.raises(IllegalTransition):
        await container.ports.db.run(lambda tx: mark_paid(tx, sale.checkout_id))
    with pytest.raises(IllegalTransition):
        await container.ports.db.run(
            lambda tx: cancel_unpaid(tx, sale.checkout_id, by=CancelledBy.EXPIRED, reason="too late")
        )


async def test_an_unpaid_order_is_cancelled_with_who_and_why(container: Container) -> None:
    sale = await a_sale(container, paid=False)
    deadline = container.ports.clock.now() + timedelta(hours=48)
    await container.ports.db.run(lambda tx: await_seller(tx, sale.checkout_id, deadline=deadline))
    assert (await the_order(container, sale.order_id)).seller_deadline_at == deadline
    await container.ports.db.run(
        lambda tx: cancel_unpaid(tx, sale.checkout_id, by=CancelledBy.DECLINED, reason="sold out")
    )
    order = await the_order(container, sale.order_id)
    assert (order.status, order.cancelled_by, order.cancel_reason) == (
        OrderStatus.CANCELLED,
        CancelledBy.DECLINED,
        "sold out",
    )
    assert order.escrow is EscrowState.NONE


async def test_paying_and_expiring_at_once_end_in_one_of_them(container: Container) -> None:
    """Both take the orders' locks; whoever comes second finds the other's state and is refused."""
    for _ in range(5):
        sale = await a_sale(container, paid=False, orders=2)
        outcomes = await asyncio.gather(
            container.ports.db.run(partial(mark_paid, checkout_id=sale.checkout_id)),
            container.ports.db.run(
                partial(cancel_unpaid, checkout_id=sale.checkout_id, by=CancelledBy.EXPIRED, reason="")
            ),
            return_exceptions=True,
        )
        assert sorted(isinstance(outcome, IllegalTransition) for outcome in outcomes) == [False, True]
        states = {(await the_order(container, order_id)).status for order_id in sale.order_ids}
        assert len(states) == 1


NUMBERS = st.builds(new_number)


@given(number=NUMBERS, position=st.integers(0, LENGTH - 1), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(number: str, position: int, other: str) -> None:
    typed = number[:position] + other + number[position + 1 :]
    assert (normalized(typed) is None) == (typed != number)


@given(number=NUMBERS, position=st.integers(0, LENGTH - 2))
def test_two_swapped_neighbours_are_noticed(number: str, position: int) -> None:
    one, other = number[position], number[position + 1]
    typed = number[:position] + other + one + number[position + 2 :]
    blind = {one, other} == {"0", "Z"}
    assert one == other or blind or normalized(typed) is None


@given(number=NUMBERS)
def test_a_number_is_understood_however_it_is_typed(number: str) -> None:
    typed = f"{number[:5]}-{number[5:]}".lower().replace("0", "o").replace("1", "l")
    assert normalized(typed) == number
