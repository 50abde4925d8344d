"""Guarantee: whoever is killed whenever, each buyer who keeps asking has one order in the end, paid once; nothing is
sold twice, and the books are right.

Buyers ask with one key until they are answered, while processes are killed with -9 at random and started again.
"""

import asyncio
import random
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from domain.shared.ids import decode_id
from tests.journeys.books import assert_books_right, assert_provider_agrees, moving
from tests.journeys.buying import VISA
from tests.journeys.client import Client
from tests.journeys.market import Market
from tests.journeys.running import Part, until
from tests.journeys.shoppers import Goods, Shopper, shoppers

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1_200)]

PRODUCT: Final = {"apis": 3, "workers": 2, "durable": True, "settings": {"LEASE_SECONDS": "3"}}
BUYERS: Final = 300
UNITS: Final = 240
AT_ONCE: Final = 12
ASKS_MAX: Final = 200
FINAL: Final = {"COMPLETED", "ItemsUnavailable", "CartChanged"}
PAUSE_SECONDS: Final = 0.2


async def test_killed_again_and_again(market: Market) -> None:
    chosen = random.Random(1)
    goods = await market.goods(stock=UNITS)
    wanted = Goods(decode_id("variant", goods.variant_id), decode_id("listing", goods.listing_id), goods.price_minor)
    people = await shoppers(market.product.database_url, [[wanted]] * BUYERS)
    over = asyncio.Event()
    killing = [
        asyncio.create_task(kill_again_and_again(parts, over, chosen))
        for parts in (market.product.apis[:-1], market.product.workers)
    ]
    lane = asyncio.Semaphore(AT_ONCE)
    results = await asyncio.gather(*(keeps_asking(market, shopper, lane, chosen) for shopper in people))
    over.set()
    await asyncio.gather(*killing)

    async def rests() -> bool:
        return await moving(market.database) == 0

    await until(rests, "every purchase comes to its end", seconds=120)
    assert results.count("COMPLETED") == UNITS
    assert await market.stock(goods) == (0, 0)
    bought = 'SELECT buyer_id FROM "order" WHERE paid_at IS NOT NULL GROUP BY buyer_id HAVING count(*) > 1'
    assert await market.database.fetch(bought) == []
    await assert_books_right(market.database)
    await assert_provider_agrees(market.database, market.provider)


async def kill_again_and_again(parts: list[Part], over: asyncio.Event, chosen: random.Random) -> None:
    """One of them at a time; it is ready again before the next is killed, as under a supervisor."""
    while not over.is_set():
        await asyncio.sleep(chosen.uniform(0.2, 1.5))
        part = chosen.choice(parts)
        await asyncio.to_thread(part.kill)
        part.start()
        await asyncio.to_thread(part.wait)


async def keeps_asking(market: Market, shopper: Shopper, lane: asyncio.Semaphore, chosen: random.Random) -> str:
    """What the buyer is told at last, by whichever process answers."""
    seen: dict[str, Any] = {"cartVersion": 1, "expectedTotalMinor": 1_000_000, "addressId": shopper.address}
    given = {**seen, "paymentMethod": VISA, "idempotencyKey": uuid4().hex}
    async with lane:
        for _ in range(ASKS_MAX):
            client = Client(market.http, chosen.choice(market.product.apis).url, shopper.token)
            try:
                result = await client.do("checkout", "checkout { status }", **given)
            except httpx.TransportError:
                result = {"__typename": "nobody"}
            told = str(result["checkout"]["status"] if "checkout" in result else result["__typename"])
            if told in FINAL:
                return told
            await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"a buyer was told {told} to the last")
