"""Transactions: one connection each, rows and jobs written by the driver, run again where that may help.

Invariant: a transaction has begun before its step runs, so a job enqueued on its connection is part of it. `now` is the
database's clock, the same for every host.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, UpdateBase
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm.exc import StaleDataError

from domain.shared.clock import Clock
from domain.shared.database import Key, M, Reads, Tx, V, Write, table
from domain.shared.errors import Busy
from domain.shared.events import Event
from domain.shared.table_row import TableRow
from infra.postgres.connections import (
    OpenConnection,
    as_sqlalchemy,
    is_broken,
    is_cut_off,
    open_connection,
    sqlstate,
)
from infra.postgres.inserts import inserts
from infra.postgres.pending import Deferred, writings
from infra.postgres.reads import ConnectionReads, PoolReads, pour, prepared
from infra.postgres.rows import Rows, choosing, choosing_one

T = TypeVar("T")

ATTEMPTS_MAX: Final = 3
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

Enqueue = Callable[[asyncpg.Connection, Sequence[Event]], Awaitable[None]]
AfterCommit = Callable[[Sequence[Event]], None]


class PostgresTx:
    """One open transaction; see `domain.shared.database.Tx`."""

    def __init__(self, connection: OpenConnection, now: datetime, *, strict_locks: bool) -> None:
        self.now = now
        self.events: list[Event] = []
        self.reads: Reads = ConnectionReads(connection.raw, self.flush)
        self._connection = connection
        self._rows = Rows()
        self._raw = connection.raw
        self._strict = strict_locks
        self._appended: list[TableRow] = []
        self._deferred: list[Deferred] = []
        self._rank = -1
        self._locked: dict[str, set[UUID]] = {}

    async def flush(self, tables: frozenset[str] | None = None) -> None:
        """Write what is pending, if any of it belongs to these tables (None: to any)."""
        touched = list(self._rows.touched())
        if tables is not None and not self._concerns(tables, touched):
            return
        appended, self._appended = self._appended, []
        deferred, self._deferred = self._deferred, []
        for writing in writings(touched, appended, deferred):
            found = await self._raw_call(self._raw.fetchval, writing.text, *writing.values)
            if found != len(writing.changed):
                raise StaleDataError(writing.text)
            writing.written()

    def _concerns(self, tables: frozenset[str], touched: Sequence[TableRow]) -> bool:
        return any(table(type(row)).name in tables for row in (*touched, *self._appended)) or any(
            not each.tables.isdisjoint(tables) for each in self._deferred
        )

    async def _raw_call(self, call: Callable[..., Awaitable[T]], statement: str, *values: Any) -> T:
        try:
            return await call(statement, *values)
        except asyncpg.PostgresError as fault:
            raise as_sqlalchemy(fault, statement) from fault

    async def add(self, *rows: TableRow) -> None:
        # Changes of rows that are there already can wait for the end: no insert depends on them.
        fresh = [row for row in rows if not self._rows.holds(row)]
        for insert in inserts(fresh):
            if len(insert.values) == 1:
                await self._raw_call(self._raw.execute, insert.text, *insert.values[0])
            else:
                await self._raw_call(self._raw.executemany, insert.text, insert.values)
        for row in fresh:
            # From here on the row is as if it had been loaded: changes to it are written by the next flush.
            self._rows.keep(row)

    def append(self, *rows: TableRow) -> None:
        self._appended += rows

    async def get(self, model: type[M], key: Key, /) -> M | None:
        values = key if isinstance(key, tuple) else (key,)
        known = self._rows.find(model, values)
        if known is not None:
            return known
        await self.flush(frozenset({table(model).name}))
        found = self._rows.of(model, await self._raw_call(self._raw.fetch, choosing_one(model), *values))
        return found[0] if found else None

    async def load(self, model: type[M], keys: Sequence[UUID | str], /, *, by: str = "id") -> list[M]:
        return await self._entities(model, choosing(model, by), list(keys))

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

    async def _entities(self, model: type[M], statement: str, wanted: Sequence[UUID | str]) -> list[M]:
        await self.flush(frozenset({table(model).name}))
        return self._rows.of(model, await self._raw_call(self._raw.fetch, statement, wanted))

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
        return await self._connection.alchemy().execute(statement, parameters)

    async def write(self, write: Write[V], /, **parameters: Any) -> list[V]:
        compiled = prepared.get(write.statement)
        await self.flush(compiled.tables)
        return pour(write.view, await self._raw_call(self._raw.fetch, compiled.text, *compiled.arguments(parameters)))

    def defer(self, write: Write[Any], /, **parameters: Any) -> None:
        compiled = prepared.get(write.statement)
        assert compiled.tables is not None, "what is deferred names its tables, none of them in plain text"
        self._deferred.append(Deferred(compiled.text, compiled.arguments(parameters), compiled.tables))

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
                if state == _LOCK_TIMEOUT or is_cut_off(state):
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
        async with open_connection(self._engine) as connection:
            raw = connection.raw
            async with connection.transaction() as began_at:
                tx = PostgresTx(connection, self._clock.shifted(began_at), strict_locks=self._strict)
                result = await self._carry_out(tx, raw, step)
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
        except (
            DBAPIError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            TimeoutError,
        ) as fault:
            if is_broken(raw, fault):
                raise Busy() from fault
            if isinstance(fault, asyncpg.PostgresError):
                # From the read door, which speaks to the driver directly.
                raise as_sqlalchemy(fault, "a read") from fault
            raise
        return result
