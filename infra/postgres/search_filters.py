"""Filters of a search as SQL conditions with numbered parameters; no value ever stands in the text itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.inventory.model import StockStatus
from domain.search.ports import FacetKind, Match, PriceRange, Reading, SearchQuery, SearchSort
from infra.postgres.search_parameters import Parameters
from infra.postgres.search_places import near_conditions
from infra.postgres.search_text import Connection, text_query
from infra.postgres.search_values import Value, Values

PRICE_STEPS: Final = tuple(digit * 10**power for power in range(2, 10) for digit in (1, 2, 5))
"""Bounds of price ranges in minor units: 1, 2, 5, 10, 20, ... of a currency with cents."""

INDEXED_DEPTH: Final = 2
BY_PRICE: Final = frozenset({SearchSort.PRICE_ASC, SearchSort.PRICE_DESC})

FilterKey = tuple[FacetKind, str]
"""The facet that a filter belongs to; the name is that of an attribute, else empty."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of a query. `chosen`: facet -> numbers of the values of which a document must have one."""

    query: SearchQuery
    reading: Reading
    chosen: Mapping[FilterKey, list[int]]

    def fixed(self, parameters: Parameters) -> list[str]:
        """What no facet can lift: words, seller, currency, stock, place."""
        found = []
        if self.reading.match is not Match.EVERYTHING:
            found.append(f"vector @@ to_tsquery('english', {parameters.add(text_query(self.reading).matching)})")
        if self.query.seller_id is not None:
            found.append(f"seller_id = {parameters.add(self.query.seller_id)}")
        if self.query.currency is not None:
            found.append(f"currency = {parameters.add(self.query.currency)}")
        if self.query.in_stock_only:
            found.append(f"stock_status <> {parameters.add(StockStatus.OUT_OF_STOCK.value)}")
        if self.query.near is not None:
            found += near_conditions(self.query.near, parameters)
        return found

    def keys(self) -> list[FilterKey]:
        """The facets that a filter is set of."""
        return [*self.chosen, *([(FacetKind.PRICE, "")] if self.query.price is not None else [])]

    def narrow(self) -> bool:
        """Whether there is any."""
        return bool(self.keys() or self.fixed(Parameters()))

    def asks_for(self, value: Value) -> bool:
        """Whether every document with the value passes the filter of its facet, which is set."""
        query = self.query
        if value.kind is FacetKind.CATEGORY:
            return query.category_path is not None and f"{value.value}/".startswith(f"{query.category_path}/")
        asked: dict[FacetKind, Iterable[str]] = {
            FacetKind.BRAND: query.brands,
            FacetKind.CONDITION: query.conditions,
            FacetKind.FULFILMENT: query.fulfilments,
            FacetKind.ATTRIBUTE: [v for each in query.attributes if each.name == value.name for v in each.values],
        }
        return value.value in asked.get(value.kind, ())

    def where(self, parameters: Parameters, *, without: FilterKey | None = None) -> str:
        """All of them together, or all but the filter of one facet."""
        chosen = {key: ids for key, ids in self.chosen.items() if key != without}
        found = [*self.fixed(parameters), *(f"facet_ids && {parameters.add(ids)}::int[]" for ids in chosen.values())]
        if self.query.sort in BY_PRICE and (FacetKind.CATEGORY, "") in chosen:
            found += self._standing_at_its_depth(chosen[FacetKind.CATEGORY, ""], parameters)
        if self.query.price is not None and without != (FacetKind.PRICE, ""):
            found.append(_price_condition(self.query.price, parameters))
        return where(found)

    def _standing_at_its_depth(self, ids: list[int], parameters: Parameters) -> list[str]:
        """What the condition on the category says already, in the words of an index that is in the order of prices."""
        depth = (self.query.category_path or "").count("/") + 1
        return [f"facet_ids[{depth}] = {parameters.add(ids[0])}"] if depth <= INDEXED_DEPTH and ids else []


async def filters_of(connection: Connection, query: SearchQuery, reading: Reading, values: Values) -> Filters:
    wanted: dict[FilterKey, list[Value]] = {}
    if query.category_path is not None:
        wanted[FacetKind.CATEGORY, ""] = [Value(FacetKind.CATEGORY, "", query.category_path)]
    if query.brands:
        wanted[FacetKind.BRAND, ""] = [Value(FacetKind.BRAND, "", brand) for brand in query.brands]
    if query.conditions:
        wanted[FacetKind.CONDITION, ""] = [Value(FacetKind.CONDITION, "", each.value) for each in query.conditions]
    if query.fulfilments:
        wanted[FacetKind.FULFILMENT, ""] = [Value(FacetKind.FULFILMENT, "", each.value) for each in query.fulfilments]
    for attribute in query.attributes:
        key = FacetKind.ATTRIBUTE, attribute.name
        wanted[key] = [Value(FacetKind.ATTRIBUTE, attribute.name, value) for value in attribute.values]
    known = await values.ids(connection, (value for each in wanted.values() for value in each))
    chosen = {key: [known[value] for value in each if value in known] for key, each in wanted.items()}
    return Filters(query, reading, chosen)


def _price_condition(price: PriceRange, parameters: Parameters) -> str:
    bounds = ((">=", price.min_minor), ("<=", price.max_minor))
    parts = [f"price_min_minor {sign} {parameters.add(bound)}" for sign, bound in bounds if bound is not None]
    return " AND ".join(parts) or "true"


def where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
