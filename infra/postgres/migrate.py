"""Bring a database to the newest schema.

Invariant: one at a time. While one has the advisory lock a second process looks for it again and again, and then finds
nothing left to do. And nobody who uses the database waits for it long: who wants a table for itself stands before
everybody who comes later, so a revision that does not get its tables within LOCK_SECONDS gives way and tries again.
"""

import asyncio
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from infra.postgres.connections import sqlalchemy_url, sqlstate

LOCK_SECONDS: Final = 1.0
"""Less than the two seconds that transactions wait for locks: none of them fails because of a migration."""
PAUSE_SECONDS: Final = 1.0
TRIES_MAX: Final = 120
TURNS_MAX: Final = 600
"""Looks whether the other process is done: for longer than it may try to get its tables."""
_LOCK: Final = 7_316_001
_LOCK_TIMEOUT: Final = "55P03"
_SCRIPTS: Final = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """PgQueuer owns its tables; everything else in the schema is ours."""
    return not (kind == "table" and name is not None and name.startswith("pgqueuer"))


def scripts() -> ScriptDirectory:
    """All revisions that this code knows."""
    return ScriptDirectory.from_config(_config())


async def migrate(
    url: str,
    revision: str = "head",
    *,
    lock_seconds: float = LOCK_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
    tries_max: int = TRIES_MAX,
    turns_max: int = TURNS_MAX,
) -> bool:
    """Upgrade to the newest revision, or to that one. Each revision is all or nothing.

    False: a newer release has migrated this database further than this code knows, and nothing was done. That is how it
    stands after going back to an older release, which works on the newer schema.
    Raises TimeoutError where another process is at it all the time, or a table could not be had in so many tries;
    OSError and sqlalchemy.exc.DBAPIError.
    """
    engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await _take_turn(connection, turns_max, pause_seconds)
            await connection.run_sync(_limit_waits, lock_seconds)
            if not await connection.run_sync(_is_known):
                return False
            for attempt in range(1, tries_max + 1):
                try:
                    await connection.run_sync(lambda given: command.upgrade(_config(given), revision))
                    break
                except DBAPIError as fault:
                    if sqlstate(fault) != _LOCK_TIMEOUT:
                        raise
                    if attempt == tries_max:
                        raise TimeoutError("tables of the next revision were in use all the time") from fault
                    await connection.rollback()
                await asyncio.sleep(pause_seconds)
        return True
    finally:
        # The connection's end gives the lock back.
        await engine.dispose()


def _is_known(connection: Connection) -> bool:
    heads = MigrationContext.configure(connection).get_current_heads()
    connection.commit()
    return set(heads) <= {each.revision for each in scripts().walk_revisions()}


async def _take_turn(connection: AsyncConnection, turns_max: int, pause_seconds: float) -> None:
    """Asks instead of waiting in the server: a statement that waits there is one that others may have to wait for."""
    for _ in range(turns_max):
        if await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
            return
        await connection.rollback()
        await asyncio.sleep(pause_seconds)
    raise TimeoutError("another process has been migrating this database all the time")


def _limit_waits(connection: Connection, lock_seconds: float) -> None:
    connection.execute(
        text("SELECT set_config('lock_timeout', :span, false)"), {"span": f"{lock_seconds * 1000:.0f}ms"}
    )
    connection.commit()
