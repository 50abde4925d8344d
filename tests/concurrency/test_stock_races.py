"""The guarantee: however many buy at once, no unit is promised twice and none is lost. Real PostgreSQL, real races."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

import pytest

from app.container import Container, open_container
from app.jobs import handlers_of
from domain.inventory.model import ReservationStatus
from domain.inventory.reservations import Shortage, commit, release, reserve
from domain.shared.database import Tx
from domain.shared.errors import Busy
from tests.domain.inventory.stock_state import Stock, stock_of
from tests.makers import a_buyer, a_seller, on_sale, some_checkouts

CONNECTIONS = 50
TRIES_MAX = 20

T = TypeVar("T")


@pytest.fixture
async def crowd(container: Container) -> AsyncIterator[Container]:
    """The same database with enough connections for a crowd."""
    settings = container.settings.model_copy(update={"database_pool_size": CONNECTIONS})
    async with open_container(settings, handlers_of=handlers_of()) as made:
        yield made


async def patiently(container: Container, step: Callable[[Tx], Awaitable[T]]) -> T:
    """As clients do: Busy means that nothing was changed, so the same is sent again."""
    for _ in range(TRIES_MAX):
        try:
            return await container.ports.db.run(step)
        except Busy:
            continue
    raise AssertionError(f"still busy after {TRIES_MAX} tries")


async def buy(container: Container, checkout_id: UUID, lines: Sequence[tuple[UUID, int]]) -> tuple[Shortage, ...]:
    async def step(tx: Tx) -> tuple[Shortage, ...]:
        return await reserve(tx, checkout_id=checkout_id, lines=lines, expires_at=None, actor="test")

    return await patiently(container, step)


async def give_back(container: Container, checkout_id: UUID) -> None:
    async def step(tx: Tx) -> None:
        status = ReservationStatus.RELEASED
        await release(tx, checkout_id=checkout_id, status=status, reason="changed their mind", actor="test")

    await patiently(container, step)


async def sell(container: Container, checkout_id: UUID) -> None:
    async def step(tx: Tx) -> None:
        await commit(tx, checkout_id=checkout_id, actor="test")

    await patiently(container, step)


async def checkouts(container: Container, count: int) -> list[UUID]:
    return await some_checkouts(container, await a_buyer(container), count)


async def test_of_fifty_buyers_one_gets_the_last_unit(crowd: Container) -> None:
    offered = await on_sale(crowd, stock=1)
    ids = await checkouts(crowd, 50)
    outcomes = await asyncio.gather(*(buy(crowd, id_, [(offered.variant_id, 1)]) for id_ in ids))
    assert outcomes.count(()) == 1
    assert outcomes.count((Shortage(offered.variant_id, wanted=1, available=0),)) == 49
    assert await stock_of(crowd, offered.variant_id) == Stock(on_hand=1, reserved=1)


async def test_of_a_thousand_buyers_a_hundred_get_a_hundred_units(crowd: Container) -> None:
    offered = await on_sale(crowd, stock=100)
    ids = await checkouts(crowd, 1_000)
    places = asyncio.Semaphore(CONNECTIONS)

    async def one_buyer(checkout_id: UUID) -> tuple[Shortage, ...]:
        async with places:
            return await buy(crowd, checkout_id, [(offered.variant_id, 1)])

    outcomes = await asyncio.gather(*(one_buyer(id_) for id_ in ids))
    assert outcomes.count(()) == 100
    assert await stock_of(crowd, offered.variant_id) == Stock(on_hand=100, reserved=100)


async def test_purchases_of_the_same_things_in_opposite_order_do_not_deadlock(crowd: Container) -> None:
    seller = await a_seller(crowd)
    variants = [(await on_sale(crowd, seller.seller(), stock=40)).variant_id for _ in range(4)]
    ids = await checkouts(crowd, 40)
    lines = [(variant_id, 1) for variant_id in variants]
    outcomes = await asyncio.gather(
        *(buy(crowd, id_, lines if index % 2 else lines[::-1]) for index, id_ in enumerate(ids))
    )
    assert outcomes.count(()) == 40
    for variant_id in variants:
        assert await stock_of(crowd, variant_id) == Stock(on_hand=40, reserved=40)


async def test_holding_selling_and_giving_back_at_once_keeps_every_unit(crowd: Container) -> None:
    seller = await a_seller(crowd)
    variants = [(await on_sale(crowd, seller.seller(), stock=30)).variant_id for _ in range(2)]
    ids = await checkouts(crowd, 60)
    sold: list[UUID] = []

    async def one_buyer(index: int, checkout_id: UUID) -> None:
        lines = [(variants[index % 2], 1), (variants[(index + 1) % 2], 1)]
        if await buy(crowd, checkout_id, lines):
            return
        if index % 3 == 0:
            await asyncio.gather(give_back(crowd, checkout_id), give_back(crowd, checkout_id))
        else:
            await asyncio.gather(sell(crowd, checkout_id), sell(crowd, checkout_id))
            sold.append(checkout_id)

    await asyncio.gather(*(one_buyer(index, id_) for index, id_ in enumerate(ids)))
    assert 0 < len(sold) <= 30
    for variant_id in variants:
        assert await stock_of(crowd, variant_id) == Stock(on_hand=30 - len(sold), reserved=0)
