"""The rows of a transaction: values, identity, changes, and what is stale."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import bindparam, delete, func, update
from sqlalchemy.orm.exc import StaleDataError

from app.container import Container
from domain.shared.database import Tx, Write, table
from domain.shared.ids import new_id
from domain.users.model import Address, User, UserStatus
from infra.postgres.inserts import TOGETHER_MAX
from infra.postgres.pending import Deferred, writings
from tests.makers import a_buyer

MOVE_TO = Write(
    update(table(Address))
    .where(table(Address).c.user_id == bindparam("user_id"), table(Address).c.city != bindparam("city"))
    .values(city=bindparam("city")),
    tuple,
)

CALL = Write(
    update(table(User))
    .where(table(User).c.id == bindparam("user_id"))
    .values(phone=func.coalesce(table(User).c.phone, "") + bindparam("digit")),
    tuple,
)


def an_address(user_id: UUID, tx: Tx, city: str) -> Address:
    return Address(
        id=new_id(), user_id=user_id, name="A", line1="B 1", city=city, postal_code="1", country="DE", created_at=tx.now
    )


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
    user_id = await the_user(container)

    async def step(tx: Tx) -> None:
        address = an_address(user_id, tx, "C")
        await tx.add(address)
        await tx.execute(delete(table(Address)).where(table(Address).c.id == address.id))
        address.city = "D"

    with pytest.raises(StaleDataError):
        await container.ports.db.run(step)


async def test_what_was_deferred_comes_after_the_last_changes(container: Container) -> None:
    user_id = await the_user(container)
    address_ids: list[UUID] = []

    async def step(tx: Tx) -> None:
        there, new = an_address(user_id, tx, "Bonn"), an_address(user_id, tx, "Kiel")
        address_ids.extend([there.id, new.id])
        await tx.add(there)
        (user,) = await tx.lock(User, [user_id])
        user.phone = "+49 30 1"
        tx.defer(MOVE_TO, user_id=user_id, city="Mainz")
        tx.append(new)
        there.name = "Z"

    await container.ports.db.run(step)

    async def later(tx: Tx) -> tuple[str | None, list[tuple[str, str]]]:
        (user,) = await tx.lock(User, [user_id])
        return user.phone, [(address.name, address.city) for address in await tx.load(Address, address_ids)]

    # Parts of one statement would not see each other, and of two changes of a row one would be lost.
    assert await container.ports.db.run(later) == ("+49 30 1", [("Z", "Mainz"), ("A", "Mainz")])


async def test_of_two_deferred_changes_of_a_row_none_is_lost(container: Container) -> None:
    user_id = await the_user(container)

    async def step(tx: Tx) -> str | None:
        tx.defer(CALL, user_id=user_id, digit="1")
        tx.defer(CALL, user_id=user_id, digit="2")
        (user,) = await tx.lock(User, [user_id])
        return user.phone

    assert await container.ports.db.run(step) == "12"


def part(at: int) -> Deferred:
    return Deferred("DELETE FROM t WHERE id = $1", [at], frozenset({f"table {at}"}))


def test_what_is_about_different_tables_is_one_statement() -> None:
    several = [part(at) for at in range(TOGETHER_MAX + 1)]
    assert [writing.values for writing in writings([], [], several)] == [[*range(TOGETHER_MAX)], [TOGETHER_MAX]]
    assert [writing.values for writing in writings([], [], [part(1), part(2), part(1)])] == [[1, 2], [1]]


async def test_what_was_appended_is_found_by_its_id(container: Container) -> None:
    user_id = await the_user(container)

    async def step(tx: Tx) -> str | None:
        address = an_address(user_id, tx, "Bonn")
        tx.append(address)
        found = await tx.get(Address, address.id)
        return None if found is None else found.city

    assert await container.ports.db.run(step) == "Bonn"


async def test_who_reads_a_table_sees_what_was_deferred_for_it(container: Container) -> None:
    user_id = await the_user(container)

    async def step(tx: Tx) -> list[str]:
        address = an_address(user_id, tx, "Bonn")
        await tx.add(address)
        tx.defer(MOVE_TO, user_id=user_id, city="Mainz")
        tx.defer(MOVE_TO, user_id=uuid4(), city="Nowhere")
        return [each.city for each in await tx.load(Address, [address.id])]

    assert await container.ports.db.run(step) == ["Mainz"]
