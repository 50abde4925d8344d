"""Rows into INSERT statements for the driver itself.

The unit of work of an ORM costs more than the insert it makes. Rows without relationships need none of it: their
columns are written as they stand, and what is added together goes in one round trip, whatever tables it is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from domain.shared.database import table
from domain.shared.table_row import TableRow

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_PREPARER = _DIALECT.identifier_preparer

TOGETHER_MAX: Final = 24
"""Parts of one statement. Each combination of them is a statement to prepare, so it is kept small."""


class Target:
    """The statement for one table, and how a row's values are taken for it."""

    __slots__ = ("columns", "head", "one")

    def __init__(self, into: Table) -> None:
        # What the database fills in (identities, defaults of its own) is left to it.
        written = [column for column in into.columns if column.identity is None and column.server_default is None]
        self.columns = tuple(column.key for column in written)
        names = ", ".join(_PREPARER.format_column(column) for column in written)
        self.head = f"INSERT INTO {_PREPARER.format_table(into)} ({names}) VALUES "  # noqa: S608  # names from our own metadata
        self.one = self.head + self.places(count(1))

    def places(self, numbers: "count[int]") -> str:
        return "(" + ", ".join(f"${number}" for number in islice(numbers, len(self.columns))) + ")"

    def values_of(self, row: TableRow) -> list[Any]:
        return [getattr(row, name) for name in self.columns]


@lru_cache(maxsize=500)
def target_of(model: type[TableRow]) -> Target:
    return Target(table(model))


@lru_cache(maxsize=1_000)
def _together(tables: tuple[tuple[type[TableRow], int], ...]) -> str:
    """All tables' rows by one statement; foreign keys between them are looked at when it is done."""
    numbers = count(1)
    parts = [
        target_of(model).head + ", ".join(target_of(model).places(numbers) for _ in range(rows))
        for model, rows in tables
    ]
    first = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    return f"WITH {first} {parts[-1]}"


@dataclass(frozen=True, slots=True)
class Insert:
    """A statement and its values; with several sets of them it is to be executed for each."""

    text: str
    values: list[list[Any]]


def inserts(rows: Sequence[TableRow]) -> list[Insert]:
    """Grouped by table, in the order in which the tables first come: foreign keys hold as written."""
    groups: dict[type[TableRow], list[TableRow]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    if len(groups) > 1 and len(rows) <= TOGETHER_MAX:
        text = _together(tuple((model, len(group)) for model, group in groups.items()))
        return [Insert(text, [[value for model in groups for row in groups[model] for value in _values(row)]])]
    return [Insert(target_of(model).one, [_values(row) for row in group]) for model, group in groups.items()]


def _values(row: TableRow) -> list[Any]:
    return target_of(type(row)).values_of(row)
