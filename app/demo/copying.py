"""Rows into tables through COPY: columns and their defaults come from the models.

Invariant: a table is copied in batches of bounded size, so memory stays the same however many rows come.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import asyncpg
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault
from sqlmodel import SQLModel

from domain.shared.database import table

BATCH_ROWS: Final = 5_000
Row = Mapping[str, Any]
Inserts = Sequence[tuple[type[SQLModel], Iterable[Row]]]


class CopyFormat:
    """How rows of one model become records: every column in order, defaults filled in, jsonb as text."""

    def __init__(self, model: type[SQLModel]) -> None:
        self.table = table(model).name
        self._columns = [column for column in table(model).columns if column.identity is None]
        self.columns = [column.name for column in self._columns]

    def record(self, row: Row) -> tuple[Any, ...]:
        unknown = row.keys() - set(self.columns)
        if unknown:
            raise TypeError(f"{self.table} has no column {', '.join(sorted(unknown))}")
        return tuple(self._value(column, row) for column in self._columns)

    def _value(self, column: Column[Any], row: Row) -> Any:
        value = row[column.name] if column.name in row else self._default(column)
        return json.dumps(value) if isinstance(column.type, JSONB) else value

    def _default(self, column: Column[Any]) -> Any:
        default = column.default
        if default is None:
            if column.nullable:
                return None
            raise TypeError(f"{self.table}.{column.name} needs a value")
        if isinstance(default, ScalarElementColumnDefault):
            return default.arg
        if isinstance(default, CallableColumnDefault):
            return default.arg(None)  # type: ignore[arg-type]  # our factories take no context
        raise TypeError(f"the default of {self.table}.{column.name} is not known before the insert")


async def copy_rows(connection: asyncpg.Connection, model: type[SQLModel], rows: Iterable[Row]) -> int:
    """How many were written. The connection must have no jsonb codec of its own (COPY is binary)."""
    form = CopyFormat(model)
    source = iter(rows)
    written = 0
    while batch := [form.record(row) for row in islice(source, BATCH_ROWS)]:
        await connection.copy_records_to_table(form.table, records=batch, columns=form.columns)
        written += len(batch)
    return written


async def copy_missing(connection: asyncpg.Connection, model: type[SQLModel], rows: Sequence[Row]) -> int:
    """The same for rows of which some may be there already, told by `id`."""
    name = table(model).name
    known = await connection.fetch(
        f'SELECT id FROM "{name}" WHERE id = ANY($1)',  # noqa: S608  # a table of ours
        [row["id"] for row in rows],
    )
    there = {record["id"] for record in known}
    return await copy_rows(connection, model, [row for row in rows if row["id"] not in there])
