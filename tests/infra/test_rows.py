"""Entities that come from the driver behave like those of the ORM: values, identity, changes, and what is stale."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete
from sqlalchemy.orm.exc import StaleDataError

from app.container import Container
from domain.shared.database import Tx, table
from domain.shared.ids import new_id
from domain.users.model import Address, User, UserStatus
from tests.makers import a_buyer


async def the_user(container: Container) -> UUID:
    actor = await a_buyer(container)
    assert actor.user_id is not None
    return actor.user_id


async def test_a_locked_row_has_the_models_values_and_is_one_object(container: Container) -> None:
    user_id = await the_user(container)

    async def step(tx: Tx) -> None:
        (user,) = await tx.lock(User, [user_id, uuid4()])
        assert user.status is UserStatus.ACTIVE
        assert user is await tx.get(User, user_id)
        assert user is (await tx.lock(User, [user_id]))[0]

    await container.ports.db.run(step)


async def test_only_what_changed_is_written_and_once(container: Container) -> None:
    user_id = await the_user(container)

    async def step(tx: Tx) -> None:
        (user,) = await tx.lock(User, [user_id])
        user.phone, user.status = "+49 30 1", UserStatus.BLOCKED
        user.locale = user.locale
        await tx.execute(table(User).update().where(table(User).c.id == user_id).values(display_name="Somebody else"))
        (again,) = await tx.lock(User, [user_id])
        assert (again.phone, again.status, again.display_name) == ("+49 30 1", UserStatus.BLOCKED, "Somebody else")

    await container.ports.db.run(step)

    async def later(tx: Tx) -> None:
        user = await tx.get(User, user_id)
        assert user is not None
        assert (user.phone, user.status, user.display_name) == ("+49 30 1", UserStatus.BLOCKED, "Somebody else")

    await container.ports.db.run(later)


async def test_a_row_that_is_gone_cannot_be_changed(container: Container) -> None:
    user_id, address_id = await the_user(container), new_id()

    async def step(tx: Tx) -> None:
        now = tx.now
        await tx.add(
            Address(
                id=address_id, user_id=user_id, name="A", line1="B 1", city="C", postal_code="1", country="DE",
                created_at=now,
            )
        )  # fmt: skip
        (address,) = await tx.lock(Address, [address_id])
        await tx.execute(delete(table(Address)).where(table(Address).c.id == address_id))
        address.city = "D"

    with pytest.raises(StaleDataError):
        await container.ports.db.run(step)
