"""Rows into tables through COPY: columns and their defaults come from the models.

Invariant: a table is copied in batches of bounded size, so memory stays the same however many rows come.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault

from domain.shared.database import table
from domain.shared.table_row import TableRow

BATCH_ROWS: Final = 5_000
Row = Mapping[str, Any]


class CopyFormat:
    """How rows of one model become records: every column in order, defaults filled in, jsonb as text.

    Columns that the server fills in (an identity, the inserting transaction) are left to it.
    """

    def __init__(self, model: type[TableRow]) -> None:
        self.table = table(model).name
        columns = [each for each in table(model).columns if each.identity is None and each.server_default is None]
        self.columns = [column.name for column in columns]
        self._known = frozenset(self.columns)
        self._plan = [(column.name, _default(column), isinstance(column.type, JSONB)) for column in columns]

    def record(self, row: Row) -> tuple[Any, ...]:
        if not row.keys() <= self._known:
            raise TypeError(f"{self.table} has no column {', '.join(sorted(row.keys() - self._known))}")
        values = []
        for name, default, as_text in self._plan:
            value = row[name] if name in row else default()
            values.append(orjson.dumps(value).decode() if as_text else value)
        return tuple(values)


def _default(column: Column[Any]) -> Callable[[], Any]:
    """What stands where a row says nothing."""
    default = column.default
    if isinstance(default, ScalarElementColumnDefault):
        constant = default.arg
        return lambda: constant
    if isinstance(default, CallableColumnDefault):
        made = default.arg
        return lambda: made(None)  # type: ignore[arg-type]  # our factories take no context
    if default is None and column.nullable:
        return lambda: None

    def missing() -> Any:
        raise TypeError(f"{column.table.name}.{column.name} needs a value")

    return missing


@cache
def copy_format(model: type[TableRow]) -> CopyFormat:
    return CopyFormat(model)


async def copy_rows(connection: asyncpg.Connection, model: type[TableRow], rows: Iterable[Row]) -> int:
    """How many were written. The connection must have no jsonb codec of its own (COPY is binary)."""
    form = copy_format(model)
    source = iter(rows)
    written = 0
    while batch := [form.record(row) for row in islice(source, BATCH_ROWS)]:
        await connection.copy_records_to_table(form.table, records=batch, columns=form.columns)
        written += len(batch)
    return written


async def copy_missing(connection: asyncpg.Connection, model: type[TableRow], rows: Sequence[Row]) -> int:
    """The same for rows of which some may be there already, told by `id`."""
    name = table(model).name
    known = await connection.fetch(
        f'SELECT id FROM "{name}" WHERE id = ANY($1)',  # noqa: S608  # a table of ours
        [row["id"] for row in rows],
    )
    there = {record["id"] for record in known}
    return await copy_rows(connection, model, [row for row in rows if row["id"] not in there])
