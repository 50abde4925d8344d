"""A database that has too much to do is Busy: a fact that clients can act on, with nothing half done."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import URL, literal, make_url, select, text

from app.container import Container
from domain.catalog.model import Category
from domain.shared.clock import SystemClock
from domain.shared.database import Tx
from domain.shared.errors import Busy, NotFound
from domain.shared.events import Event
from domain.shared.ids import new_id
from infra.postgres.connections import ANSWER_SECONDS_MAX, create_engine
from infra.postgres.database import PostgresDatabase
from infra.postgres.reads import PoolReads


@asynccontextmanager
async def a_small_database(
    container: Container, url: str | None = None, *, answer_seconds: float = ANSWER_SECONDS_MAX
) -> AsyncIterator[PostgresDatabase]:
    """One connection, for which nobody waits long."""

    async def nowhere(_connection: asyncpg.Connection, _events: Sequence[Event]) -> None:
        """No jobs."""

    url = url or container.settings.database_url
    engine = create_engine(url, size=1, wait_seconds=0.05, answer_seconds=answer_seconds)
    async with asyncpg.create_pool(container.settings.database_url, min_size=0, max_size=1) as pool:
        yield PostgresDatabase(
            engine, PoolReads(pool), SystemClock(), enqueue=nowhere, after_commit=lambda _events: None
        )
    await engine.dispose()


def a_category(id_: UUID) -> Category:
    return Category(id=id_, slug=id_.hex, path=id_.hex, name="Things")


async def test_a_transaction_that_takes_too_long_is_undone(container: Container) -> None:
    id_ = new_id()

    async def slow(tx: Tx) -> None:
        await tx.add(a_category(id_))
        # A span that runs already cannot be shortened; it can be ended, and another begun.
        for span in ("0", "50ms"):
            await tx.execute(text(f"SELECT set_config('transaction_timeout', '{span}', true)"))
        await tx.execute(text("SELECT pg_sleep(5)"))

    async def found(tx: Tx) -> Category | None:
        return await tx.get(Category, id_)

    with pytest.raises(Busy):
        await container.ports.db.run(slow)
    assert await container.ports.db.run(found) is None


async def test_who_finds_no_connection_is_told_to_come_back(container: Container) -> None:
    taken, done = asyncio.Event(), asyncio.Event()

    async def hold(_tx: Tx) -> None:
        taken.set()
        await done.wait()

    async def nothing(_tx: Tx) -> None:
        """All that it needs is a connection."""

    async with a_small_database(container) as db:
        holder = asyncio.create_task(db.run(hold))
        await taken.wait()
        with pytest.raises(Busy):
            await db.run(nothing)
        done.set()
        await holder
        await db.run(nothing)


@pytest.mark.parametrize("door", ["session", "reads", "insert", "flush"])
async def test_a_connection_that_ends_between_two_statements_is_busy_too(container: Container, door: str) -> None:
    """The server's word arrives while nobody listens; the next statement finds a connection that is gone or going."""
    present, fresh = a_category(new_id()), a_category(new_id())

    async def make(tx: Tx) -> None:
        await tx.add(present)

    async def cut_off(tx: Tx) -> None:
        row = await tx.get(Category, present.id)
        assert row is not None
        backend = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await end_backend(container, backend)
        if door == "session":
            await tx.execute(text("SELECT 1"))
        elif door == "reads":
            await tx.reads.scalar(select(literal(1)))
        elif door == "insert":
            await tx.add(fresh)
        else:
            row.name = "Other things"

    await container.ports.db.run(make)
    with pytest.raises(Busy):
        await container.ports.db.run(cut_off)

    async def after(tx: Tx) -> tuple[str | None, Category | None]:
        row = await tx.get(Category, present.id)
        return row.name if row is not None else None, await tx.get(Category, fresh.id)

    assert await container.ports.db.run(after) == ("Things", None)


async def test_a_refusal_stays_one_when_the_connection_ends_meanwhile(container: Container) -> None:
    async def step(tx: Tx) -> None:
        backend = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await end_backend(container, backend)
        raise NotFound("category")

    with pytest.raises(NotFound):
        await container.ports.db.run(step)


async def end_backend(container: Container, backend: int) -> None:
    """From another connection, and until it is gone."""
    connection = await asyncpg.connect(container.settings.database_url)
    try:
        assert await connection.fetchval("SELECT pg_terminate_backend($1, 10000)", backend)
    finally:
        await connection.close()


async def test_who_is_cancelled_again_while_rolling_back_leaves_no_open_transaction_to_the_next(
    container: Container,
) -> None:
    """A deadline and a client that goes away may come at once. The next transaction must not commit this one's rows."""
    started = asyncio.Event()

    async def hang(tx: Tx) -> None:
        await tx.add(a_category(new_id()))
        backends.append(await backend_of(tx))
        started.set()
        await asyncio.Event().wait()

    backends: list[int] = []
    async with a_small_database(container) as db:
        given_up = asyncio.create_task(db.run(hang))
        await started.wait()
        given_up.cancel()
        await asyncio.sleep(0)  # it is rolling back
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await db.run(backend_of) not in backends


async def backend_of(tx: Tx) -> int:
    return int((await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one())


async def test_a_server_that_vanishes_without_a_word_is_busy_and_its_connection_is_not_used_again(
    container: Container,
) -> None:
    """Its host was cut off, say: nothing comes any more, not even an end. Nobody waits for it twice."""

    async def cut_off(tx: Tx) -> None:
        backends.append(await backend_of(tx))
        wire.is_cut = True
        await backend_of(tx)

    backends: list[int] = []
    async with (
        Wire.to(container.settings.database_url) as wire,
        a_small_database(container, wire.url, answer_seconds=0.3) as db,
        asyncio.timeout(10),
    ):
        with pytest.raises(Busy):
            await db.run(cut_off)
        wire.is_cut = False
        assert await db.run(backend_of) not in backends


class Wire:
    """Stands between us and the server; once it is cut, what comes from there is lost."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._open: set[asyncio.Task[None]] = set()
        self.is_cut = False
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str) -> AsyncIterator["Wire"]:
        wire = cls(make_url(url))
        server = await asyncio.start_server(wire._connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        wire.url = f"postgresql://postgres@127.0.0.1:{port}/{wire._url.database}"
        try:
            yield wire
        finally:
            server.close()
            for task in wire._open:
                task.cancel()
            await asyncio.gather(*wire._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = self._url.query
        path = f"{query['host']}/.s.PGSQL.{query['port']}"
        theirs, to_them = await asyncio.open_unix_connection(path)
        for each in (self._pass_on(reader, to_them, answers=False), self._pass_on(theirs, writer, answers=True)):
            self._open.add(asyncio.create_task(each))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while received := await reader.read(65_536):
                if not (answers and self.is_cut):
                    writer.write(received)
        finally:
            writer.close()
