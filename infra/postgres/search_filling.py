"""Filling an empty search index: without its secondary indexes, which are made at once when the rows are there.

Invariant: an index that is missing is made again by whoever tidies next, so a filling that was killed heals by itself.
A million documents are indexed so in a fraction of the time; searches meanwhile find what there is, only more slowly.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy import Index
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.schema import CreateIndex

from domain.search.model import SearchRow
from domain.shared.database import table
from infra.postgres.search_text import Connection

INDEX_SECONDS_MAX: Final = 3_600
_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_FILLING_LOCK: Final = 7_316_010
_TRY_TO_FILL: Final = f"SELECT pg_try_advisory_xact_lock({_FILLING_LOCK})"
_LOCK_SECONDS: Final = 2
_MEMORY: Final = "SET LOCAL maintenance_work_mem = '256MB'"
_THERE: Final = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'search_document'"


@asynccontextmanager
async def filling(connection: Connection) -> AsyncIterator[bool]:
    """While it is open nobody else fills, and nobody makes indexes. True: the table was empty and has none now.

    The connection is busy with an open transaction, which has written nothing and holds the lock only.
    """
    async with connection.transaction():
        yield bool(await connection.fetchval(_TRY_TO_FILL))


async def drop_indexes_if_empty(connection: Connection) -> bool:
    """Whether the table was empty; it keeps its key. Does nothing where searches would have to be waited for."""
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            await connection.execute("LOCK TABLE search_document IN ACCESS EXCLUSIVE MODE")
            if await connection.fetchval("SELECT EXISTS (SELECT FROM search_document)"):
                return False
            for index in _indexes():
                await connection.execute(f'DROP INDEX IF EXISTS "{index.name}"')
    except asyncpg.LockNotAvailableError:
        return False
    return True


async def make_missing_indexes(connection: Connection) -> int:
    """How many were missing. Each is made in a transaction of its own; documents are written again afterwards."""
    there = {row["indexname"] for row in await connection.fetch(_THERE)}
    missing = [index for index in _indexes() if index.name not in there]
    for index in missing:
        async with connection.transaction():
            await connection.execute(_MEMORY)
            await connection.execute(_creation(index), timeout=INDEX_SECONDS_MAX)
    if missing:
        await connection.execute("ANALYZE search_document", timeout=INDEX_SECONDS_MAX)
    return len(missing)


def _indexes() -> list[Index]:
    return sorted(table(SearchRow).indexes, key=lambda index: str(index.name))


def _creation(index: Index) -> str:
    return str(CreateIndex(index, if_not_exists=True).compile(dialect=_DIALECT))
