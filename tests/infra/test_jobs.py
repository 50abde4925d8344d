"""A job that a transaction records is worked by a worker process's lane: the same queue, written and read."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import asyncpg
import pytest

from app.container import Container, open_container
from domain.shared.database import Tx
from domain.shared.errors import TooEarly
from domain.shared.events import Event
from domain.shared.ids import new_id
from infra.postgres.jobs import Payload, work_lane
from tests.conftest import settings_for
from tests.servers import Urls, copy_of_template

DEADLINE_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LampLit(Event):
    kind: ClassVar[str] = "lamp_lit"
    lamp_id: UUID


async def worked(container: Container, count: int, *, too_early: bool = False) -> list[Payload]:
    """What a lane is given until it was given `count`, or until the deadline. `too_early`: all but the last time."""
    seen: list[Payload] = []
    stop = asyncio.Event()

    async def work(payload: Payload) -> None:
        seen.append(payload)
        if len(seen) >= count:
            stop.set()
        elif too_early:
            raise TooEarly("the lamp is still warm")

    with suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE_SECONDS):
            url = container.settings.database_url
            await work_lane(url, {"shine": work}, concurrency_max=2, poll_seconds=0.1, stop=stop)
    return seen


async def test_what_a_commit_enqueues_a_worker_works(urls: Urls, redis_url: str) -> None:
    settings = settings_for(await copy_of_template(urls), redis_url)
    async with open_container(settings, handlers_of={"lamp_lit": ["shine"]}) as container:
        lamps = [new_id(), new_id()]

        async def step(tx: Tx) -> None:
            for lamp_id in lamps:
                tx.record(LampLit(at=tx.now, lamp_id=lamp_id))

        await container.ports.db.run(step)
        assert {each["lamp_id"] for each in await worked(container, 2)} == {str(lamp_id) for lamp_id in lamps}


async def test_a_job_that_came_too_early_comes_again_and_leaves_nothing_behind(urls: Urls, redis_url: str) -> None:
    settings = settings_for(await copy_of_template(urls), redis_url)
    async with open_container(settings, handlers_of={"lamp_lit": ["shine"]}) as container:
        lamp_id = new_id()

        async def step(tx: Tx) -> None:
            tx.record(LampLit(at=tx.now, lamp_id=lamp_id))

        await container.ports.db.run(step)
        seen = await worked(container, 2, too_early=True)
    assert [each["lamp_id"] for each in seen] == [str(lamp_id)] * 2
    connection = await asyncpg.connect(settings.database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pgqueuer") == 0
        assert await connection.fetchval("SELECT count(*) FROM pgqueuer_log") == 0
    finally:
        await connection.close()


async def test_a_job_that_fails_leaves_its_traceback_and_comes_again(urls: Urls, redis_url: str) -> None:
    settings = settings_for(await copy_of_template(urls), redis_url)
    stop, seen = asyncio.Event(), list[Payload]()

    async def work(payload: Payload) -> None:
        seen.append(payload)
        if len(seen) == 2:
            stop.set()
            return
        raise ValueError("the wick is wet")

    async with open_container(settings, handlers_of={"lamp_lit": ["shine"]}) as container:

        async def step(tx: Tx) -> None:
            tx.record(LampLit(at=tx.now, lamp_id=new_id()))

        await container.ports.db.run(step)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await work_lane(settings.database_url, {"shine": work}, concurrency_max=2, poll_seconds=0.1, stop=stop)
    connection = await asyncpg.connect(settings.database_url)
    try:
        kept = await connection.fetch("SELECT traceback::text FROM pgqueuer_log")
        assert len(kept) == 1
        assert "the wick is wet" in kept[0]["traceback"]
    finally:
        await connection.close()


async def test_a_lane_whose_database_does_not_answer_ends_instead_of_waiting_for_ever(urls: Urls) -> None:
    """As when its host has vanished; the worker ends with it, and whoever runs workers starts another."""
    url = await copy_of_template(urls)
    holder = await asyncpg.connect(url)
    try:
        async with holder.transaction(), asyncio.timeout(DEADLINE_SECONDS):
            await holder.execute("LOCK TABLE pgqueuer")
            with pytest.raises(TimeoutError):
                await work_lane(
                    url, {"shine": idle}, concurrency_max=2, poll_seconds=0.1, stop=asyncio.Event(), answer_seconds=0.3
                )
    finally:
        await holder.close()


async def idle(_payload: Payload) -> None:
    """Is never called."""
