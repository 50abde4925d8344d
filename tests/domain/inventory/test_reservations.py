"""Reservations from hold to end. The guarantee: what is held was there, and nothing is counted twice."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.container import Container
from domain.inventory import reservations
from domain.inventory.errors import ReservationsGone
from domain.inventory.model import Reservation, ReservationStatus
from domain.inventory.reservations import Shortage
from domain.shared.database import Tx, table
from tests.domain.inventory.stock_state import Stock, stock_of
from tests.makers import a_buyer, a_checkout, a_seller, on_sale


async def run(container: Container, act: Callable[..., Awaitable[object]], **arguments: object) -> object:
    async def step(tx: Tx) -> object:
        return await act(tx, **arguments)

    return await container.ports.db.run(step)


async def two_variants(container: Container, first: int, second: int) -> tuple[UUID, UUID]:
    seller = await a_seller(container)
    one = await on_sale(container, seller.seller(), stock=first)
    other = await on_sale(container, seller.seller(), stock=second)
    return one.variant_id, other.variant_id


async def held_by(container: Container, checkout_id: UUID) -> list[tuple[ReservationStatus, int, bool]]:
    rows = table(Reservation)

    async def step(tx: Tx) -> list[tuple[ReservationStatus, int, bool]]:
        found = await tx.execute(rows.select().where(rows.c.checkout_id == checkout_id).order_by(rows.c.id))
        return [(row.status, row.quantity, row.expires_at is not None) for row in found]

    return await container.ports.db.run(step)


async def begun(container: Container, lines: list[tuple[UUID, int]]) -> UUID:
    """A checkout that holds the lines for ten minutes."""
    checkout_id = await a_checkout(container, await a_buyer(container))
    expires_at = container.ports.clock.now() + timedelta(minutes=10)
    shortages = await run(
        container, reservations.reserve, checkout_id=checkout_id, lines=lines, expires_at=expires_at, actor="test"
    )
    assert shortages == ()
    return checkout_id


async def test_a_reservation_takes_from_what_is_available_and_leaves_what_is_on_hand(container: Container) -> None:
    variant_id, _ = await two_variants(container, 5, 1)
    checkout_id = await begun(container, [(variant_id, 2), (variant_id, 1)])
    assert await stock_of(container, variant_id) == Stock(on_hand=5, reserved=3)
    assert await held_by(container, checkout_id) == [(ReservationStatus.HELD, 3, True)]
    assert await run(container, reservations.holds_everything, checkout_id=checkout_id) is True


async def test_one_shortage_leaves_everything_and_names_all_shortages(container: Container) -> None:
    plenty, none = await two_variants(container, 5, 1)
    unknown = uuid4()
    checkout_id = await a_checkout(container, await a_buyer(container))
    lines = [(plenty, 1), (none, 3), (unknown, 1)]
    found = await run(
        container, reservations.reserve, checkout_id=checkout_id, lines=lines, expires_at=None, actor="test"
    )
    assert found == (Shortage(none, wanted=3, available=1), Shortage(unknown, wanted=1, available=0))
    assert await stock_of(container, plenty) == Stock(on_hand=5, reserved=0)
    assert await held_by(container, checkout_id) == []
    assert await run(container, reservations.holds_everything, checkout_id=checkout_id) is False


async def test_a_sale_lowers_both_numbers_once(container: Container) -> None:
    variant_id, other = await two_variants(container, 5, 4)
    checkout_id = await begun(container, [(variant_id, 2), (other, 4)])
    for _ in range(2):
        await run(container, reservations.commit, checkout_id=checkout_id, actor="test")
    assert await stock_of(container, variant_id) == Stock(on_hand=3, reserved=0)
    assert await stock_of(container, other) == Stock(on_hand=0, reserved=0)


@pytest.mark.parametrize("status", [ReservationStatus.RELEASED, ReservationStatus.EXPIRED])
async def test_what_is_released_is_available_again_once(container: Container, status: ReservationStatus) -> None:
    variant_id, _ = await two_variants(container, 5, 1)
    checkout_id = await begun(container, [(variant_id, 5)])
    for _ in range(2):
        await run(
            container, reservations.release, checkout_id=checkout_id, status=status, reason="declined", actor="test"
        )
    assert await stock_of(container, variant_id) == Stock(on_hand=5, reserved=0)
    assert await held_by(container, checkout_id) == [(status, 5, True)]
    assert await run(container, reservations.holds_everything, checkout_id=checkout_id) is False


async def test_nothing_is_sold_that_was_released_before(container: Container) -> None:
    variant_id, _ = await two_variants(container, 5, 1)
    checkout_id = await begun(container, [(variant_id, 5)])
    released = ReservationStatus.RELEASED
    await run(container, reservations.release, checkout_id=checkout_id, status=released, reason="x", actor="test")
    with pytest.raises(ReservationsGone):
        await run(container, reservations.commit, checkout_id=checkout_id, actor="test")


async def test_the_point_of_no_return_takes_the_expiry_away(container: Container) -> None:
    variant_id, _ = await two_variants(container, 5, 1)
    checkout_id = await begun(container, [(variant_id, 2)])
    found = await run(container, reservations.make_permanent, checkout_id=checkout_id, lines=[(variant_id, 2)])
    assert found == ()
    assert await held_by(container, checkout_id) == [(ReservationStatus.HELD, 2, False)]


async def test_what_was_lost_before_the_point_of_no_return_is_reserved_again(container: Container) -> None:
    variant_id, _ = await two_variants(container, 5, 1)
    checkout_id = await begun(container, [(variant_id, 2)])
    expired = ReservationStatus.EXPIRED
    await run(container, reservations.release, checkout_id=checkout_id, status=expired, reason="late", actor="test")
    found = await run(container, reservations.make_permanent, checkout_id=checkout_id, lines=[(variant_id, 2)])
    assert found == ()
    assert await stock_of(container, variant_id) == Stock(on_hand=5, reserved=2)
    held = await held_by(container, checkout_id)
    assert held == [(ReservationStatus.EXPIRED, 2, True), (ReservationStatus.HELD, 2, False)]


async def test_a_late_payment_cannot_take_what_another_buyer_holds_now(container: Container) -> None:
    variant_id, other = await two_variants(container, 2, 1)
    checkout_id = await begun(container, [(variant_id, 2), (other, 1)])
    expired = ReservationStatus.EXPIRED
    await run(container, reservations.release, checkout_id=checkout_id, status=expired, reason="late", actor="test")
    await begun(container, [(variant_id, 1)])
    lines = [(variant_id, 2), (other, 1)]
    found = await run(container, reservations.make_permanent, checkout_id=checkout_id, lines=lines)
    assert found == (Shortage(variant_id, wanted=2, available=1),)
    assert await stock_of(container, variant_id) == Stock(on_hand=2, reserved=1)
    assert await stock_of(container, other) == Stock(on_hand=1, reserved=0)


async def test_an_extension_moves_the_expiry_of_what_is_held(container: Container) -> None:
    variant_id, _ = await two_variants(container, 5, 1)
    checkout_id = await begun(container, [(variant_id, 2)])
    later = container.ports.clock.now() + timedelta(hours=24)
    await run(container, reservations.extend, checkout_id=checkout_id, expires_at=later)
    assert await held_by(container, checkout_id) == [(ReservationStatus.HELD, 2, True)]
    await run(container, reservations.extend, checkout_id=checkout_id, expires_at=None)
    assert await held_by(container, checkout_id) == [(ReservationStatus.HELD, 2, False)]


async def test_units_of_a_cancelled_sale_are_on_hand_again(container: Container) -> None:
    variant_id, _ = await two_variants(container, 5, 1)
    lines = [(variant_id, 2)]
    checkout_id = await begun(container, lines)
    await run(container, reservations.commit, checkout_id=checkout_id, actor="test")
    await run(container, reservations.put_back, lines=lines, actor="test", cause_id=checkout_id, reason="cancelled")
    assert await stock_of(container, variant_id) == Stock(on_hand=5, reserved=0)
