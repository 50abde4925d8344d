"""What facets are called: categories and attributes by the names that people read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from domain.catalog.model import Category
from domain.search.ports import Facet, FacetKind
from domain.shared.database import Query, Reads, table

_categories = table(Category)


@dataclass(frozen=True, slots=True)
class _Named:
    path: str
    name: str
    attributes: list[dict[str, Any]]


_NAMED: Final = Query(
    select(_categories.c.path, _categories.c.name, _categories.c.attributes).where(
        _categories.c.path == func.any(bindparam("paths"))
    ),
    _Named,
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Paths and attribute names -> what to show. What has no label shows as it is."""

    categories: Mapping[str, str]
    attributes: Mapping[str, str]


async def labels_of(reads: Reads, facets: Iterable[Facet]) -> Labels:
    """In one statement, from the categories that the facets name."""
    paths = [value.value for facet in facets if facet.kind is FacetKind.CATEGORY for value in facet.values]
    named = await reads.all(_NAMED, paths=paths)
    schemas = (entry for view in named for entry in view.attributes)
    return Labels(
        categories={view.path: view.name for view in named},
        attributes={str(entry["name"]): str(entry.get("label") or entry["name"]) for entry in schemas},
    )
