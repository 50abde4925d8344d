"""Entities by the driver itself: locked rows become objects of the session, and their changes become UPDATEs.

The unit of work of an ORM costs more than the statements it makes. Tables without relationships need none of it: a row
is its columns, and what changed of it is what differs from the values it was loaded with.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import Float, Table, inspect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstanceState, configure_mappers, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import SQLModel

from domain.shared.database import M, table

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

    def locking(self, by: str, *, skip_locked: bool) -> str:
        columns = ", ".join(_PREPARER.format_column(column) for column in self.table.columns)
        name = _PREPARER.format_table(self.table)
        wanted = _PREPARER.format_column(self.table.c[by])
        skip = " SKIP LOCKED" if skip_locked else ""
        return f"SELECT {columns} FROM {name} WHERE {wanted} = ANY($1) ORDER BY id FOR UPDATE{skip}"  # noqa: S608  # names from our own metadata

    def updating(self, changed: Sequence[str]) -> str:
        columns = [self.table.c[name] for name in changed]
        keys = [self.table.c[name] for name in self.keys]
        given = ", ".join(f"{_PREPARER.format_column(column)} = ${n}" for n, column in enumerate(columns, 1))
        where = " AND ".join(
            f"{_PREPARER.format_column(column)} = ${n}" for n, column in enumerate(keys, len(columns) + 1)
        )
        return f"UPDATE {_PREPARER.format_table(self.table)} SET {given} WHERE {where}"  # noqa: S608  # names from our own metadata

    def values_of(self, record: asyncpg.Record) -> dict[str, Any]:
        values: dict[str, Any] = dict(record)
        for name, convert in self._converters:
            values[name] = convert(values[name])
        return values


@lru_cache(maxsize=500)
def shape_of(model: type[SQLModel]) -> Shape:
    # A process whose first object comes from here has mapped nothing yet.
    configure_mappers()
    return Shape(table(model))


@lru_cache(maxsize=500)
def locking(model: type[SQLModel], by: str, *, skip_locked: bool) -> str:
    return shape_of(model).locking(by, skip_locked=skip_locked)


@lru_cache(maxsize=2_000)
def updating(model: type[SQLModel], changed: tuple[str, ...]) -> str:
    return shape_of(model).updating(changed)


def entities(session: AsyncSession, model: type[M], records: Iterable[asyncpg.Record]) -> list[M]:
    """The session's objects for these rows, with the values that were just read."""
    shape, mapper = shape_of(model), inspect(model)
    known = session.sync_session.identity_map
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


class Change:
    """One row's UPDATE; `written` says that the row is now as it stands."""

    __slots__ = ("_names", "_row", "text", "values")

    def __init__(self, row: SQLModel, names: tuple[str, ...]) -> None:
        self._row = row
        self._names = names
        self.text = updating(type(row), names)
        self.values = [getattr(row, name) for name in (*names, *shape_of(type(row)).keys)]

    def written(self) -> None:
        for name in self._names:
            set_committed_value(self._row, name, getattr(self._row, name))


def changes(rows: Iterable[SQLModel]) -> Iterator[Change]:
    """What differs from the database, in the order of tables and keys."""
    for row in sorted(rows, key=_place):
        state: InstanceState[Any] = inspect(row)
        before = state.committed_state
        current = state.dict
        names = tuple(name for name in shape_of(type(row)).names if name in before and before[name] != current[name])
        if names:
            yield Change(row, names)


def _place(row: SQLModel) -> tuple[str, list[str]]:
    shape = shape_of(type(row))
    return shape.table.name, [str(getattr(row, name)) for name in shape.keys]
