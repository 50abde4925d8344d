"""Facet counts: each facet counts over what all filters but its own leave.

Invariant: a statement looks at no more than FACET_DOCUMENTS_MAX documents for each set of filters it counts over;
where more match, the counts are of that many.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import asyncpg

from domain.search.ports import FACET_VALUES_MAX, FACETS_MAX, Facet, FacetKind, FacetValue, Reading, SearchQuery
from infra.postgres.search_filters import (
    SEPARATOR,
    FilterKey,
    Parameters,
    facet_conditions,
    fixed_conditions,
    where,
)

FACET_DOCUMENTS_MAX: Final = 10_000
ROWS_MAX: Final = 300
"""Values that one branch of the statement returns."""
PRICE_STEPS: Final = tuple(digit * 10**power for power in range(2, 10) for digit in (1, 2, 5))
"""Bounds of price ranges in minor units: 1, 2, 5, 10, 20, ... of a currency with cents."""

_SOURCE_COLUMNS: Final = {
    FacetKind.CATEGORY: "category_paths",
    FacetKind.BRAND: "brand",
    FacetKind.CONDITION: "condition",
    FacetKind.PRICE: "currency, price_min_minor",
    FacetKind.ATTRIBUTE: "facet_values",
}


def facets_statement(query: SearchQuery, reading: Reading) -> tuple[str, list[Any]]:
    """Rows of (kind, name, value, count)."""
    parameters = Parameters()
    filters = facet_conditions(query)
    fixed = fixed_conditions(query, reading, parameters)
    written = {key: write(parameters) for key, write in filters.items()}
    sources = [_source("filtered", "*", [*fixed, *written.values()])]
    tables: dict[FilterKey, str] = {}
    for number, key in enumerate(written):
        tables[key] = f"without_{number}"
        others = [condition for other, condition in written.items() if other != key]
        sources.append(_source(tables[key], _SOURCE_COLUMNS[key[0]], [*fixed, *others]))
    branches = [_branch(kind, tables.get((kind, ""), "filtered")) for kind in FacetKind if kind != "attribute"]
    names = [name for kind, name in written if kind is FacetKind.ATTRIBUTE]
    branches.append(_attributes("filtered", f"<> ALL({parameters.add(names)}::text[])"))
    branches += [
        _attributes(tables[FacetKind.ATTRIBUTE, name], f"= {parameters.add(name)}::text") for name in names
    ]  # fmt: skip
    return f"WITH {', '.join(sources)} {' UNION ALL '.join(branches)}", parameters.values


def _source(name: str, columns: str, conditions: list[str]) -> str:
    chosen = ", ".join(_SOURCE_COLUMNS.values()) if columns == "*" else columns
    return (
        f"{name} AS MATERIALIZED (SELECT {chosen} FROM search_document"  # noqa: S608  # our own words and $n only
        f" {where(conditions)} LIMIT {FACET_DOCUMENTS_MAX})"
    )


def _branch(kind: FacetKind, source: str) -> str:
    steps = ",".join(map(str, PRICE_STEPS))
    shapes = {
        FacetKind.CATEGORY: ("''", "path", f"{source}, unnest(category_paths) path"),
        FacetKind.BRAND: ("''", "brand::text", f"{source} WHERE brand <> ''"),
        FacetKind.CONDITION: ("''", "condition::text", source),
        FacetKind.PRICE: (
            "currency::text",
            f"width_bucket(price_min_minor, '{{{steps}}}'::bigint[])::text",
            source,
        ),
    }
    name, value, table = shapes[kind]
    return (
        f"(SELECT '{kind.value}' AS kind, {name} AS name, {value} AS value, count(*) AS count FROM {table}"  # noqa: S608  # our own words and $n only
        f" GROUP BY 2, 3 ORDER BY 4 DESC, 3 LIMIT {ROWS_MAX})"
    )


def _attributes(source: str, names: str) -> str:
    separator = f"chr({ord(SEPARATOR)})"
    return (
        f"(SELECT 'attribute', split_part(pair, {separator}, 1), split_part(pair, {separator}, 2), count"  # noqa: S608  # our own words and $n only
        f" FROM (SELECT pair, count(*) AS count FROM {source}, unnest(facet_values) pair GROUP BY pair) counted"
        f" WHERE split_part(pair, {separator}, 1) {names} ORDER BY count DESC, pair LIMIT {ROWS_MAX})"
    )


def facets_of(rows: Sequence[asyncpg.Record]) -> tuple[Facet, ...]:
    """The counted rows as facets: the fixed ones first, then attributes, the most covering first."""
    found: dict[FilterKey, list[FacetValue]] = defaultdict(list)
    for row in rows:
        kind = FacetKind(row["kind"])
        value = _price_range(int(row["value"]), row["count"]) if kind is FacetKind.PRICE else None
        found[kind, row["name"]].append(value or FacetValue(row["value"], row["count"]))
    fixed = [_facet(key, found[key]) for key in found if key[0] not in {FacetKind.PRICE, FacetKind.ATTRIBUTE}]
    attributes = [_facet(key, found[key]) for key in found if key[0] is FacetKind.ATTRIBUTE]
    attributes.sort(key=lambda facet: (-_covered(facet), facet.name))
    return (*fixed, *_prices(found), *attributes[:FACETS_MAX])


def _facet(key: FilterKey, values: Iterable[FacetValue]) -> Facet:
    ordered = sorted(values, key=lambda each: (-each.count, each.value))
    return Facet(key[0], key[1], tuple(ordered[:FACET_VALUES_MAX]))


def _prices(found: dict[FilterKey, list[FacetValue]]) -> list[Facet]:
    """Ranges in the currency that most of the matches have: prices of several cannot be counted together."""
    by_currency = {name: values for (kind, name), values in found.items() if kind is FacetKind.PRICE}
    if not by_currency:
        return []
    currency = max(sorted(by_currency), key=lambda name: sum(each.count for each in by_currency[name]))
    values = sorted(by_currency[currency], key=lambda each: each.min_minor or 0)
    return [Facet(FacetKind.PRICE, "", tuple(values[:FACET_VALUES_MAX]), currency)]


def _price_range(bucket: int, count: int) -> FacetValue:
    low = PRICE_STEPS[bucket - 1] if bucket > 0 else 0
    high = PRICE_STEPS[bucket] if bucket < len(PRICE_STEPS) else None
    return FacetValue(f"{low}-{'' if high is None else high}", count, low, high)


def _covered(facet: Facet) -> int:
    return sum(value.count for value in facet.values)
