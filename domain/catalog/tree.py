"""The category tree: nodes, lines from the root down, and the schema that such a line adds up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, literal, select

from domain.catalog.attributes import AttributeDefinition, read_schema
from domain.catalog.model import CATEGORY_DEPTH_MAX, Category
from domain.shared.database import Query, Reads, table

PATH_MAX: Final = 500

_categories = table(Category)


@dataclass(frozen=True, slots=True)
class CategoryView:
    """`attributes` are its own as stored; the whole schema is that of its line."""

    id: UUID
    parent_id: UUID | None
    slug: str
    path: str
    name: str
    attributes: list[dict[str, Any]]
    commission_ppm: int | None
    position: int

    def own_schema(self) -> tuple[AttributeDefinition, ...]:
        return read_schema(self.attributes)


_COLUMNS = [_categories.c[name] for name in CategoryView.__dataclass_fields__]
_NODE = select(*_COLUMNS)
_ORDER = (_categories.c.position, _categories.c.name, _categories.c.id)

_BY_IDS = Query(_NODE.where(_categories.c.id == func.any(bindparam("ids"))), CategoryView)
_BY_PATH = Query(_NODE.where(_categories.c.path == bindparam("path")), CategoryView)
_BY_PATHS = Query(_NODE.where(_categories.c.path == func.any(bindparam("paths"))), CategoryView)
_ROOTS = Query(_NODE.where(_categories.c.parent_id.is_(None)).order_by(*_ORDER), CategoryView)
_CHILDREN = Query(_NODE.where(_categories.c.parent_id == func.any(bindparam("ids"))).order_by(*_ORDER), CategoryView)
_SUBTREE = Query(_NODE.where(func.starts_with(_categories.c.path, bindparam("prefix"))), CategoryView)
_COUNT = select(func.count()).select_from(_categories)

_line = (
    select(
        _categories.c.id.label("leaf_id"),
        literal(0).label("distance"),
        _categories.c.id.label("category_id"),
        _categories.c.parent_id,
    )
    .where(_categories.c.id == func.any(bindparam("ids")))
    .cte("line", recursive=True)
)
_line = _line.union_all(
    select(_line.c.leaf_id, _line.c.distance + 1, _categories.c.id, _categories.c.parent_id)
    .join(_categories, _categories.c.id == _line.c.parent_id)
    .where(_line.c.distance < CATEGORY_DEPTH_MAX)
)
_LINES = Query(
    select(_line.c.leaf_id, *_COLUMNS)
    .join(_categories, _categories.c.id == _line.c.category_id)
    .order_by(_line.c.leaf_id, _line.c.distance.desc()),
    lambda leaf_id, *row: (leaf_id, CategoryView(*row)),
)


async def categories_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, CategoryView]:
    return {each.id: each for each in await reads.all(_BY_IDS, ids=list(ids))}


async def category_by_path(reads: Reads, path: str) -> CategoryView | None:
    """`electronics/phones`. What could be no path is not asked for, and cannot always be (a NUL)."""
    if len(path) > PATH_MAX or "\x00" in path:
        return None
    return await reads.first(_BY_PATH, path=path)


async def categories_by_paths(reads: Reads, paths: Sequence[str]) -> Mapping[str, CategoryView]:
    return {each.path: each for each in await reads.all(_BY_PATHS, paths=list(paths))}


async def categories_in_all(reads: Reads) -> int:
    return int(await reads.scalar(_COUNT))


async def root_categories(reads: Reads) -> list[CategoryView]:
    return await reads.all(_ROOTS)


async def children_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, list[CategoryView]]:
    """Category -> its children in their order; one without children is left out."""
    found: dict[UUID, list[CategoryView]] = {}
    for child in await reads.all(_CHILDREN, ids=list(ids)):
        assert child.parent_id is not None
        found.setdefault(child.parent_id, []).append(child)
    return found


async def lines_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, tuple[CategoryView, ...]]:
    """Category -> the categories from its root down to itself."""
    found: dict[UUID, list[CategoryView]] = {}
    for leaf_id, category in await reads.all(_LINES, ids=list(ids)):
        found.setdefault(leaf_id, []).append(category)
    return {leaf_id: tuple(line) for leaf_id, line in found.items()}


async def subtree(reads: Reads, path: str) -> list[CategoryView]:
    """Everything beneath a category, without itself, in no order."""
    return await reads.all(_SUBTREE, prefix=f"{path}/")


def schema_of(line: Sequence[CategoryView]) -> tuple[AttributeDefinition, ...]:
    """What listings of the last category say of themselves: its parents' attributes first, then its own."""
    return tuple(definition for category in line for definition in category.own_schema())
