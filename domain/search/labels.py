"""What facets are called: categories and attributes by the names that people read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, or_, select

from domain.catalog.model import AttributeType, Category
from domain.search.ports import Facet, FacetKind
from domain.shared.database import Query, Reads, table

SCHEMAS_MAX: Final = 200
_categories = table(Category)


@dataclass(frozen=True, slots=True)
class _Named:
    path: str
    name: str
    attributes: list[dict[str, Any]]


_IS_NAMED = _categories.c.path == func.any(bindparam("paths"))
_ATTRIBUTE_NAMES = func.jsonb_path_query_array(_categories.c.attributes, literal_column("'$[*].name'::jsonpath"))
_NAMED: Final = Query(
    select(_categories.c.path, _categories.c.name, _categories.c.attributes)
    .where(or_(_IS_NAMED, _ATTRIBUTE_NAMES.op("?|")(bindparam("names"))))
    .order_by(_IS_NAMED.desc(), _categories.c.path)
    .limit(SCHEMAS_MAX),
    _Named,
)


@dataclass(frozen=True, slots=True)
class AttributeLabel:
    """How an attribute and its values are shown. `type` and `unit` are what all its categories agree on."""

    label: str
    type: AttributeType = AttributeType.TEXT
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """Paths and attribute names -> what to show."""

    categories: Mapping[str, str]
    attributes: Mapping[str, AttributeLabel]

    def attribute(self, name: str) -> AttributeLabel:
        """What no category knows, as what only variants differ in, is called by its own name."""
        return self.attributes.get(name) or AttributeLabel(name.replace("_", " ").capitalize())


async def labels_of(reads: Reads, facets: Iterable[Facet], category_path: str | None) -> Labels:
    """In one statement. Where categories call an attribute differently, those in the line of `category_path` count."""
    facets = tuple(facets)
    paths = [value.value for facet in facets if facet.kind is FacetKind.CATEGORY for value in facet.values]
    names = {facet.name for facet in facets if facet.kind is FacetKind.ATTRIBUTE}
    named = await reads.all(_NAMED, paths=paths, names=sorted(names))
    found: dict[str, list[tuple[bool, AttributeLabel]]] = {}
    for view in named:
        near = category_path is not None and _in_line(view.path, category_path)
        for entry in view.attributes:
            if entry["name"] in names:
                found.setdefault(entry["name"], []).append((near, _label(entry)))
    return Labels(
        categories={view.path: view.name for view in named},
        attributes={name: _agreed(labels) for name, labels in found.items()},
    )


def _in_line(path: str, other: str) -> bool:
    return f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/")


def _label(entry: Mapping[str, Any]) -> AttributeLabel:
    label = str(entry.get("label") or entry["name"])
    return AttributeLabel(label, AttributeType(entry["type"]), str(entry.get("unit") or ""))


def _agreed(labels: Sequence[tuple[bool, AttributeLabel]]) -> AttributeLabel:
    counting = [label for near, label in labels if near] or [label for _, label in labels]
    first = counting[0]
    if all((each.type, each.unit) == (first.type, first.unit) for each in counting):
        return first
    return AttributeLabel(first.label)
