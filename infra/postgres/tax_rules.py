"""`domain.pricing.ports.TaxRules` from a table that the platform fills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, select

from domain.catalog.model import Category
from domain.pricing.model import TaxRule
from domain.pricing.ports import TaxesFound, TaxRate
from domain.shared.database import Query, Reads, table
from domain.shared.measures import Measures
from infra.postgres.last_known import LastKnown

_PART: Final = "tax_rules"
RULES_MAX: Final = 2_000
"""Of a country. Many are bounded by it times their number: a rule that is cut off would be a wrong tax."""
_rules, _categories = table(TaxRule), table(Category)


@dataclass(frozen=True, slots=True)
class _Row:
    country: str
    category_path: str | None
    jurisdiction: str
    rate_ppm: int
    included: bool


_RULES = Query(
    select(_rules.c.country, _categories.c.path, _rules.c.jurisdiction, _rules.c.rate_ppm, _rules.c.included)
    .select_from(_rules)
    .outerjoin(_categories, _categories.c.id == _rules.c.category_id)
    .where(_rules.c.country == func.any(bindparam("countries")))
    .order_by(_rules.c.category_id.asc().nulls_first())
    .limit(bindparam("rows")),
    _Row,
)


class TableTaxRules:
    """Remembers a country's rules for `fresh_seconds`, and the last known ones for when the table is away."""

    def __init__(self, reads: Reads, measures: Measures, *, fresh_seconds: float) -> None:
        self._reads = reads
        self._known = LastKnown(_PART, self._fetch, measures, fresh_seconds=fresh_seconds)

    async def of_country(self, country: str) -> TaxesFound:
        """See TaxRules."""
        return (await self.of_countries([country]))[country]

    async def of_countries(self, countries: Sequence[str]) -> Mapping[str, TaxesFound]:
        """See TaxRules."""
        found = await self._known.get(countries)
        return {
            country: TaxesFound(found.values.get(country, ()), estimated=not found.current) for country in countries
        }

    async def _fetch(self, countries: Sequence[str]) -> Mapping[str, Sequence[TaxRate]]:
        by_country: dict[str, list[TaxRate]] = {country: [] for country in countries}
        rows = RULES_MAX * len(countries)
        for row in await self._reads.all(_RULES, countries=list(countries), rows=rows):
            rate = TaxRate(row.category_path, row.jurisdiction, row.rate_ppm, row.included)
            by_country[row.country].append(rate)
        return by_country
