"""Jobs that failed for good are shown and, when somebody says so, wait again with all their attempts."""

import asyncio

import asyncpg
import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries

from app.dead_letters import list_dead_letters, replay_dead_letters
from infra.postgres.jobs import watch_queue
from tests.servers import Urls, copy_of_template


@pytest.fixture
async def database(urls: Urls) -> str:
    """A database with three dead jobs and one that waits."""
    url = await copy_of_template(urls)
    connection = await asyncpg.connect(url)
    try:
        queries = Queries(AsyncpgDriver(connection))
        await queries.enqueue(["notify"] * 3, [b'{"order_id": "ord_1"}'] * 3, [0] * 3)
        await connection.execute("UPDATE pgqueuer SET status = 'failed', attempts = 8")
        await queries.enqueue(["notify"], [b"{}"], [0])
    finally:
        await connection.close()
    return url


async def states(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT status::text, count(*) FROM pgqueuer GROUP BY status")
        return {row["status"]: row["count"] for row in rows}
    finally:
        await connection.close()


async def test_dead_jobs_are_listed_with_what_they_were_about(database: str) -> None:
    letters = await list_dead_letters(database, 2)
    assert len(letters) == 2
    assert letters[0].handler == "notify"
    assert letters[0].payload == {"order_id": "ord_1"}
    assert letters[0].attempts == 8


async def test_one_or_all_are_queued_again_and_living_jobs_are_left_alone(database: str) -> None:
    first = (await list_dead_letters(database, 1))[0]
    assert await replay_dead_letters(database, [first.id, 999_999]) == 1
    assert await states(database) == {"failed": 2, "queued": 2}
    assert await replay_dead_letters(database, None) == 2
    assert await states(database) == {"queued": 4}
    assert await replay_dead_letters(database, None) == 0


async def test_the_queue_is_watched_until_told_to_stop(database: str) -> None:
    stop = asyncio.Event()
    seen: dict[str, int] = {}

    def report(state: str, count: int) -> None:
        seen[state] = count
        if len(seen) == 3:
            stop.set()

    async with asyncio.timeout(20):
        await watch_queue(database, report, stop)
    assert seen == {"queued": 1, "picked": 0, "failed": 3}
