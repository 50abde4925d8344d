"""Filters of a search as SQL conditions with numbered parameters; no value ever stands in the text itself."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.inventory.model import StockStatus
from domain.search.ports import FacetKind, Match, Reading, SearchQuery
from infra.postgres.search_text import text_query

SEPARATOR: Final = "\x1f"
"""Between name and value of a facet value."""


class Parameters:
    """Values in the order of their placeholders."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


FilterKey = tuple[FacetKind, str]
"""The facet that a filter belongs to; the name is that of an attribute, or empty."""


def fixed_conditions(query: SearchQuery, reading: Reading, parameters: Parameters) -> list[str]:
    """What no facet can lift: words, seller, currency, stock."""
    found = []
    if reading.match is not Match.EVERYTHING:
        found.append(f"vector @@ to_tsquery('english', {parameters.add(text_query(reading).matching)})")
    if query.seller_id is not None:
        found.append(f"seller_id = {parameters.add(query.seller_id)}")
    if query.currency is not None:
        found.append(f"currency = {parameters.add(query.currency)}")
    if query.in_stock_only:
        found.append(f"stock_status <> {parameters.add(StockStatus.OUT_OF_STOCK.value)}")
    return found


def facet_conditions(query: SearchQuery) -> Mapping[FilterKey, Callable[[Parameters], str]]:
    """The filters that are set and belong to a facet; each adds its parameters when it is written into a statement."""
    found: dict[FilterKey, Callable[[Parameters], str]] = {}
    if query.category_path is not None:
        paths = [query.category_path]
        found[FacetKind.CATEGORY, ""] = lambda parameters: f"category_paths @> {parameters.add(paths)}::text[]"
    if query.brands:
        brands = list(query.brands)
        found[FacetKind.BRAND, ""] = lambda parameters: f"brand = ANY({parameters.add(brands)}::text[])"
    if query.conditions:
        conditions = [condition.value for condition in query.conditions]
        found[FacetKind.CONDITION, ""] = lambda parameters: f"condition = ANY({parameters.add(conditions)}::text[])"
    if query.price is not None:
        found[FacetKind.PRICE, ""] = lambda parameters: _price_condition(query, parameters)
    for attribute in query.attributes:
        values = [f"{attribute.name}{SEPARATOR}{value}" for value in attribute.values]
        found[FacetKind.ATTRIBUTE, attribute.name] = _any_of(values)
    return found


def _price_condition(query: SearchQuery, parameters: Parameters) -> str:
    assert query.price is not None
    bounds = ((">=", query.price.min_minor), ("<=", query.price.max_minor))
    parts = [f"price_min_minor {sign} {parameters.add(bound)}" for sign, bound in bounds if bound is not None]
    return " AND ".join(parts) or "true"


def _any_of(values: list[str]) -> Callable[[Parameters], str]:
    return lambda parameters: f"facet_values && {parameters.add(values)}::text[]"


def where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def all_conditions(query: SearchQuery, reading: Reading, parameters: Parameters) -> list[str]:
    fixed = fixed_conditions(query, reading, parameters)
    return [*fixed, *(write(parameters) for write in facet_conditions(query).values())]
