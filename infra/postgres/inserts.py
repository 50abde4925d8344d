"""Rows into INSERT statements for the driver itself.

The unit of work of an ORM costs more than the insert it makes. Rows without relationships need none of it: their
columns are written as they stand, many rows of one table by one round trip.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from domain.shared.database import table

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


class Insert:
    """The statement for one table, and how a row's values are taken for it."""

    __slots__ = ("columns", "text")

    def __init__(self, target: Table) -> None:
        # What the database fills in (identities, defaults of its own) is left to it.
        written = [column for column in target.columns if column.identity is None and column.server_default is None]
        self.columns = tuple(column.key for column in written)
        names = ", ".join(_DIALECT.identifier_preparer.format_column(column) for column in written)
        places = ", ".join(f"${number}" for number in range(1, len(written) + 1))
        self.text = f"INSERT INTO {_DIALECT.identifier_preparer.format_table(target)} ({names}) VALUES ({places})"  # noqa: S608  # names from our own metadata

    def values_of(self, row: SQLModel) -> list[Any]:
        return [getattr(row, name) for name in self.columns]


@lru_cache(maxsize=500)
def insert_into(model: type[SQLModel]) -> Insert:
    return Insert(table(model))


def inserts(rows: Sequence[SQLModel]) -> Iterator[tuple[Insert, list[SQLModel]]]:
    """Rows grouped by table, in the order in which the tables first come: foreign keys hold as written."""
    groups: dict[type[SQLModel], list[SQLModel]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    for model, group in groups.items():
        yield insert_into(model), group
