"""The read door: statements composed with SQLAlchemy, compiled once, run on asyncpg, poured into frozen views.

Running reads through SQLAlchemy's session costs a factor of three; composing with it costs nothing once compiled.
"""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar, get_args, get_type_hints

import asyncpg
from sqlalchemy import ClauseElement, Table, TextClause
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase

from domain.shared.database import Query

V = TypeVar("V")

COMPILED_MAX: Final = 2_000
_DIALECT = PGDialect_asyncpg(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    json_serializer=lambda value: value, json_deserializer=lambda value: value
)


class Prepared:
    """The SQL text of one statement, and where each parameter comes from."""

    __slots__ = ("constants", "names", "order", "statement", "tables", "text")

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        assert isinstance(compiled, SQLCompiler), "a statement, not a type or a schema element"
        self.statement = statement  # keeps id() taken
        self.text = str(compiled)
        self.order: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.names = frozenset(self.order)
        self.constants: Mapping[str, Any] = compiled.params
        self.tables = _tables_of(statement)

    def arguments(self, parameters: Mapping[str, Any]) -> list[Any]:
        if not parameters.keys() <= self.names:
            unknown = parameters.keys() - self.names
            raise TypeError(f"the statement has no parameter {', '.join(sorted(unknown))}")
        return [parameters[name] if name in parameters else self.constants[name] for name in self.order]


def _tables_of(statement: ClauseElement) -> frozenset[str] | None:
    """What it reads or writes; None: any, because part of it is plain text."""
    parts = list(visitors.iterate(statement))
    if any(isinstance(part, TextClause) for part in parts):
        return None
    return frozenset(part.name for part in parts if isinstance(part, Table))


class _Cache:
    """Compiled statements by identity; the least recently used go when there are too many."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[int, Prepared] = OrderedDict()

    def get(self, statement: ClauseElement) -> Prepared:
        found = self._by_id.get(id(statement))
        if found is not None:
            self._by_id.move_to_end(id(statement))
            return found
        made = self._by_id[id(statement)] = Prepared(statement)
        if len(self._by_id) > COMPILED_MAX:
            self._by_id.popitem(last=False)
        return made


prepared = _Cache()


@lru_cache(maxsize=COMPILED_MAX)
def _enums_of(view: Callable[..., Any]) -> tuple[tuple[int, Mapping[Any, Any]], ...]:
    """Positions of a view's enum fields: the driver gives text, views hold members."""
    if not (isinstance(view, type) and is_dataclass(view)):
        return ()
    hints = get_type_hints(view)
    return tuple(
        (position, {member.value: member for member in kind} | {None: None})
        for position, each in enumerate(fields(view))
        for kind in get_args(hints[each.name]) or (hints[each.name],)
        if isinstance(kind, type) and issubclass(kind, StrEnum)
    )


def pour(view: Callable[..., V], rows: Sequence[asyncpg.Record]) -> list[V]:
    """Rows into views, column by column."""
    enums = _enums_of(view)
    if not enums:
        return [view(*row) for row in rows]
    made = []
    for row in rows:
        values = list(row)
        for position, members in enums:
            values[position] = members[values[position]]
        made.append(view(*values))
    return made


class DriverReads(ABC):
    """`domain.shared.database.Reads` over whatever fetches the rows of one statement."""

    @abstractmethod
    async def _fetch(self, statement: SelectBase, parameters: Mapping[str, Any]) -> list[asyncpg.Record]: ...

    async def all(self, query: Query[V], /, **parameters: Any) -> list[V]:
        return pour(query.view, await self._fetch(query.statement, parameters))

    async def first(self, query: Query[V], /, **parameters: Any) -> V | None:
        rows = await self._fetch(query.statement, parameters)
        return pour(query.view, rows[:1])[0] if rows else None

    async def scalar(self, statement: SelectBase, /, **parameters: Any) -> Any:
        rows = await self._fetch(statement, parameters)
        return rows[0][0] if rows else None


class PoolReads(DriverReads):
    """Each read takes a connection of the pool for its one statement and gives it back."""

    def __init__(self, pool: asyncpg.Pool, observe: Callable[[str], None] | None = None) -> None:
        self._pool = pool
        self._observe = observe

    async def _fetch(self, statement: SelectBase, parameters: Mapping[str, Any]) -> list[asyncpg.Record]:
        compiled = prepared.get(statement)
        if self._observe is not None:
            self._observe(compiled.text)
        return await self._pool.fetch(compiled.text, *compiled.arguments(parameters))


class ConnectionReads(DriverReads):
    """The same on one open transaction: what is pending of the tables it reads is flushed first, so it sees it."""

    def __init__(
        self, connection: asyncpg.Connection, flush: Callable[[frozenset[str] | None], Awaitable[None]]
    ) -> None:
        self._connection = connection
        self._flush = flush

    async def _fetch(self, statement: SelectBase, parameters: Mapping[str, Any]) -> list[asyncpg.Record]:
        compiled = prepared.get(statement)
        await self._flush(compiled.tables)
        return await self._connection.fetch(compiled.text, *compiled.arguments(parameters))
