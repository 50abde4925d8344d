"""Transactions over SQLAlchemy and asyncpg.

Invariant: the first statement of a transaction is issued here, before the step runs. The asyncpg dialect begins its
transaction with its first statement, so a job enqueued on the raw connection before one would be outside of it and
would survive a rollback. It also tells the time: `now` is the database's clock, the same for every host.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Executable, UpdateBase, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import SQLModel

from domain.shared.clock import Clock
from domain.shared.database import M, Reads, Tx, V, Write, table
from domain.shared.errors import Busy, OutcomeUnknown
from domain.shared.events import Event
from infra.postgres.inserts import inserts
from infra.postgres.pending import writings
from infra.postgres.reads import ConnectionReads, PoolReads, pour, prepared
from infra.postgres.rows import choosing, entities

T = TypeVar("T")

ATTEMPTS_MAX: Final = 3
LOCK_TIMEOUT_MS: Final = 2_000
TRANSACTION_TIMEOUT_MS: Final = 5_000
STATEMENTS_CACHED_MAX: Final = 1_000
_AGAIN: Final = frozenset({"40001", "40P01"})
_LOCK_TIMEOUT: Final = "55P03"

LOCK_ORDER: Final[Mapping[str, int]] = {
    "checkout": 0,
    "cart": 1,
    "order": 2,
    "payment": 3,
    "balance": 4,
    "reservation": 5,
    "stock_item": 6,
}
"""Rank of the tables whose rows are locked together; the hottest last, so that it is held for the shortest time."""

_BEGIN = text(
    "SELECT clock_timestamp(), set_config('lock_timeout', :lock, true), set_config('transaction_timeout', :whole, true)"
).bindparams(lock=f"{LOCK_TIMEOUT_MS}ms", whole=f"{TRANSACTION_TIMEOUT_MS}ms")

Enqueue = Callable[[asyncpg.Connection, Sequence[Event]], Awaitable[None]]
AfterCommit = Callable[[Sequence[Event]], None]


def sqlalchemy_url(url: str) -> str:
    """`postgresql://...` as SQLAlchemy's asyncpg dialect wants it."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def create_engine(url: str, *, size: int = 20, wait_seconds: float = 5) -> AsyncEngine:
    """An engine whose connections speak the read pool's codecs, and whose errors never print bound values.

    `wait_seconds` is how long a transaction waits for a free connection.
    """
    engine = create_async_engine(
        sqlalchemy_url(url),
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        # jsonb is (de)serialised by the codec that both pools set, not by SQLAlchemy as well.
        json_serializer=lambda value: value,
        json_deserializer=lambda value: value,
        connect_args={
            "command_timeout": 30,
            "timeout": 10,
            # A purchase alone has more than the 100 statements that are remembered by default.
            "prepared_statement_cache_size": STATEMENTS_CACHED_MAX,
            "statement_cache_size": STATEMENTS_CACHED_MAX,
        },
    )

    def set_codecs(connection: Any, _record: object) -> None:
        connection.run_async(set_json_codec)

    event.listen(engine.sync_engine, "connect", set_codecs)
    return engine


async def set_json_codec(connection: asyncpg.Connection) -> None:
    """jsonb as Python values, on every connection of every pool."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: orjson.dumps(value).decode(),
        decoder=orjson.loads,
        format="text",
    )


class PostgresTx:
    """One open transaction; see `domain.shared.database.Tx`."""

    def __init__(self, session: AsyncSession, raw: asyncpg.Connection, now: datetime, *, strict_locks: bool) -> None:
        self.session = session
        self.now = now
        self.events: list[Event] = []
        self.reads: Reads = ConnectionReads(raw, self.flush)
        self._raw = raw
        self._strict = strict_locks
        self._appended: list[SQLModel] = []
        self._rank = -1
        self._locked: dict[str, set[UUID]] = {}

    async def flush(self, tables: frozenset[str] | None = None) -> None:
        """Write what is pending, if any of it belongs to these tables (None: to any)."""
        dirty = list(self.session.dirty)
        if tables is not None and not any(table(type(row)).name in tables for row in (*dirty, *self._appended)):
            return
        appended, self._appended = self._appended, []
        for writing in writings(dirty, appended):
            found = await self._raw_call(self._raw.fetchval, writing.text, *writing.values)
            if found != len(writing.changed):
                raise StaleDataError(writing.text)
            writing.written()
        if self.session.new or self.session.deleted:
            await self.session.flush()

    async def _raw_call(self, call: Callable[..., Awaitable[T]], statement: str, *values: Any) -> T:
        try:
            return await call(statement, *values)
        except asyncpg.PostgresError as fault:
            raise as_sqlalchemy(fault, statement) from fault

    async def add(self, *rows: SQLModel) -> None:
        # Changes of rows that are there already can wait for the end: no insert depends on them.
        fresh = [row for row in rows if row not in self.session]
        for insert in inserts(fresh):
            if len(insert.values) == 1:
                await self._raw_call(self._raw.execute, insert.text, *insert.values[0])
            else:
                await self._raw_call(self._raw.executemany, insert.text, insert.values)
        for row in fresh:
            # From here on the row is as if it had been loaded: changes to it are written by the next flush.
            make_transient_to_detached(row)
            self.session.add(row)

    def append(self, *rows: SQLModel) -> None:
        self._appended += rows

    async def get(self, model: type[M], id_: UUID, /) -> M | None:
        return await self.session.get(model, id_)

    async def load(self, model: type[M], ids: Sequence[UUID], /, *, by: str = "id") -> list[M]:
        return await self._entities(model, choosing(model, by), list(ids))

    async def lock(
        self, model: type[M], ids: Sequence[UUID], /, *, by: str = "id", skip_locked: bool = False
    ) -> list[M]:
        name, wanted = table(model).name, sorted(set(ids))
        if by == "id":
            self._check_order(name, wanted)
        clause = "FOR UPDATE SKIP LOCKED" if skip_locked else "FOR UPDATE"
        rows = await self._entities(model, choosing(model, by, clause), wanted)
        if by != "id":
            self._check_order(name, [getattr(row, "id") for row in rows])  # noqa: B009  # SQLModel declares none
        return rows

    async def _entities(self, model: type[M], statement: str, wanted: Sequence[UUID]) -> list[M]:
        await self.flush(frozenset({table(model).name}))
        return entities(self.session, model, await self._raw_call(self._raw.fetch, statement, wanted))

    def _check_order(self, name: str, wanted: Sequence[UUID]) -> None:
        held = self._locked.setdefault(name, set())
        fresh = [id_ for id_ in wanted if id_ not in held]
        rank = LOCK_ORDER.get(name)
        if self._strict and fresh and rank is not None:
            assert rank >= self._rank, f"{name} is locked after a table that comes later in the lock order"
            assert not held or fresh[0] > max(held), f"rows of {name} are locked against the order of their ids"
            self._rank = rank
        held.update(fresh)

    async def execute(self, statement: Executable, parameters: Any = None, /) -> Any:
        # A statement that writes another table cannot miss what is pending; anything else must see all of it.
        await self.flush(frozenset({str(statement.table)}) if isinstance(statement, UpdateBase) else None)
        return await self.session.execute(statement, parameters)

    async def write(self, write: Write[V], /, **parameters: Any) -> list[V]:
        compiled = prepared.get(write.statement)
        await self.flush(compiled.tables)
        return pour(write.view, await self._raw_call(self._raw.fetch, compiled.text, *compiled.arguments(parameters)))

    def record(self, event: Event) -> None:
        self.events.append(event)


class PostgresDatabase:
    """`domain.shared.database.Database`: an engine for transactions, a pool for single reads on the primary."""

    def __init__(
        self,
        engine: AsyncEngine,
        primary: PoolReads,
        clock: Clock,
        *,
        enqueue: Enqueue,
        after_commit: AfterCommit,
        strict_locks: bool = True,
    ) -> None:
        self.primary: Reads = primary
        self._engine = engine
        self._clock = clock
        self._enqueue = enqueue
        self._after_commit = after_commit
        self._strict = strict_locks

    async def run(self, step: Callable[[Tx], Awaitable[T]]) -> T:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return await self._once(step)
            except DBAPIError as fault:
                state = sqlstate(fault)
                if state == _LOCK_TIMEOUT or _cut_off(state):
                    raise Busy() from fault
                if state not in _AGAIN:
                    raise
                if attempt == ATTEMPTS_MAX:
                    raise Busy() from fault
                await asyncio.sleep(random.uniform(0.005, 0.03) * attempt)  # noqa: S311  # jitter, not a secret
            except PoolTimeout as fault:
                raise Busy() from fault
        raise AssertionError("the loop returns or raises")

    async def _once(self, step: Callable[[Tx], Awaitable[T]]) -> T:
        async with AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session:
            began_at = (await session.execute(_BEGIN)).scalar_one()
            connection = await (await session.connection()).get_raw_connection()
            raw = connection.driver_connection
            assert raw is not None
            tx = PostgresTx(session, raw, self._clock.shifted(began_at), strict_locks=self._strict)
            try:
                result = await self._carry_out(tx, raw, step)
                await _commit(session)
            except BaseException as fault:
                if _broken(raw, fault):
                    # Rolling back on it would raise, and hide what happened.
                    await session.invalidate()
                raise
        if tx.events:
            self._after_commit(tx.events)
        return result

    async def _carry_out(self, tx: PostgresTx, raw: asyncpg.Connection, step: Callable[[Tx], Awaitable[T]]) -> T:
        """Everything before the commit: whatever cuts it off, nothing was done."""
        try:
            result = await step(tx)
            await tx.flush()
            if tx.events:
                await self._enqueue(raw, tx.events)
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as fault:
            if _broken(raw, fault):
                raise Busy() from fault
            if isinstance(fault, asyncpg.PostgresError):
                # From the read door, which speaks to the driver directly.
                raise as_sqlalchemy(fault, "a read") from fault
            raise
        return result


async def _commit(session: AsyncSession) -> None:
    try:
        await session.commit()
    except DBAPIError as fault:
        # A server that answered with a state has decided; silence means that nobody knows.
        state = sqlstate(fault)
        if state is None or _cut_off(state):
            raise OutcomeUnknown() from fault
        raise
    except (OSError, TimeoutError) as fault:
        raise OutcomeUnknown() from fault


def _cut_off(state: str | None) -> bool:
    """The server ended the connection: the transaction took too long, or the server stops."""
    return state is not None and state.startswith(("08", "57P", "25P04"))


def _broken(raw: asyncpg.Connection, fault: BaseException) -> bool:
    """The connection is of no more use. The server's word may come between two statements: the driver stumbles then."""
    if raw.is_closed() or (isinstance(fault, DBAPIError) and _cut_off(sqlstate(fault))):
        return True
    causes = (fault, fault.__cause__, getattr(getattr(fault, "orig", None), "__cause__", None))
    return any(isinstance(cause, asyncpg.InternalClientError) for cause in causes)


def as_sqlalchemy(fault: asyncpg.PostgresError, statement: str) -> DBAPIError:
    """The driver's error as the one that use cases and the retry loop know."""
    kind = IntegrityError if isinstance(fault, asyncpg.IntegrityConstraintViolationError) else DBAPIError
    return kind(statement, None, fault, hide_parameters=True)


def sqlstate(fault: DBAPIError) -> str | None:
    """The five characters of PostgreSQL's answer, or None when there was none."""
    state = getattr(fault.orig, "sqlstate", None)
    return state if isinstance(state, str) else None
