"""Counting what goes through the read door: lists must cost the same number of statements whatever their length."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.sql.selectable import SelectBase

from domain.shared.database import Query, Reads

V = TypeVar("V")


class SqlCounter:
    """Sees every statement of a container's read doors, and keeps those of one block: `with count_sql() as seen`."""

    def __init__(self) -> None:
        self._seen: list[str] | None = None

    def observe(self, text: str) -> None:
        if self._seen is not None:
            self._seen.append(text)

    @contextmanager
    def __call__(self) -> Iterator[list[str]]:
        seen: list[str] = []
        self._seen = seen
        try:
            yield seen
        finally:
            self._seen = None


class CountingReads:
    """Reads that note every statement they pass on."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self.statements: list[SelectBase] = []

    async def all(self, query: Query[V], /, **parameters: Any) -> list[V]:
        self.statements.append(query.statement)
        return await self._reads.all(query, **parameters)

    async def first(self, query: Query[V], /, **parameters: Any) -> V | None:
        self.statements.append(query.statement)
        return await self._reads.first(query, **parameters)

    async def scalar(self, statement: SelectBase, /, **parameters: Any) -> Any:
        self.statements.append(statement)
        return await self._reads.scalar(statement, **parameters)
