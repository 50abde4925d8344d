"""Sellers change their stock: with a reason, once per key, and never below what buyers were promised."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.container import Container
from domain.inventory.errors import StockBelowReserved
from domain.inventory.model import QUANTITY_MAX, StockStatus
from domain.inventory.projection import show_stock
from domain.inventory.reads import count_movements, movements_keyset, movements_page, shown_stock_by_variant_ids
from domain.inventory.reads import stock_of_seller as stock_for
from domain.inventory.reservations import reserve
from domain.inventory.stock import AdjustStock, RestockVariant, SetStock, adjust_stock, restock_variant, set_stock
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.errors import IdempotencyConflict, InvalidInput, NotFound
from tests.domain.inventory.stock_state import Stock, stock_of
from tests.makers import a_buyer, a_checkout, a_seller, on_sale


async def promise(container: Container, variant_id: UUID, quantity: int) -> None:
    checkout_id = await a_checkout(container, await a_buyer(container))

    async def step(tx: Tx) -> None:
        lines = [(variant_id, quantity)]
        assert not await reserve(tx, checkout_id=checkout_id, lines=lines, expires_at=None, actor="test")

    await container.ports.db.run(step)


async def restock(container: Container, seller: Actor, variant_id: UUID, quantity: int) -> None:
    command = RestockVariant(variant_id=variant_id, quantity=quantity, idempotency_key=uuid4().hex)
    await restock_variant(command, actor=seller, db=container.ports.db)


async def adjust(container: Container, seller: Actor, variant_id: UUID, delta: int, key: str | None = None) -> None:
    key = key or uuid4().hex
    command = AdjustStock(variant_id=variant_id, delta=delta, reason="broken", idempotency_key=key)
    await adjust_stock(command, actor=seller, db=container.ports.db)


async def count(container: Container, seller: Actor, variant_id: UUID, on_hand: int) -> None:
    key = uuid4().hex
    command = SetStock(variant_id=variant_id, on_hand=on_hand, reason="counted", idempotency_key=key)
    await set_stock(command, actor=seller, db=container.ports.db)


async def test_stock_never_goes_below_what_is_promised(container: Container) -> None:
    seller = await a_seller(container)
    offered = await on_sale(container, seller.seller(), stock=5)
    await promise(container, offered.variant_id, 3)
    with pytest.raises(StockBelowReserved) as refused:
        await adjust(container, seller, offered.variant_id, -3)
    assert (refused.value.on_hand, refused.value.reserved, refused.value.wanted) == (5, 3, 2)
    with pytest.raises(StockBelowReserved):
        await count(container, seller, offered.variant_id, 0)
    await adjust(container, seller, offered.variant_id, -2)
    assert await stock_of(container, offered.variant_id) == Stock(on_hand=3, reserved=3)


async def test_a_count_sets_the_number_and_a_second_equal_one_leaves_no_trace(container: Container) -> None:
    seller = await a_seller(container)
    offered = await on_sale(container, seller.seller(), stock=5)
    for _ in range(2):
        await count(container, seller, offered.variant_id, 8)
    assert await stock_of(container, offered.variant_id) == Stock(on_hand=8, reserved=0)
    stock = (await stock_for(container.ports.db.primary, [offered.variant_id], seller.seller()))[offered.variant_id]
    assert stock.stock_item_id is not None
    assert await count_movements(container.reads, stock.stock_item_id) == 2
    request = movements_keyset(stock.stock_item_id).request(first=1)
    page = await movements_page(container.reads, stock.stock_item_id, request)
    assert [(each.on_hand_delta, each.reason, each.actor) for each in page.items] == [(3, "counted", seller.name)]
    rest = movements_keyset(stock.stock_item_id).request(first=5, after=page.cursors[0])
    assert [
        each.on_hand_delta for each in (await movements_page(container.reads, stock.stock_item_id, rest)).items
    ] == [5]


async def test_a_key_that_comes_again_changes_nothing(container: Container) -> None:
    seller = await a_seller(container)
    offered = await on_sale(container, seller.seller(), stock=5)
    key = uuid4().hex
    await asyncio.gather(*(adjust(container, seller, offered.variant_id, -1, key) for _ in range(5)))
    assert await stock_of(container, offered.variant_id) == Stock(on_hand=4, reserved=0)
    with pytest.raises(IdempotencyConflict):
        await adjust(container, seller, offered.variant_id, -2, key)


async def test_the_first_stock_of_a_variant_is_made_once_by_two_at_once(container: Container) -> None:
    seller = await a_seller(container)
    offered = await on_sale(container, seller.seller(), stock=None)
    await asyncio.gather(*(restock(container, seller, offered.variant_id, 3) for _ in range(4)))
    assert await stock_of(container, offered.variant_id) == Stock(on_hand=12, reserved=0)


async def test_the_stock_of_others_does_not_exist(container: Container) -> None:
    offered = await on_sale(container)
    stranger = await a_seller(container)
    with pytest.raises(NotFound):
        await restock(container, stranger, offered.variant_id, 1)
    assert not await stock_for(container.ports.db.primary, [offered.variant_id], stranger.seller())


async def test_more_than_the_cap_is_refused(container: Container) -> None:
    seller = await a_seller(container)
    offered = await on_sale(container, seller.seller(), stock=1)
    key = uuid4().hex
    command = RestockVariant(variant_id=offered.variant_id, quantity=QUANTITY_MAX, idempotency_key=key)
    with pytest.raises(InvalidInput) as refused:
        await restock_variant(command, actor=seller, db=container.ports.db)
    assert [issue.path for issue in refused.value.issues] == [("quantity",)]


@pytest.mark.parametrize(
    ("on_hand", "status", "shown"),
    [
        (0, StockStatus.OUT_OF_STOCK, 0),
        (5, StockStatus.LOW_STOCK, 5),
        (6, StockStatus.IN_STOCK, 6),
        (5_000, StockStatus.IN_STOCK, 100),
    ],
)
async def test_browsers_see_the_status_and_at_most_a_hundred(
    container: Container, on_hand: int, status: StockStatus, shown: int
) -> None:
    seller = await a_seller(container)
    offered = await on_sale(container, seller.seller(), stock=3)
    await count(container, seller, offered.variant_id, on_hand)
    for _ in range(2):
        await show_stock(offered.variant_id, db=container.ports.db)
    found = await shown_stock_by_variant_ids(container.reads, [offered.variant_id])
    assert (found[offered.variant_id].status, found[offered.variant_id].available) == (status, shown)
