"""The rows of a transaction as objects, by the driver itself: what is read becomes models, their changes UPDATEs.

The unit of work of an ORM costs more than the statements it makes. Tables without relationships need none of it: a row
is its columns, and what changed of it is what differs from the values it was loaded with.

Invariant: within a transaction a row is one object, however often and in whatever way it is read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Final, cast

import asyncpg
from sqlalchemy import Float, inspect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.orm import InstanceState, configure_mappers
from sqlalchemy.orm.attributes import set_committed_value

from domain.shared.database import M, table
from domain.shared.table_row import TableRow

_DIALECT: Final = PGDialect_asyncpg(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    json_serializer=lambda value: value, json_deserializer=lambda value: value
)
_PREPARER: Final = _DIALECT.identifier_preparer


class Shape:
    """A table's names, and how the driver's values become those of the model (texts become members of enums)."""

    __slots__ = ("_converters", "_make", "keys", "names", "table")

    def __init__(self, model: type[TableRow]) -> None:
        self.table = target = table(model)
        self._make: Callable[[], TableRow] = inspect(model).class_manager.new_instance
        self.names = tuple(column.key for column in target.columns)
        self.keys = tuple(column.key for column in target.primary_key.columns)
        self._converters = tuple(
            (column.key, converter)
            for column in target.columns
            # A float is one as the driver gives it; SQLAlchemy would have to know the column's number to say so.
            if not isinstance(column.type, Float)
            and (converter := column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)) is not None
        )

    def choosing(self, where: str) -> str:
        columns = ", ".join(self.quoted(name) for name in self.names)
        keys = ", ".join(self.quoted(name) for name in self.keys)
        return f"SELECT {columns} FROM {self.name} WHERE {where} ORDER BY {keys}"  # noqa: S608  # names from our own metadata

    def updating(self, changed: Sequence[str], numbers: "count[int]") -> str:
        """`numbers` are those of the parameters: the changed columns', then the keys'."""
        given = ", ".join(self._equal(name, numbers) for name in changed)
        return f"UPDATE {self.name} SET {given} WHERE {self.by_key(numbers)}"  # noqa: S608  # names from our own metadata

    def by_key(self, numbers: "count[int]") -> str:
        return " AND ".join(self._equal(name, numbers) for name in self.keys)

    def _equal(self, name: str, numbers: "count[int]") -> str:
        return f"{self.quoted(name)} = ${next(numbers)}"

    @property
    def name(self) -> str:
        return _PREPARER.format_table(self.table)

    def quoted(self, name: str) -> str:
        return _PREPARER.format_column(self.table.c[name])

    def key_of(self, row: TableRow) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in self.keys)

    def values_of(self, record: asyncpg.Record) -> dict[str, Any]:
        values: dict[str, Any] = dict(record)
        for name, convert in self._converters:
            values[name] = convert(values[name])
        return values

    def made_of(self, values: dict[str, Any]) -> TableRow:
        row = self._make()
        row.__dict__.update(values)
        return row


@lru_cache(maxsize=500)
def shape_of(model: type[TableRow]) -> Shape:
    # A process whose first object comes from here has mapped nothing yet.
    configure_mappers()
    return Shape(model)


@lru_cache(maxsize=500)
def choosing(model: type[TableRow], by: str, lock: str = "") -> str:
    """Rows by a column, in the order of their ids; `lock` is the locking clause."""
    shape = shape_of(model)
    return f"{shape.choosing(f'{shape.quoted(by)} = ANY($1)')} {lock}"


@lru_cache(maxsize=500)
def choosing_one(model: type[TableRow]) -> str:
    shape = shape_of(model)
    return shape.choosing(shape.by_key(count(1)))


class Rows:
    """What one transaction has read, locked and added."""

    def __init__(self) -> None:
        self._known: dict[tuple[type[TableRow], tuple[Any, ...]], TableRow] = {}

    def of(self, model: type[M], records: Iterable[asyncpg.Record]) -> list[M]:
        """The objects of these rows, with the values that were just read."""
        shape = shape_of(model)
        found: list[TableRow] = []
        for record in records:
            values = shape.values_of(record)
            key = model, tuple([values[name] for name in shape.keys])
            row = self._known.get(key)
            if row is None:
                row = self._known[key] = shape.made_of(values)
            else:
                for name, value in values.items():
                    set_committed_value(row, name, value)
            found.append(row)
        return cast(list[M], found)

    def find(self, model: type[M], key: tuple[Any, ...]) -> M | None:
        return cast(M | None, self._known.get((model, key)))

    def holds(self, row: TableRow) -> bool:
        return self._known.get((type(row), shape_of(type(row)).key_of(row))) is row

    def keep(self, row: TableRow) -> None:
        """The database has it now as it is."""
        for name in tuple(state_of(row).committed_state):
            set_committed_value(row, name, getattr(row, name))
        self._known[type(row), shape_of(type(row)).key_of(row)] = row

    def touched(self) -> Iterator[TableRow]:
        """Those of which something was set since they were read."""
        return (row for row in self._known.values() if state_of(row).modified)


def state_of(row: TableRow) -> InstanceState[Any]:
    state: InstanceState[Any] = inspect(row)
    return state


def changed_names(row: TableRow) -> tuple[str, ...]:
    """The columns that differ from the database."""
    before, current = state_of(row).committed_state, state_of(row).dict
    return tuple(name for name in shape_of(type(row)).names if name in before and before[name] != current[name])
