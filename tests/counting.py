"""Counting what goes through the read door: lists must cost the same number of statements whatever their length."""

from typing import Any, TypeVar

from sqlalchemy.sql.selectable import SelectBase

from domain.shared.database import Query, Reads

V = TypeVar("V")


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
