"""Administrators shape the category tree.

Invariant: along every line from a root down, attribute names are unique and bounded in number. Schemas of one tree
change one at a time, under the lock of its root. Slugs and places are for ever: paths are addresses.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy.exc import IntegrityError

from domain.catalog.attributes import AttributeDefinition, schema_faults, write_schema
from domain.catalog.changes import note_changes_of_categories
from domain.catalog.model import ATTRIBUTES_MAX, CATEGORY_DEPTH_MAX, Category
from domain.catalog.tree import CategoryView, categories_in_all, category_by_path, lines_by_ids, schema_of, subtree
from domain.shared.actor import Actor
from domain.shared.commands import Line, command
from domain.shared.database import Database, Tx
from domain.shared.errors import InvalidInput, Issue, NotFound
from domain.shared.ids import CategoryId, new_id
from domain.shared.money import PPM

POSITION_MAX: Final = 10_000
CATEGORIES_MAX: Final = 20_000
"""Of the whole marketplace, so that roots, siblings and what is beneath a category can each be read at once."""
_ONE_PATH: Final = "uq_category_path"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Attributes = Annotated[tuple[AttributeDefinition, ...], Field(max_length=ATTRIBUTES_MAX)]
CommissionPpm = Annotated[int, Field(ge=0, le=PPM)]
Position = Annotated[int, Field(ge=0, le=POSITION_MAX)]


@command
class CreateCategory:
    parent_id: CategoryId | None = None
    slug: Slug
    name: Line
    attributes: Attributes = ()
    commission_ppm: CommissionPpm | None = None
    position: Position = 0


@command
class UpdateCategory:
    """All of it as it shall be from now on; an empty commission means the platform's."""

    category_id: CategoryId
    name: Line
    attributes: Attributes
    commission_ppm: CommissionPpm | None
    position: Position


async def create_category(command: CreateCategory, *, actor: Actor, db: Database) -> UUID:
    """The new category's id. Raises InvalidInput (slug taken, too deep, attributes), NotFound (the parent)."""
    actor.admin()
    category_id = new_id()

    async def step(tx: Tx) -> UUID:
        line = await _locked_line(tx, command.parent_id) if command.parent_id is not None else ()
        path = "/".join([*(each.slug for each in line), command.slug])
        issues = schema_faults(schema_of(line), command.attributes)
        if len(line) >= CATEGORY_DEPTH_MAX:
            issues.append(Issue(("parent_id",), "TOO_DEEP", f"The tree has at most {CATEGORY_DEPTH_MAX} levels."))
        if await categories_in_all(tx.reads) >= CATEGORIES_MAX:
            issues.append(Issue(("slug",), "TOO_MANY", f"There are at most {CATEGORIES_MAX} categories."))
        if await category_by_path(tx.reads, path) is not None:
            issues.extend(_slug_taken(command.slug).issues)
        if issues:
            raise InvalidInput(issues)
        await tx.add(
            Category(
                id=category_id,
                parent_id=command.parent_id,
                slug=command.slug,
                path=path,
                name=command.name,
                attributes=write_schema(command.attributes),
                commission_ppm=command.commission_ppm,
                position=command.position,
            )
        )
        return category_id

    try:
        return await db.run(step)
    except IntegrityError as fault:
        # Two roots made at once have no common lock; the unique path decides.
        if _ONE_PATH not in str(fault.orig):
            raise
        raise _slug_taken(command.slug) from fault


async def update_category(command: UpdateCategory, *, actor: Actor, db: Database) -> UUID:
    """The category's id. Raises InvalidInput, NotFound.

    Listings keep what they say; those that no longer fit the schema are told so when they are next edited.
    """
    actor.admin()

    async def step(tx: Tx) -> UUID:
        line = await _locked_line(tx, command.category_id)
        beneath = await subtree(tx.reads, line[-1].path)
        issues = schema_faults(schema_of(line[:-1]), command.attributes) or _faults_beneath(line, beneath, command)
        if issues:
            raise InvalidInput(issues)
        [category] = await tx.lock(Category, [command.category_id])
        category.name = command.name
        category.attributes = write_schema(command.attributes)
        category.commission_ppm = command.commission_ppm
        category.position = command.position
        await note_changes_of_categories(tx, [command.category_id, *(each.id for each in beneath)])
        return command.category_id

    return await db.run(step)


def _slug_taken(slug: str) -> InvalidInput:
    return InvalidInput.at("slug", "TAKEN", f"There is a category {slug} in this place already.")


async def _locked_line(tx: Tx, category_id: UUID) -> tuple[CategoryView, ...]:
    """The line down to the category, while no other schema of its tree changes."""
    line = (await lines_by_ids(tx.reads, [category_id])).get(category_id)
    if line is None:
        raise NotFound("category")
    await tx.lock(Category, [line[0].id])
    return (await lines_by_ids(tx.reads, [category_id]))[category_id]


def _faults_beneath(
    line: Sequence[CategoryView], beneath: Sequence[CategoryView], command: UpdateCategory
) -> list[Issue]:
    """Where the new schema collides with those of the categories below."""
    taken = {definition.name: child.path for child in beneath for definition in child.own_schema()}
    issues = [
        Issue(("attributes", str(index), "name"), "TAKEN", f"{taken[each.name]} has an attribute {each.name} already.")
        for index, each in enumerate(command.attributes)
        if each.name in taken
    ]
    # Down the tree: a path sorts behind those that begin it.
    counts = {line[-1].path: len(schema_of(line[:-1])) + len(command.attributes)}
    for child in sorted(beneath, key=lambda each: each.path):
        path = child.path
        count = counts[path] = counts[path.rpartition("/")[0]] + len(child.attributes)
        if count > ATTRIBUTES_MAX:
            message = f"{path} would have {count} attributes; at most {ATTRIBUTES_MAX} are allowed."
            issues.append(Issue(("attributes",), "TOO_MANY", message))
    return issues
