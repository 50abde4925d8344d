"""Facet counts: each facet counts over what all filters but its own leave.

Invariant: a statement looks at no more than FACET_DOCUMENTS_MAX documents for each set of filters it counts over, and
at EVERYTHING_MAX for the front page. Where more match, those looked at are drawn at random, whatever was written when,
and what was counted is scaled to how many match in all and called an estimate.

Drawn are the documents whose ids have the lowest hashes, which an index gives in order. Ids themselves would not do:
they begin with the time, and an import brings thousands of one kind at once.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from domain.search.ports import FACET_VALUES_MAX, FACETS_MAX, Facet, FacetKind, FacetValue
from domain.shared.paging import COUNT_MAX
from infra.postgres.search_filters import PRICE_STEPS, FilterKey, Filters
from infra.postgres.search_parameters import Parameters
from infra.postgres.search_text import Connection
from infra.postgres.search_values import Value, Values

FACET_DOCUMENTS_MAX: Final = 3_000
"""The standard error of an estimate is then 10 % for a value that one in 30 has, and 3 % for one that one in 3 has."""
EVERYTHING_MAX: Final = 30_000
"""Without any filter all may be counted, about 1 ms for each thousand: the same answer goes to many who ask."""
VALUES_MAX: Final = 2_000
"""Different values that are looked at in one count, the most frequent ones."""

_HASHES: Final = 2**32
_NEARLY: Final = 1.2
"""So far may a total that is concluded from a draw be wrong at the very most."""

Counts = dict[Value, int]


@dataclass(slots=True)
class _Draw:
    """What was looked at for one set of filters: how many documents, the highest of their hashes, and their values."""

    documents: int = 0
    hash_max: int = 0
    counts: Counts = field(default_factory=dict)

    def concluded(self) -> float:
        """How many match in all, if the drawn are the lowest of so many hashes that are spread evenly."""
        return (self.documents - 1) * _HASHES / (self.hash_max + _HASHES // 2 + 1)


async def count_facets(
    connection: Connection,
    filters: Filters,
    values: Values,
    *,
    documents_max: int = FACET_DOCUMENTS_MAX,
    everything_max: int = EVERYTHING_MAX,
) -> tuple[Facet, ...]:
    """All facets in one statement, and at most one more for each set of filters that more pass than are looked at."""
    looked_at_max = documents_max if filters.narrow() else everything_max
    branches = _branches(filters)
    statement, parameters = counting_statement(filters, looked_at_max)
    rows = await connection.fetch(statement, *parameters)
    names = await values.values(connection, {row["id"] for row in rows if row["id"] is not None})
    draws = [_Draw() for _ in branches]
    for place, id_, count, hash_max in rows:
        if id_ is None:
            draws[place].documents, draws[place].hash_max = count, hash_max or 0
        elif id_ in names:
            draws[place].counts[names[id_]] = count
    counted: dict[FilterKey, Counts] = defaultdict(dict)
    estimated: set[FilterKey] = set()
    for branch, draw in zip(branches, draws, strict=True):
        factor = 1.0
        if draw.documents >= looked_at_max:
            factor = await _total(connection, filters, branch, draw) / draw.documents
        for value, count in draw.counts.items():
            if _counts(branch, value, filters, branches):
                counted[facet_key(value)][value] = round(count * factor)
                estimated |= {facet_key(value)} if factor > 1 else set()
    return _facets(counted, estimated)


def _counts(branch: FilterKey | None, value: Value, filters: Filters, branches: list[FilterKey | None]) -> bool:
    """A filtered facet is counted by the branch without its filter, all others by the one with all filters.

    So are values that are asked for: lifting the filter adds none of theirs, and from fewer documents they are drawn
    more surely. What a page of one category says of it is so the total of that page.
    """
    key = facet_key(value)
    if branch is None:
        return key not in branches or filters.asks_for(value)
    return key == branch and not filters.asks_for(value)


def _branches(filters: Filters) -> list[FilterKey | None]:
    return [None, *filters.keys()]


def counting_statement(filters: Filters, documents_max: int) -> tuple[str, list[Any]]:
    """Rows of (place, id, count, hash_max) for each branch: one of all its documents without id, then its values."""
    parameters = Parameters()
    statement = " UNION ALL ".join(
        _counting(place, filters.where(parameters, without=key), documents_max)
        for place, key in enumerate(_branches(filters))
    )
    return statement, parameters.values


def _counting(place: int, conditions: str, documents_max: int) -> str:
    drawn = (
        f"SELECT facet_ids, uuid_hash(listing_id) AS hash FROM search_document {conditions}"  # noqa: S608  # our own words and $n only
        f" ORDER BY uuid_hash(listing_id) LIMIT {documents_max}"
    )
    return (
        f"(WITH drawn AS MATERIALIZED ({drawn})"  # noqa: S608  # our own words and $n only
        f" SELECT {place} AS place, NULL::int AS id, count(*) AS count, max(hash) AS hash_max FROM drawn"
        f" UNION ALL (SELECT {place}, id, count(*), NULL FROM (SELECT unnest(facet_ids) AS id FROM drawn) each_value"
        f" GROUP BY id ORDER BY 3 DESC, id LIMIT {VALUES_MAX}))"
    )


async def _total(connection: Connection, filters: Filters, key: FilterKey | None, draw: _Draw) -> float:
    """How many pass all filters but one: the very number that is told as the total where that is exact."""
    concluded = draw.concluded()
    if concluded > COUNT_MAX * _NEARLY:
        return concluded
    passing = await _passing(connection, filters, key)
    return passing if passing < COUNT_MAX else max(passing, concluded)


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
