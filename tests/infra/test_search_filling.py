"""An empty search index is filled without its secondary indexes, and always ends with all of them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from domain.search.ports import SearchQuery
from infra.postgres.pools import open_pool
from infra.postgres.search_index import SERVER_SETTINGS, PostgresSearchIndex
from tests.contracts.search_worlds import NOON, a_document
from tests.servers import Urls, copy_of_template

LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def pool(urls: Urls) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(await copy_of_template(urls), 4, SERVER_SETTINGS)
    yield opened
    await opened.close()


@pytest.fixture
def index(pool: asyncpg.Pool) -> PostgresSearchIndex:
    return PostgresSearchIndex(pool, pool, remembered_seconds=0)


async def definitions(pool: asyncpg.Pool) -> set[str]:
    rows = await pool.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'search_document'")
    return {row["indexdef"] for row in rows}


async def killed(index: PostgresSearchIndex) -> None:
    async with index.rebuild(NOON) as making:
        await making.write([a_document("Brass lantern")])
        raise KeyError("killed")


async def test_an_empty_index_is_filled_bare_and_has_the_very_same_indexes_afterwards(
    pool: asyncpg.Pool, index: PostgresSearchIndex
) -> None:
    before = await definitions(pool)
    async with index.rebuild(NOON) as making:
        assert len(await definitions(pool)) == 1
        await making.write([a_document("Brass lantern")])
        assert len((await index.search(SearchQuery(text="lantern"))).hits) == 1
    assert await definitions(pool) == before


async def test_an_index_that_answers_keeps_its_indexes_while_it_is_rebuilt(
    pool: asyncpg.Pool, index: PostgresSearchIndex
) -> None:
    before = await definitions(pool)
    await index.write([a_document()])
    async with index.rebuild(LATER):
        assert await definitions(pool) == before


async def test_what_a_filling_that_was_killed_left_undone_is_done_by_the_next_tidying(
    pool: asyncpg.Pool, index: PostgresSearchIndex
) -> None:
    before = await definitions(pool)
    with pytest.raises(KeyError):
        await killed(index)
    assert len(await definitions(pool)) == 1
    await index.tidy()
    assert await definitions(pool) == before


async def test_tidying_does_not_disturb_a_filling(pool: asyncpg.Pool, index: PostgresSearchIndex) -> None:
    async with index.rebuild(NOON):
        await index.tidy()
        assert len(await definitions(pool)) == 1
