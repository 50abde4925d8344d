"""A variant's stock is watched: the present status first, then each change, once, and nothing for those who may not."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.container import Container
from domain.catalog.model import Listing, ListingStatus
from domain.inventory.projection import show_stock
from domain.inventory.reservations import reserve
from domain.shared.database import Tx
from domain.shared.ids import encode_id
from tests.graphql.execution import SCHEMA
from tests.makers import OnSale, a_buyer, a_checkout, change, on_sale

WATCH = """subscription ($id: ID!, $after: Int) {
  stockChanged(variantId: $id, after: $after) { sequence status variant { id } } }"""
DEADLINE_SECONDS = 20


@asynccontextmanager
async def watching(
    container: Container, offered: OnSale, after: int | None = None
) -> AsyncIterator[AsyncGenerator[Any, None]]:
    variables = {"id": encode_id("variant", offered.variant_id), "after": after}
    context = container.context(await a_buyer(container))
    results = await SCHEMA.subscribe(WATCH, variable_values=variables, context_value=context)
    assert not hasattr(results, "errors")
    try:
        yield results
    finally:
        await results.aclose()


async def update(results: AsyncGenerator[Any, None]) -> tuple[int, str]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        result = await anext(results)
    assert result.errors is None, result.errors
    found = result.data["stockChanged"]
    return found["sequence"], found["status"]


async def sell(container: Container, offered: OnSale, quantity: int) -> None:
    checkout_id = await a_checkout(container, await a_buyer(container))

    async def step(tx: Tx) -> None:
        lines = [(offered.variant_id, quantity)]
        assert not await reserve(tx, checkout_id=checkout_id, lines=lines, expires_at=None, actor="test")

    await container.ports.db.run(step)
    await show_stock(offered.variant_id, db=container.ports.db)


async def test_each_change_of_the_status_arrives_once(container: Container) -> None:
    offered = await on_sale(container, stock=10)
    async with watching(container, offered) as results:
        assert await update(results) == (1, "IN_STOCK")
        await sell(container, offered, 1)
        await sell(container, offered, 5)
        assert await update(results) == (2, "LOW_STOCK")
        await sell(container, offered, 4)
        assert await update(results) == (3, "OUT_OF_STOCK")


async def test_who_comes_back_goes_on_after_what_they_saw(container: Container) -> None:
    offered = await on_sale(container, stock=6)
    await sell(container, offered, 2)
    async with watching(container, offered, after=1) as results:
        assert await update(results) == (2, "LOW_STOCK")
    async with watching(container, offered, after=2) as results:
        await sell(container, offered, 4)
        assert await update(results) == (3, "OUT_OF_STOCK")


async def test_what_is_taken_off_sale_is_watched_no_longer(container: Container) -> None:
    offered = await on_sale(container, stock=6)
    async with watching(container, offered) as results:
        assert await update(results) == (1, "IN_STOCK")
        await change(container, Listing, offered.listing_id, status=ListingStatus.PAUSED)
        await sell(container, offered, 6)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert [result async for result in results] == []
    async with watching(container, offered) as results:
        result = await anext(results)
        assert result.errors[0].extensions == {"code": "NOT_FOUND"}
