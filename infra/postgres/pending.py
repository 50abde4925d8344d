"""What a transaction has yet to write: changes of its rows, and rows appended to histories. All of it is one statement.

Invariant: a changed row is found again, or the statement counts as failed; a row is written once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count, islice
from typing import Any, Final

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import SQLModel

from infra.postgres.inserts import target_of
from infra.postgres.rows import changed_names, shape_of

TOGETHER_MAX: Final = 24
"""Rows of one statement; each combination is a statement to prepare, so it is kept small."""

Part = tuple[type[SQLModel], tuple[str, ...]]
"""A row's table, and which of its columns changed; none: the row is new."""


@dataclass(frozen=True, slots=True)
class Writing:
    """A statement that answers how many of `changed` it found."""

    text: str
    values: list[Any]
    changed: list[tuple[SQLModel, tuple[str, ...]]]

    def written(self) -> None:
        """The rows are now as the database has them."""
        for row, names in self.changed:
            for name in names:
                set_committed_value(row, name, getattr(row, name))


def writings(dirty: Iterable[SQLModel], appended: Sequence[SQLModel]) -> Iterator[Writing]:
    """Changes in the order of tables and keys, then what is appended, in its order."""
    changed = ((row, changed_names(row)) for row in sorted(dirty, key=_place))
    rows = chain(((row, names) for row, names in changed if names), ((row, ()) for row in appended))
    while some := list(islice(rows, TOGETHER_MAX)):
        yield Writing(
            text=_together(tuple((type(row), names) for row, names in some)),
            values=[value for row, names in some for value in _values(row, names)],
            changed=[(row, names) for row, names in some if names],
        )


@lru_cache(maxsize=2_000)
def _together(parts: tuple[Part, ...]) -> str:
    numbers = count(1)
    made = [
        f"part_{at} AS ({_one(model, names, numbers)}{' RETURNING 1' if names else ''})"
        for at, (model, names) in enumerate(parts)
    ]
    counts = [f"(SELECT count(*) FROM part_{at})" for at, (_, names) in enumerate(parts) if names]  # noqa: S608  # our own names
    return f"WITH {', '.join(made)} SELECT {' + '.join(counts) or '0'}"


def _one(model: type[SQLModel], names: tuple[str, ...], numbers: "count[int]") -> str:
    if names:
        return shape_of(model).updating(names, numbers)
    target = target_of(model)
    return target.head + target.places(numbers)


def _values(row: SQLModel, names: tuple[str, ...]) -> list[Any]:
    if names:
        return [getattr(row, name) for name in (*names, *shape_of(type(row)).keys)]
    return target_of(type(row)).values_of(row)


def _place(row: SQLModel) -> tuple[str, list[str]]:
    shape = shape_of(type(row))
    return shape.table.name, [str(getattr(row, name)) for name in shape.keys]
