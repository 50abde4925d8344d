"""Column types that every table shares.

States are text with a CHECK that holds the enum's values: a native enum cannot lose a value, and SQLModel's default
would store the members' names.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Enum
from sqlalchemy.types import UserDefinedType
from sqlmodel import SQLModel

from domain.shared.money import MINOR_UNITS_MAX

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

TIME: Final[Any] = DateTime(timezone=True)
AMOUNT: Final[Any] = BigInteger()


class Xid8(UserDefinedType[Any]):
    """PostgreSQL's 64-bit transaction id: only ever filled by its default and compared in the database."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def one_of(values: type[StrEnum], name: str | None = None) -> Any:
    """The column type of an enum: text of at most 40 characters, checked against the enum's values.

    `name` is needed where a table has two columns of one enum: their checks need different names.
    """
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=name or values.__name__.lower(),
        values_callable=lambda enum: [member.value for member in enum],
    )


def amounts(*columns: str) -> CheckConstraint:
    """Every named amount is zero or more and fits a JSON number."""
    clauses = " AND ".join(f"{column} BETWEEN 0 AND {MINOR_UNITS_MAX}" for column in columns)
    return CheckConstraint(clauses, name="amounts")
