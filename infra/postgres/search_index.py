"""Search in PostgreSQL: the embedded default, and what answers when a search server does not.

Invariant: a call ends within SECONDS_MAX or raises SearchUnavailable; a slow search never holds a connection for long.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.search.ports import (
    Facet,
    Reading,
    Rebuild,
    SearchAnswer,
    SearchDocument,
    SearchQuery,
    SearchUnavailable,
    Total,
)
from domain.search.words import query_words
from domain.shared.paging import COUNT_MAX
from infra.postgres.search_facets import facets_of, facets_statement
from infra.postgres.search_filters import Parameters, all_conditions, where
from infra.postgres.search_pages import hit, page_statement, reading_of
from infra.postgres.search_text import Connection, read_text
from infra.postgres.search_writing import remove_documents, remove_older, tidy_terms, write_documents

SECONDS_MAX: Final = 3.0
SUGGESTED_FROM_MAX: Final = 2_000
_NO_ANSWER: Final = (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)

_SUGGEST_WORD: Final = """
SELECT term FROM search_term WHERE term LIKE $1 || '%' AND documents > 0 ORDER BY documents DESC, term LIMIT $2
"""
_SUGGEST_PHRASE: Final = """
SELECT term FROM (SELECT terms FROM search_document WHERE terms @> $1::text[] LIMIT $2) found, unnest(terms) term
WHERE term LIKE $3 || '%' AND term <> ALL($1::text[]) GROUP BY term ORDER BY count(*) DESC, term LIMIT $4
"""


class PostgresSearchIndex:
    """`domain.search.ports.SearchIndex` over the tables of `domain/search/model.py`.

    `reading` may be the pool of a replica; `writing` is one to the primary.
    """

    def __init__(self, reading: asyncpg.Pool, writing: asyncpg.Pool) -> None:
        self._reading = reading
        self._writing = writing

    async def search(self, query: SearchQuery) -> SearchAnswer:
        async with self._connection() as connection:
            corrected = None
            if query.after is not None:
                reading = reading_of(query.after)
            else:
                reading, corrected = await read_text(connection, query.text)
            statement, values = page_statement(query, reading)
            rows = await connection.fetch(statement, *values)
        hits = tuple(hit(row, query, reading) for row in rows[: query.first])
        return SearchAnswer(hits, len(rows) > query.first, reading, corrected)

    async def facets(self, query: SearchQuery, reading: Reading) -> tuple[Facet, ...]:
        statement, values = facets_statement(query, reading)
        return facets_of(await self._fetch(statement, *values))

    async def count(self, query: SearchQuery, reading: Reading) -> Total:
        parameters = Parameters()
        conditions = where(all_conditions(query, reading, parameters))
        rows = await self._fetch(
            f"SELECT count(*) FROM (SELECT FROM search_document {conditions} LIMIT {COUNT_MAX + 1}) counted",  # noqa: S608  # our own words and $n only
            *parameters.values,
        )
        found = rows[0][0]
        return Total(min(found, COUNT_MAX), found <= COUNT_MAX)

    async def suggest(self, prefix: str, limit: int) -> list[str]:
        words = query_words(prefix)
        if not words:
            return []
        *before, last = words
        if not before:
            rows = await self._fetch(_SUGGEST_WORD, last, limit)
        else:
            rows = await self._fetch(_SUGGEST_PHRASE, before, SUGGESTED_FROM_MAX, last, limit)
        return [" ".join([*before, row["term"]]) for row in rows]

    async def write(self, documents: Sequence[SearchDocument]) -> None:
        if documents:
            async with self._writer() as connection:
                await write_documents(connection, documents)

    async def remove(self, listing_ids: Sequence[UUID], as_of: datetime) -> None:
        if listing_ids:
            async with self._writer() as connection:
                await remove_documents(connection, listing_ids, as_of)

    async def older_than(self, moment: datetime, limit: int) -> list[UUID]:
        statement = "SELECT listing_id FROM search_document WHERE as_of < $1 ORDER BY as_of LIMIT $2"
        return [row["listing_id"] for row in await self._fetch(statement, moment, limit)]

    def rebuild(self, started_at: datetime) -> AbstractAsyncContextManager[Rebuild]:
        return self._rebuild(started_at)

    @asynccontextmanager
    async def _rebuild(self, started_at: datetime) -> AsyncIterator[Rebuild]:
        # The one table is written over in place: it is right at every moment, and at the end complete.
        yield self
        async with self._writer() as connection:
            await remove_older(connection, started_at)

    async def tidy(self) -> None:
        async with self._writer() as connection:
            await tidy_terms(connection)

    async def _fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        async with self._connection() as connection:
            return await connection.fetch(statement, *values)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with asyncio.timeout(SECONDS_MAX), self._reading.acquire() as connection:
                yield connection
        except _NO_ANSWER as fault:
            raise SearchUnavailable() from fault

    @asynccontextmanager
    async def _writer(self) -> AsyncIterator[Connection]:
        try:
            async with self._writing.acquire(timeout=SECONDS_MAX) as connection:
                yield connection
        except _NO_ANSWER as fault:
            raise SearchUnavailable() from fault
