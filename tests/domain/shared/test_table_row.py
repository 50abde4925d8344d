"""A row that is made is its columns: defaults are filled in, made ones anew, and a name that is none is refused."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Field

from domain.shared.table_row import TableRow


class Kept(TableRow):
    name: str
    times: int = 3
    tags: list[str] = Field(default_factory=list)


def test_what_is_not_given_is_the_fields_default() -> None:
    row = Kept(name="a")
    assert (row.name, row.times, row.tags) == ("a", 3, [])


def test_what_a_factory_makes_belongs_to_one_row() -> None:
    one, other = Kept(name="a"), Kept(name="b")
    one.tags.append("x")
    assert other.tags == []


def test_a_name_that_is_no_column_is_refused() -> None:
    with pytest.raises(TypeError, match="Kept has no at"):
        Kept(name="a", at=datetime.now(UTC))  # type: ignore[call-arg]  # what the checker sees, the program sees too
