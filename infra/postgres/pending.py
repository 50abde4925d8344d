"""What a transaction has yet to write: changes of its rows, new rows, deferred statements. Mostly it is one statement.

Invariant: a changed row is found again, or the statement counts as failed; a row is written once. The parts of one
statement do not see each other, and of two changes of one row only one is made: so whatever a deferred statement is
about is written by an earlier one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from typing import Any, Final

from sqlalchemy.orm.attributes import set_committed_value

from domain.shared.table_row import TableRow
from infra.postgres.inserts import TOGETHER_MAX, target_of
from infra.postgres.rows import changed_names, shape_of

_PARAMETER: Final = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Changed:
    """Which of a table's columns to set, by the row's key."""

    model: type[TableRow]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class New:
    model: type[TableRow]


Part = Changed | New | str
"""A text is a statement of its own, with parameters from $1 on."""
_Piece = tuple[Part, list[Any], TableRow | None]
"""With its values, and the row that it writes."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """A prepared statement, its parameters, and which tables it is about."""

    text: str
    values: list[Any]
    tables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Writing:
    """A statement that answers how many of `changed` it found."""

    text: str
    values: list[Any]
    changed: list[tuple[TableRow, tuple[str, ...]]]

    def written(self) -> None:
        """The rows are now as the database has them."""
        for row, names in self.changed:
            for name in names:
                set_committed_value(row, name, getattr(row, name))


def writings(
    dirty: Iterable[TableRow], appended: Iterable[TableRow], deferred: Iterable[Deferred] = ()
) -> Iterator[Writing]:
    """Changes in the order of tables and keys, then what is appended, in its order, then what was deferred."""
    changes = ((row, changed_names(row)) for row in sorted(dirty, key=_place))
    rows: Iterator[_Piece] = chain(
        ((Changed(type(row), names), _changed_values(row, names), row) for row, names in changes if names),
        ((New(type(row)), target_of(type(row)).values_of(row), row) for row in appended),
    )
    some: list[_Piece] = []
    for piece in rows:
        if len(some) == TOGETHER_MAX:
            yield _writing(some)
            some = []
        some.append(piece)
    written = {shape_of(type(row)).table.name for _, _, row in some if row is not None}
    for each in deferred:
        if len(some) == TOGETHER_MAX or not each.tables.isdisjoint(written):
            yield _writing(some)
            some, written = [], set()
        some.append((each.text, each.values, None))
        written |= each.tables
    if some:
        yield _writing(some)


def _writing(some: Sequence[_Piece]) -> Writing:
    return Writing(
        text=_together(tuple(part for part, _, _ in some)),
        values=[value for _, values, _ in some for value in values],
        changed=[(row, part.names) for part, _, row in some if isinstance(part, Changed) and row is not None],
    )


@lru_cache(maxsize=2_000)
def _together(parts: tuple[Part, ...]) -> str:
    numbers = count(1)
    made = [f"part_{at} AS ({_one(part, numbers)})" for at, part in enumerate(parts)]
    counted = [at for at, part in enumerate(parts) if isinstance(part, Changed)]
    found = " + ".join(f"(SELECT count(*) FROM part_{at})" for at in counted)  # noqa: S608  # our own names
    return f"WITH {', '.join(made)} SELECT {found or '0'}"


def _one(part: Part, numbers: "count[int]") -> str:
    if isinstance(part, Changed):
        return f"{shape_of(part.model).updating(part.names, numbers)} RETURNING 1"
    if isinstance(part, New):
        target = target_of(part.model)
        return target.head + target.places(numbers)
    places = sorted({int(found) for found in _PARAMETER.findall(part)})
    renumbered = dict(zip(places, numbers, strict=False))  # in this order, or one number too many is taken
    return _PARAMETER.sub(lambda found: f"${renumbered[int(found[1])]}", part)


def _changed_values(row: TableRow, names: Sequence[str]) -> list[Any]:
    return [getattr(row, name) for name in (*names, *shape_of(type(row)).keys)]


def _place(row: TableRow) -> tuple[str, list[str]]:
    shape = shape_of(type(row))
    return shape.table.name, [str(getattr(row, name)) for name in shape.keys]
