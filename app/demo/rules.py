"""Demo categories, their attribute schemas, and the tax rules of a dozen and more countries."""

from collections.abc import Iterator
from functools import cache
from typing import Final
from uuid import UUID

from app.demo.categories import ROOTS, Leaf
from app.demo.copying import Row
from app.demo.ids import demo_id
from app.demo.leaves_domestic import DOMESTIC
from app.demo.leaves_everyday import EVERYDAY
from app.demo.leaves_technical import TECHNICAL
from domain.pricing.ports import TaxRate

LEAVES: Final[tuple[Leaf, ...]] = (*TECHNICAL, *DOMESTIC, *EVERYDAY)

_STANDARD_RATES_PPM: Final = {
    "DE": 190_000, "AT": 200_000, "FR": 200_000, "NL": 210_000, "IT": 220_000, "ES": 210_000, "BE": 210_000,
    "FI": 255_000, "IE": 230_000, "PL": 230_000, "SE": 250_000, "DK": 250_000, "PT": 230_000, "GB": 200_000,
    "CH": 81_000,
}  # fmt: skip
_BOOK_RATES_PPM: Final = {"DE": 70_000, "AT": 100_000, "FR": 55_000, "NL": 90_000, "IT": 40_000, "ES": 40_000, "GB": 0}


_LEAF_IDS: Final = {leaf.path: demo_id("category", 100 + place) for place, leaf in enumerate(LEAVES)}


def leaf_id(leaf: Leaf) -> UUID:
    return _LEAF_IDS[leaf.path]


def categories() -> Iterator[Row]:
    """Roots first, so that parents are there when their children come."""
    for position, root in enumerate(ROOTS):
        yield {
            "id": demo_id("category", position),
            "slug": root.slug,
            "path": root.slug,
            "name": root.name,
            "position": position,
        }
    parents = {root.slug: demo_id("category", position) for position, root in enumerate(ROOTS)}
    for position, leaf in enumerate(LEAVES):
        yield {
            "id": leaf_id(leaf),
            "parent_id": parents[leaf.root],
            "slug": leaf.slug,
            "path": leaf.path,
            "name": leaf.name,
            "attributes": [attribute.schema() for attribute in leaf.attributes],
            "position": position,
        }


def tax_rules() -> Iterator[Row]:
    """Value-added tax is inside the listed price; sales tax in the United States comes on top."""
    for number, (country, rate_ppm) in enumerate(_STANDARD_RATES_PPM.items()):
        yield _rule(number, country, None, rate_ppm, included=True)
    yield _rule(100, "US", None, 70_000, included=False)
    books = next(leaf for leaf in LEAVES if leaf.slug == "books")
    for number, (country, rate_ppm) in enumerate(_BOOK_RATES_PPM.items(), 200):
        yield _rule(number, country, leaf_id(books), rate_ppm, included=True)


@cache
def tax_rates(country: str) -> tuple[TaxRate, ...]:
    """The same rules as pricing reads them."""
    paths = {leaf_id(leaf): leaf.path for leaf in LEAVES}
    return tuple(
        TaxRate(paths.get(rule["category_id"]), rule["jurisdiction"], rule["rate_ppm"], rule["included"])
        for rule in tax_rules()
        if rule["country"] == country
    )


def _rule(number: int, country: str, category_id: UUID | None, rate_ppm: int, *, included: bool) -> Row:
    return {
        "id": demo_id("tax-rule", number),
        "country": country,
        "category_id": category_id,
        "jurisdiction": f"{country} {'VAT' if included else 'sales tax'}",
        "rate_ppm": rate_ppm,
        "included": included,
    }
