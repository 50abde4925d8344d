"""Migrating while the product runs: two at once do no harm, and nobody waits long behind a migration that waits."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from infra.postgres.migrate import migrate, scripts
from tests.servers import Urls, copy_of_template

BEFORE = "0022"
"""The revision after it builds an index over the users."""
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = to_regclass('\"user\"')"
DEADLINE_SECONDS = 20
TURN = 7_316_001
"""The lock of whoever migrates: releases that run beside each other agree on it."""


async def an_empty_database(urls: Urls) -> str:
    name = f"market_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(urls.database("postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urls.database(name)


async def test_an_older_release_leaves_a_newer_database_alone(urls: Urls) -> None:
    """Going back starts the old release, and whatever starts it migrates first."""
    url = await copy_of_template(urls)
    assert await migrate(url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        assert not await migrate(url)
        assert await revision_of(connection) == "9999"
    finally:
        await connection.close()


async def revision_of(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("SELECT version_num FROM alembic_version"))


async def test_several_at_once_bring_the_database_there_once_and_nobody_waits_long_for_them(urls: Urls) -> None:
    url = await an_empty_database(urls)
    await asyncio.gather(*(migrate(url, BEFORE, pause_seconds=0.05) for _ in range(3)))
    holder, buyer = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        assert await revision_of(holder) == BEFORE
        async with holder.transaction():
            await holder.execute('LOCK TABLE "user" IN ROW EXCLUSIVE MODE')
            hurried = migrate(url, lock_seconds=0.05, pause_seconds=0.05, tries_max=2)
            with pytest.raises(TimeoutError, match="in use"):
                await hurried
            assert await revision_of(buyer) == BEFORE
            upgrade = asyncio.ensure_future(migrate(url, lock_seconds=0.3, pause_seconds=0.05))
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not await buyer.fetchval(WAITS):  # noqa: ASYNC110  # the database tells nobody who waits
                    await asyncio.sleep(0.01)
            # Comes after the migration that waits, and yet goes on before the one whom the migration waits for.
            await buyer.execute("UPDATE \"user\" SET locale = 'en'", timeout=DEADLINE_SECONDS)
            assert not upgrade.done()
        await asyncio.wait_for(upgrade, DEADLINE_SECONDS)
        assert await revision_of(holder) == scripts().get_current_head()
    finally:
        await holder.close()
        await buyer.close()


async def test_who_waits_for_another_migration_says_so_in_the_end_and_takes_its_turn_once_it_is_over(
    urls: Urls,
) -> None:
    url = await copy_of_template(urls)
    other = await asyncpg.connect(url)
    try:
        await other.execute("SELECT pg_advisory_lock($1)", TURN)
        with pytest.raises(TimeoutError, match="another process"):
            await migrate(url, pause_seconds=0.01, turns_max=3)
    finally:
        await other.close()
    assert await migrate(url, pause_seconds=0.01)
