"""Facet counts: each facet counts over what all filters but its own leave.

Invariant: a statement looks at no more than FACET_DOCUMENTS_MAX documents for each set of filters it counts over.
Where more match, what was counted is scaled to their number and called an estimate.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from domain.search.ports import FACET_VALUES_MAX, FACETS_MAX, Facet, FacetKind, FacetValue
from domain.shared.paging import COUNT_MAX
from infra.postgres.search_filters import PRICE_STEPS, FilterKey, Filters
from infra.postgres.search_parameters import Parameters
from infra.postgres.search_text import Connection
from infra.postgres.search_values import Value, Values

FACET_DOCUMENTS_MAX: Final = 3_000
VALUES_MAX: Final = 2_000
"""Different values that are looked at in one count, the most frequent ones."""

Counts = dict[Value, int]


async def count_facets(
    connection: Connection, filters: Filters, values: Values, *, documents_max: int = FACET_DOCUMENTS_MAX
) -> tuple[Facet, ...]:
    """All facets in one statement, and one more for each set of filters that more documents pass than are counted."""
    branches: list[FilterKey | None] = [None, *filters.keys()]
    parameters = Parameters()
    statement = " UNION ALL ".join(
        _counting(place, filters.where(parameters, without=key), documents_max) for place, key in enumerate(branches)
    )
    rows = await connection.fetch(statement, *parameters.values)
    names = await values.values(connection, {row["id"] for row in rows})
    counts: list[Counts] = [{} for _ in branches]
    for place, id_, count in rows:
        if id_ in names:
            counts[place][names[id_]] = count
    factors = [1.0] * len(branches)
    for place, key in enumerate(branches):
        # Every document has one condition.
        looked_at = sum(count for value, count in counts[place].items() if value.kind is FacetKind.CONDITION)
        if looked_at >= documents_max:
            factors[place] = await _passing(connection, filters, key) / looked_at
    counted: dict[FilterKey, Counts] = defaultdict(dict)
    estimated: set[FilterKey] = set()
    for branch, made, factor in zip(branches, counts, factors, strict=True):
        for value, count in made.items():
            key = facet_key(value)
            # A filtered facet is counted by the branch without its filter, all others by the one with all filters.
            if key == branch or (branch is None and key not in branches):
                counted[key][value] = round(count * factor)
                estimated |= {key} if factor > 1 else set()
    return _facets(counted, estimated)


def _counting(place: int, conditions: str, documents_max: int) -> str:
    """Rows of (place, id, count) over what the conditions leave."""
    found = f"SELECT facet_ids FROM search_document {conditions} LIMIT {documents_max}"  # noqa: S608  # our own words and $n only
    return (
        f"(SELECT {place} AS place, id, count(*) AS count"  # noqa: S608  # our own words and $n only
        f" FROM (SELECT unnest(facet_ids) AS id FROM ({found}) found) each_value"
        f" GROUP BY id ORDER BY 3 DESC, id LIMIT {VALUES_MAX})"
    )


async def _passing(connection: Connection, filters: Filters, key: FilterKey | None) -> int:
    """How many documents pass all filters but one; counted up to COUNT_MAX."""
    parameters = Parameters()
    found = f"SELECT FROM search_document {filters.where(parameters, without=key)} LIMIT {COUNT_MAX}"
    passing: int = await connection.fetchval(f"SELECT count(*) FROM ({found}) found", *parameters.values)  # noqa: S608  # our own words and $n only
    return passing


def facet_key(value: Value) -> FilterKey:
    """Prices have the currency for a name, but one filter."""
    return value.kind, value.name if value.kind is FacetKind.ATTRIBUTE else ""


def price_value(currency: str, price_minor: int) -> Value:
    """The price range that a document counts in."""
    place = bisect_right(PRICE_STEPS, price_minor)
    return Value(FacetKind.PRICE, currency, str(PRICE_STEPS[place - 1] if place else 0))


def _facets(counted: Mapping[FilterKey, Counts], estimated: set[FilterKey]) -> tuple[Facet, ...]:
    """Category, price, brand, condition and fulfilment, then attributes, those that most documents have first."""
    attributes = [_facet(key, counts) for key, counts in counted.items() if key[0] is FacetKind.ATTRIBUTE]
    attributes.sort(key=lambda facet: (-sum(value.count for value in facet.values), facet.name))
    fixed = [
        _prices(counted[kind, ""]) if kind is FacetKind.PRICE else _facet((kind, ""), counted[kind, ""])
        for kind in (FacetKind.CATEGORY, FacetKind.PRICE, FacetKind.BRAND, FacetKind.CONDITION, FacetKind.FULFILMENT)
        if (kind, "") in counted
    ]
    return tuple(
        replace(facet, estimated=(facet.kind, facet.name) in estimated) for facet in (*fixed, *attributes[:FACETS_MAX])
    )


def _facet(key: FilterKey, counts: Counts) -> Facet:
    values = (FacetValue(value.value, count) for value, count in counts.items())
    return Facet(key[0], key[1], _first(sorted(values, key=lambda each: (-each.count, each.value))))


def _prices(counts: Counts) -> Facet:
    """Ranges in the currency that most of the matches have: prices of several cannot be counted together."""
    totals: dict[str, int] = defaultdict(int)
    for value, count in counts.items():
        totals[value.name] += count
    currency = max(sorted(totals), key=lambda name: totals[name])
    ranges = [_price_range(int(value.value), count) for value, count in counts.items() if value.name == currency]
    return Facet(FacetKind.PRICE, "", _first(sorted(ranges, key=lambda each: each.min_minor or 0)), currency)


def _price_range(low: int, count: int) -> FacetValue:
    place = bisect_right(PRICE_STEPS, low)
    high = PRICE_STEPS[place] if place < len(PRICE_STEPS) else None
    return FacetValue(f"{low}-{'' if high is None else high}", count, low, high)


def _first(values: list[FacetValue]) -> tuple[FacetValue, ...]:
    return tuple(values[:FACET_VALUES_MAX])
