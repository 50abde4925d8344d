"""Connections for transactions: SQLAlchemy pools them and may work on them, the driver begins and ends.

Invariant: what leaves here is committed or rolled back, or its connection is thrown away. SQLAlchemy's connections
are in autocommit, so that nothing but `transaction` begins or ends anything.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import Connection, PoolProxiedConnection, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.shared.errors import Busy, OutcomeUnknown

LOCK_TIMEOUT_MS: Final = 2_000
TRANSACTION_TIMEOUT_MS: Final = 5_000
STATEMENTS_CACHED_MAX: Final = 1_000
ANSWER_SECONDS_MAX: Final = 10.0
"""For one statement. The server ends a transaction before that: one that is silent for longer has vanished."""
STALE_MAX: Final = 50
"""Connections that a restarted server closed, and that are thrown away in a row."""

LIMITS: Final[Mapping[str, str]] = {
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "transaction_timeout": str(TRANSACTION_TIMEOUT_MS),
}
KEPT_PLANS: Final[Mapping[str, str]] = {
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
    "jit": "off",
}
"""For transactions that find their rows by keys: whatever the keys are, the plan is the same, and making it anew takes
longer than carrying it out. Left alone, PostgreSQL plans each `= ANY($1)` every time: it expects ten values of an array
that it does not know, and so takes the plan for the three that came to be much cheaper. Not for sweeps: which plan
finds what is due depends on how much that is."""


def sqlalchemy_url(url: str) -> str:
    """`postgresql://...` as SQLAlchemy's asyncpg dialect wants it."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def create_engine(
    url: str,
    *,
    size: int = 20,
    wait_seconds: float = 5,
    answer_seconds: float = ANSWER_SECONDS_MAX,
    server_settings: Mapping[str, str] | None = None,
) -> AsyncEngine:
    """An engine whose connections speak the read pool's codecs, and whose errors never print bound values.

    `wait_seconds` is how long a transaction waits for a free connection, `answer_seconds` how long for an answer.
    """
    engine = create_async_engine(
        sqlalchemy_url(url),
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait_seconds,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        # jsonb is (de)serialised by the codec that both pools set, not by SQLAlchemy as well.
        json_serializer=lambda value: value,
        json_deserializer=lambda value: value,
        connect_args={
            "command_timeout": answer_seconds,
            "timeout": 10,
            # A purchase alone has more than the 100 statements that are remembered by default.
            "prepared_statement_cache_size": STATEMENTS_CACHED_MAX,
            "statement_cache_size": STATEMENTS_CACHED_MAX,
            "server_settings": {**LIMITS, **(server_settings or {})},
        },
    )

    def set_codecs(connection: Any, _record: object) -> None:
        connection.run_async(set_json_codec)

    event.listen(engine.sync_engine, "connect", set_codecs)
    return engine


async def fill(engine: AsyncEngine, size: int) -> None:
    """Open as many connections; they stay in the engine's pool."""
    async with AsyncExitStack() as held:
        for _ in range(size):
            await held.enter_async_context(open_connection(engine))


async def set_json_codec(connection: asyncpg.Connection) -> None:
    """jsonb as Python values, on every connection of every pool."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: orjson.dumps(value).decode(),
        decoder=orjson.loads,
        format="text",
    )


class OpenConnection:
    """One connection for the length of a transaction."""

    def __init__(self, engine: AsyncEngine, pooled: PoolProxiedConnection) -> None:
        self._engine = engine
        self._pooled = pooled
        self._alchemy: AsyncConnection | None = None
        raw = pooled.driver_connection
        assert raw is not None, "a pooled connection is open"
        self.raw: asyncpg.Connection = raw

    def alchemy(self) -> AsyncConnection:
        """For statements that are not prepared: SQLAlchemy's way to this connection, made when it is first needed."""
        if self._alchemy is None:
            self._alchemy = AsyncConnection(self._engine, Connection(self._engine.sync_engine, self._pooled))
        return self._alchemy

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[datetime]:
        """Its beginning by the database's clock. Commits; on any fault rolls back, or throws the connection away."""
        try:
            try:
                await self.raw.execute("BEGIN")
                began_at: datetime = await self.raw.fetchval("SELECT clock_timestamp()")
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as fault:
                # Nothing has happened yet.
                raise Busy() from fault
            yield began_at
            await self._commit()
        except BaseException as fault:
            usable = False
            try:
                usable = not is_broken(self.raw, fault) and await self._rolled_back()
            finally:
                # Also when the rolling back itself is cancelled: nobody knows what is still open on it.
                if not usable and self._pooled.is_valid:
                    self._pooled.invalidate()
            raise
        finally:
            if self._alchemy is not None:
                # Nothing was begun by it; it only forgets, so that it does not wait for the collector.
                await self._alchemy.rollback()

    async def _commit(self) -> None:
        try:
            answer = await self.raw.execute("COMMIT")
        except asyncpg.PostgresError as fault:
            # A server that answered with a state has decided; a connection that was cut off says nothing.
            if is_cut_off(fault.sqlstate):
                raise OutcomeUnknown() from fault
            raise as_sqlalchemy(fault, "COMMIT") from fault
        except (asyncpg.InterfaceError, OSError, TimeoutError) as fault:
            raise OutcomeUnknown() from fault
        assert answer == "COMMIT", "a statement failed, and whoever sent it went on as if it had not"

    async def _rolled_back(self) -> bool:
        """False: the connection is of no more use. What went wrong before is what is told."""
        try:
            await self.raw.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
            return False
        return True


@asynccontextmanager
async def open_connection(engine: AsyncEngine) -> AsyncIterator[OpenConnection]:
    """A free connection of the pool, given back afterwards. Raises SQLAlchemy's TimeoutError, and Busy."""
    for _ in range(STALE_MAX):
        pooled = await engine.raw_connection()
        try:
            if pooled.driver_connection is None or pooled.driver_connection.is_closed():
                pooled.invalidate()
                continue
            yield OpenConnection(engine, pooled)
            return
        finally:
            pooled.close()
    raise Busy()


def is_cut_off(state: str | None) -> bool:
    """The server ended the connection: the transaction took too long, or the server stops."""
    return state is not None and state.startswith(("08", "57P", "25P04"))


def is_broken(raw: asyncpg.Connection, fault: BaseException) -> bool:
    """The connection is of no more use. The server's word may come between two statements: the driver stumbles then.
    Or it never comes: a server that has vanished would not answer a ROLLBACK either.
    """
    if raw.is_closed() or (isinstance(fault, DBAPIError) and is_cut_off(sqlstate(fault))):
        return True
    causes = (fault, fault.__cause__, getattr(getattr(fault, "orig", None), "__cause__", None))
    return any(isinstance(cause, asyncpg.InternalClientError | TimeoutError) for cause in causes)


def as_sqlalchemy(fault: asyncpg.PostgresError, statement: str) -> DBAPIError:
    """The driver's error as the one that use cases and the retry loop know."""
    kind = IntegrityError if isinstance(fault, asyncpg.IntegrityConstraintViolationError) else DBAPIError
    return kind(statement, None, fault, hide_parameters=True)


def sqlstate(fault: DBAPIError) -> str | None:
    """The five characters of PostgreSQL's answer, or None when there was none."""
    state = getattr(fault.orig, "sqlstate", None)
    return state if isinstance(state, str) else None
