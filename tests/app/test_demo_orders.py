"""Demo orders that are not over: in every state, known to the payment provider, with books that are right."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.demo.people import buyer_id
from app.demo.seeding import seed_demo
from app.demo.shops import SHOPS
from app.demo.unfinished import PLOTS, play_unfinished
from app.settings import Settings
from tests.conftest import settings_for
from tests.journeys.books import NOTHING_FOUND
from tests.sandbox_process import EmbeddedSandbox
from tests.servers import Urls, copy_of_template

LISTINGS = 150
REFUNDS_OVER = {"escrow of a completed or cancelled order is empty"}
"""True once a worker has paid back what was cancelled."""


@pytest.fixture(scope="module")
async def seeded(urls: Urls, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    with EmbeddedSandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        settings = settings_for(await copy_of_template(urls), redis_url, stripe_api_base=sandbox.url)
        await seed_demo(settings, LISTINGS)
        yield settings


@pytest.fixture
async def connection(seeded: Settings) -> AsyncIterator[asyncpg.Connection]:
    made = await asyncpg.connect(seeded.database_url)
    yield made
    await made.close()


async def test_the_first_buyer_and_the_first_shop_see_orders_in_every_state(connection: asyncpg.Connection) -> None:
    mine = await connection.fetch('SELECT DISTINCT status FROM "order" WHERE buyer_id = $1', buyer_id(1))
    assert {row["status"] for row in mine} >= {"paid", "shipped", "delivered", "cancelled"}
    sold = await connection.fetch('SELECT DISTINCT status, cancelled_by FROM "order" WHERE seller_id = $1', SHOPS[0].id)
    expected = {"pending_payment", "paid", "shipped", "delivered", "cancelled", "completed"}
    assert {row["status"] for row in sold} >= expected
    assert {row["cancelled_by"] for row in sold} >= {"buyer", "seller"}


async def test_their_money_and_stock_add_up(connection: asyncpg.Connection) -> None:
    for sentence, statement in NOTHING_FOUND.items():
        if sentence not in REFUNDS_OVER:
            assert await connection.fetch(statement) == [], sentence


async def test_seeding_again_adds_no_orders(seeded: Settings, connection: asyncpg.Connection) -> None:
    before = await connection.fetchval('SELECT count(*) FROM "order"')
    assert await play_unfinished(seeded) == 0
    assert await connection.fetchval('SELECT count(*) FROM "order"') == before
    assert await connection.fetchval("SELECT count(*) FROM idempotency_record WHERE operation = 'checkout'") == len(
        PLOTS
    )
