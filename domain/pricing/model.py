"""Tax rules as a table: which rate applies to which goods sent where."""

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from domain.shared.table_row import TableRow


class TaxRule(TableRow, table=True):
    """The rate of a country, or of one category there. `included`: the listed price contains the tax."""

    __tablename__ = "tax_rule"

    id: UUID = Field(primary_key=True)
    country: str = Field(max_length=2)
    category_id: UUID | None = Field(default=None, foreign_key="category.id")
    jurisdiction: str = Field(max_length=60)
    rate_ppm: int = Field()
    included: bool = Field(default=True)

    __table_args__ = (
        CheckConstraint("rate_ppm BETWEEN 0 AND 1000000", name="rate"),
        UniqueConstraint("country", "category_id", postgresql_nulls_not_distinct=True),
    )
