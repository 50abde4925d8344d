"""The category tree's limits: what is reported as which fault, and how large it may grow and be changed."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, literal, select
from sqlalchemy.exc import IntegrityError

from app.container import Container
from domain.catalog.attributes import AttributeDefinition
from domain.catalog.categories import (
    CATEGORIES_MAX,
    CreateCategory,
    UpdateCategory,
    create_category,
    update_category,
)
from domain.catalog.model import ATTRIBUTES_MAX, AttributeType, Category
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import InvalidInput
from tests.makers import an_admin


def texts(*names: str) -> tuple[AttributeDefinition, ...]:
    return tuple(AttributeDefinition(name=name, label=name, type=AttributeType.TEXT) for name in names)


async def a_node(
    container: Container, admin: Actor, slug: str, *, parent_id: UUID | None = None, own: tuple[str, ...] = ()
) -> UUID:
    command = CreateCategory(parent_id=parent_id, slug=slug, name=slug, attributes=texts(*own))
    return await create_category(command, actor=admin, db=container.ports.db)


async def test_only_a_taken_path_is_a_taken_slug(container: Container) -> None:
    admin = await an_admin(container)
    wrong = CreateCategory(slug=uuid4().hex, name="Wrong")
    # Past the command's own check: only the database is left to say no.
    object.__setattr__(wrong, "commission_ppm", 2_000_000)
    with pytest.raises(IntegrityError, match="ck_category_commission"):
        await create_category(wrong, actor=admin, db=container.ports.db)


async def test_a_schema_counts_down_each_line_alone(container: Container) -> None:
    """Siblings do not add up, and a name that another begins with is no parent of it."""
    admin = await an_admin(container)
    root = await a_node(container, admin, f"root-{uuid4().hex}", own=("brand",))
    left = await a_node(container, admin, "lamps", parent_id=root, own=("left",))
    await a_node(container, admin, "lamps-led", parent_id=root, own=("right",))
    await a_node(container, admin, "desk", parent_id=left, own=("desk",))
    names = [f"a{number}" for number in range(ATTRIBUTES_MAX - 1)]

    def change(count: int) -> UpdateCategory:
        return UpdateCategory(
            category_id=root, name="Root", attributes=texts(*names[:count]), commission_ppm=None, position=0
        )

    await update_category(change(ATTRIBUTES_MAX - 2), actor=admin, db=container.ports.db)
    with pytest.raises(InvalidInput) as refused:
        await update_category(change(ATTRIBUTES_MAX - 1), actor=admin, db=container.ports.db)
    [issue] = refused.value.issues
    assert issue.code == "TOO_MANY"
    assert f"lamps/desk would have {ATTRIBUTES_MAX + 1}" in issue.message


async def test_the_tree_grows_to_a_limit(fresh_container: Container) -> None:
    admin = await an_admin(fresh_container)
    categories = table(Category)

    async def fill(tx: Tx) -> None:
        slug = literal("c").concat(func.generate_series(1, CATEGORIES_MAX - 1 - await standing(tx)).column_valued("n"))
        row = select(func.gen_random_uuid(), slug, slug, slug, literal([], categories.c.attributes.type), literal(0))
        columns = ["id", "slug", "path", "name", "attributes", "position"]
        await tx.execute(insert(categories).from_select(columns, row))

    async def standing(tx: Tx) -> int:
        return int(await tx.reads.scalar(select(func.count()).select_from(categories)))

    await fresh_container.ports.db.run(fill)
    await a_node(fresh_container, admin, "last")
    with pytest.raises(InvalidInput) as refused:
        await a_node(fresh_container, admin, "one-too-many")
    assert [issue.code for issue in refused.value.issues] == ["TOO_MANY"]
