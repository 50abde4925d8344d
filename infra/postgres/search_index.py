"""Search in PostgreSQL: the embedded default, and what answers when a search server does not.

Invariant: whoever searches is answered within SECONDS_MAX or told SearchUnavailable; a slow search never holds a
connection for long.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.search.errors import SearchUnavailable
from domain.search.ports import (
    Facet,
    Match,
    Reading,
    Rebuild,
    SearchAnswer,
    SearchDocument,
    SearchQuery,
    Total,
)
from domain.search.words import query_words
from domain.shared.paging import COUNT_MAX
from infra.postgres.recent import Recent
from infra.postgres.search_facets import EVERYTHING_MAX, FACET_DOCUMENTS_MAX, count_facets
from infra.postgres.search_filling import drop_indexes_if_empty, filling, make_missing_indexes
from infra.postgres.search_filters import filters_of
from infra.postgres.search_pages import hit, page_statement, reading_of
from infra.postgres.search_parameters import Parameters
from infra.postgres.search_text import ENOUGH, Connection, read_text
from infra.postgres.search_values import Values
from infra.postgres.search_writing import remove_documents, remove_older, tidy_terms, write_documents

SECONDS_MAX: Final = 3.0
SUGGESTED_FROM_MAX: Final = 2_000
SERVER_SETTINGS: Final = {"plan_cache_mode": "force_custom_plan", "jit": "off"}
"""For connections of the reading pool: how to find the words depends on how frequent they are, so every search is
planned for itself."""
_NO_ANSWER: Final = (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)

_SUGGEST_WORD: Final = """
SELECT term FROM search_term WHERE term LIKE $1 || '%' AND documents > 0 ORDER BY documents DESC, term LIMIT $2
"""
_SUGGEST_PHRASE: Final = """
SELECT term FROM (SELECT terms FROM search_document WHERE terms @> $1::text[] LIMIT $2) found, unnest(terms) term
WHERE term LIKE $3 || '%' AND term <> ALL($1::text[]) GROUP BY term ORDER BY count(*) DESC, term LIMIT $4
"""
_OLDER: Final = "SELECT listing_id FROM search_document WHERE as_of < $1 ORDER BY as_of LIMIT $2"


class PostgresSearchIndex:
    """`domain.search.ports.SearchIndex` over the tables of `domain/search/model.py`.

    `reading` is a pool of its own with SERVER_SETTINGS, to a replica if there is one; `writing` one to the primary.
    Counts of one and the same search are made at most once in `remembered_seconds`.
    """

    def __init__(
        self,
        reading: asyncpg.Pool,
        writing: asyncpg.Pool,
        *,
        remembered_seconds: float = 3.0,
        facet_documents_max: int = FACET_DOCUMENTS_MAX,
        everything_max: int = EVERYTHING_MAX,
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._facet_documents_max = facet_documents_max
        self._everything_max = everything_max
        self._values = Values()
        self._facets: Recent[tuple[SearchQuery, Reading], tuple[Facet, ...]] = Recent(remembered_seconds)
        self._totals: Recent[tuple[SearchQuery, Reading], Total] = Recent(remembered_seconds)

    async def search(self, query: SearchQuery) -> SearchAnswer:
        async with self._connection() as connection:
            reading, corrected, rows = await self._rows(connection, query)
        hits = tuple(hit(row, query, reading) for row in rows[: query.first])
        return SearchAnswer(hits, len(rows) > query.first, reading, corrected)

    async def _rows(
        self, connection: Connection, query: SearchQuery
    ) -> tuple[Reading, str | None, list[asyncpg.Record]]:
        """First as if all words were there: mostly that finds enough, and how else to read them need not be asked."""
        if query.after is not None:
            reading = reading_of(query.after)
            return reading, None, await self._page(connection, query, reading)
        words = " ".join(query_words(query.text))
        strict = Reading(words, Match.ALL if words else Match.EVERYTHING)
        rows = await self._page(connection, query, strict)
        if strict.match is Match.EVERYTHING or len(rows) >= ENOUGH:
            return strict, None, rows
        reading, corrected = await read_text(connection, words)
        if reading == strict:
            return strict, None, rows
        return reading, corrected, await self._page(connection, query, reading)

    async def _page(self, connection: Connection, query: SearchQuery, reading: Reading) -> list[asyncpg.Record]:
        """One row more than asked for, as the proof that there is more; and never fewer than tell what is enough."""
        filters = await filters_of(connection, query, reading, self._values)
        statement, values = page_statement(filters, max(query.first + 1, ENOUGH))
        return await connection.fetch(statement, *values)

    async def facets(self, query: SearchQuery, reading: Reading) -> tuple[Facet, ...]:
        async def count() -> tuple[Facet, ...]:
            async with self._connection() as connection:
                filters = await filters_of(connection, query, reading, self._values)
                return await count_facets(
                    connection,
                    filters,
                    self._values,
                    documents_max=self._facet_documents_max,
                    everything_max=self._everything_max,
                )

        return await self._facets.get((_what(query), reading), count)

    async def count(self, query: SearchQuery, reading: Reading) -> Total:
        async def count() -> Total:
            async with self._connection() as connection:
                filters = await filters_of(connection, query, reading, self._values)
                parameters = Parameters()
                statement = f"SELECT FROM search_document {filters.where(parameters)} LIMIT {COUNT_MAX + 1}"
                found = await connection.fetchval(f"SELECT count(*) FROM ({statement}) found", *parameters.values)  # noqa: S608  # our own words and $n only
            return Total(min(found, COUNT_MAX), found <= COUNT_MAX)

        return await self._totals.get((_what(query), reading), count)

    async def suggest(self, prefix: str, limit: int) -> list[str]:
        words = query_words(prefix)
        if not words:
            return []
        *before, last = words
        async with self._connection() as connection:
            if not before:
                rows = await connection.fetch(_SUGGEST_WORD, last, limit)
            else:
                rows = await connection.fetch(_SUGGEST_PHRASE, before, SUGGESTED_FROM_MAX, last, limit)
        return [" ".join([*before, row["term"]]) for row in rows]

    async def write(self, documents: Sequence[SearchDocument]) -> None:
        if documents:
            async with self._writer() as connection:
                await write_documents(connection, documents, self._values)

    async def remove(self, listing_ids: Sequence[UUID], as_of: datetime) -> None:
        if listing_ids:
            async with self._writer() as connection:
                await remove_documents(connection, listing_ids, as_of)

    async def older_than(self, moment: datetime, limit: int) -> list[UUID]:
        async with self._writer() as connection:
            return [row["listing_id"] for row in await connection.fetch(_OLDER, moment, limit)]

    def rebuild(self, started_at: datetime) -> AbstractAsyncContextManager[Rebuild]:
        return self._rebuild(started_at)

    @asynccontextmanager
    async def _rebuild(self, started_at: datetime) -> AsyncIterator[Rebuild]:
        # The one table is written over in place: it is right at every moment, and at the end complete.
        async with self._writer() as guard, filling(guard) as alone, self._writer() as connection:
            if alone:
                await drop_indexes_if_empty(connection)
            yield self
            if alone:
                await make_missing_indexes(connection)
            await remove_older(connection, started_at)

    async def tidy(self) -> None:
        async with self._writer() as guard, filling(guard) as alone, self._writer() as connection:
            if alone:
                # What a filling that was killed left undone.
                await make_missing_indexes(connection)
            await tidy_terms(connection)

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


def _what(query: SearchQuery) -> SearchQuery:
    """The query without what only pages differ in."""
    return replace(query, after=None, page=None, first=1, sort=SearchQuery().sort)
