"""Entities by the driver itself: locked rows become objects of the session, and their changes become UPDATEs.

The unit of work of an ORM costs more than the statements it makes. Tables without relationships need none of it: a row
is its columns, and what changed of it is what differs from the values it was loaded with.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Final

import asyncpg
from sqlalchemy import Float, Table, inspect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.orm import InstanceState, Session, configure_mappers, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from domain.shared.database import M, table
from domain.shared.table_row import TableRow

_DIALECT: Final = PGDialect_asyncpg(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    json_serializer=lambda value: value, json_deserializer=lambda value: value
)
_PREPARER: Final = _DIALECT.identifier_preparer


class Shape:
    """A table's names, and how the driver's values become those of the model (texts become members of enums)."""

    __slots__ = ("_converters", "keys", "names", "table")

    def __init__(self, target: Table) -> None:
        self.table = target
        self.names = tuple(column.key for column in target.columns)
        self.keys = tuple(column.key for column in target.primary_key.columns)
        self._converters = tuple(
            (column.key, converter)
            for column in target.columns
            # A float is one as the driver gives it; SQLAlchemy would have to know the column's number to say so.
            if not isinstance(column.type, Float)
            and (converter := column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)) is not None
        )

    def choosing(self, by: str) -> str:
        columns = ", ".join(_PREPARER.format_column(column) for column in self.table.columns)
        name = _PREPARER.format_table(self.table)
        wanted = _PREPARER.format_column(self.table.c[by])
        return f"SELECT {columns} FROM {name} WHERE {wanted} = ANY($1) ORDER BY id"  # noqa: S608  # names from our own metadata

    def updating(self, changed: Sequence[str], numbers: "count[int]") -> str:
        """`numbers` are those of the parameters: the changed columns', then the keys'."""
        given = ", ".join(self._equal(name, numbers) for name in changed)
        where = " AND ".join(self._equal(name, numbers) for name in self.keys)
        return f"UPDATE {_PREPARER.format_table(self.table)} SET {given} WHERE {where}"  # noqa: S608  # names from our own metadata

    def _equal(self, name: str, numbers: "count[int]") -> str:
        return f"{_PREPARER.format_column(self.table.c[name])} = ${next(numbers)}"

    def values_of(self, record: asyncpg.Record) -> dict[str, Any]:
        values: dict[str, Any] = dict(record)
        for name, convert in self._converters:
            values[name] = convert(values[name])
        return values


@lru_cache(maxsize=500)
def shape_of(model: type[TableRow]) -> Shape:
    # A process whose first object comes from here has mapped nothing yet.
    configure_mappers()
    return Shape(table(model))


@lru_cache(maxsize=500)
def choosing(model: type[TableRow], by: str, lock: str = "") -> str:
    """Rows by a column, in the order of their ids; `lock` is the locking clause."""
    return f"{shape_of(model).choosing(by)} {lock}"


def entities(session: Session, model: type[M], records: Iterable[asyncpg.Record]) -> list[M]:
    """The session's objects for these rows, with the values that were just read."""
    shape, mapper = shape_of(model), inspect(model)
    known = session.identity_map
    found: list[M] = []
    for record in records:
        values = shape.values_of(record)
        row = known.get(mapper.identity_key_from_primary_key([values[name] for name in shape.keys]))
        if row is None:
            row = mapper.class_manager.new_instance()
            row.__dict__.update(values)
            make_transient_to_detached(row)
            session.add(row)
        else:
            for name, value in values.items():
                set_committed_value(row, name, value)
        found.append(row)
    return found


def changed_names(row: TableRow) -> tuple[str, ...]:
    """The columns that differ from the database."""
    state: InstanceState[Any] = inspect(row)
    before, current = state.committed_state, state.dict
    return tuple(name for name in shape_of(type(row)).names if name in before and before[name] != current[name])
