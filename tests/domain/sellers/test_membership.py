"""Guarantee: a shop always has an owner, and whoever left acts for it no longer, whatever happens at the same time."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.container import Container
from domain.sellers.errors import LastOwner, TooMany
from domain.sellers.membership import (
    ChangeMemberRole,
    RemoveMember,
    change_member_role,
    remove_member,
)
from domain.sellers.model import SHOPS_PER_USER_MAX, MemberRole
from domain.sellers.reads import members_of_seller, memberships_of_user
from domain.sellers.switching import SwitchSeller, still_holds, switch_seller
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import NotFound, NotPermitted
from domain.users.errors import SessionOver
from domain.users.model import UserSession
from domain.users.sessions import SignedIn, sign_out
from tests.domain.sellers.hiring import hired, invited
from tests.domain.users.accounts import an_account, ports_of
from tests.makers import a_seller


async def a_person(container: Container) -> tuple[str, Actor]:
    """E-mail address, and the person in a session that acts for no shop."""
    email, session = await an_account(ports_of(container))
    return email, actor_of(container, session)


def actor_of(container: Container, session: SignedIn) -> Actor:
    actor = container.ports.tokens.verify(session.access_token, container.ports.clock.now())
    assert actor is not None
    return actor


async def joined(container: Container, owner: Actor, role: MemberRole = MemberRole.STAFF) -> Actor:
    """A new member of the owner's shop, in a session that acts for it."""
    email, person = await a_person(container)
    await hired(container, owner, email, person, role)
    return await switched(container, person, owner)


async def switched(container: Container, person: Actor, owner: Actor) -> Actor:
    token = await switch_seller(SwitchSeller(seller_id=owner.seller()), actor=person, ports=container.ports.users)
    actor = container.ports.tokens.verify(token.text, container.ports.clock.now())
    assert actor is not None
    return actor


async def roles_of(container: Container, owner: Actor) -> list[MemberRole]:
    return [member.role for member in await members_of_seller(container.ports.db.primary, owner.seller())]


async def acts_for(container: Container, actor: Actor) -> object:
    sessions = table(UserSession)

    async def step(tx: Tx) -> object:
        found = await tx.execute(select(sessions.c.seller_id).where(sessions.c.id == actor.session_id))
        return found.scalar_one()

    return await container.ports.db.run(step)


async def holds(container: Container, actor: Actor) -> bool:
    return await still_holds(container.ports.db.primary, actor, container.ports.clock.now())


async def test_a_member_switches_to_the_shop(container: Container) -> None:
    owner = await a_seller(container)
    staff = await joined(container, owner)
    assert staff.seller_id == owner.seller_id
    assert await holds(container, staff)
    assert [each.seller_id for each in await memberships_of_user(container.reads, staff.user())] == [owner.seller_id]


async def test_nobody_switches_to_a_shop_where_they_do_not_work(container: Container) -> None:
    owner = await a_seller(container)
    _, stranger = await a_person(container)
    with pytest.raises(NotFound):
        await switched(container, stranger, owner)


async def test_a_session_that_is_over_switches_no_more(container: Container) -> None:
    owner = await a_seller(container)
    staff = await joined(container, owner)
    await sign_out(actor=staff, ports=container.ports.users)
    with pytest.raises(SessionOver):
        await switched(container, staff, owner)
    assert not await holds(container, staff)


async def test_whoever_is_removed_acts_for_the_shop_no_longer(container: Container) -> None:
    owner = await a_seller(container)
    staff = await joined(container, owner)
    await remove_member(RemoveMember(user_id=staff.user()), actor=owner, db=container.ports.db)
    assert await acts_for(container, staff) is None
    assert not await holds(container, staff)
    with pytest.raises(NotPermitted):
        await remove_member(RemoveMember(user_id=staff.user()), actor=staff, db=container.ports.db)


async def test_a_removal_and_a_switch_at_once_leave_no_session_behind(container: Container) -> None:
    for _ in range(5):
        owner = await a_seller(container)
        staff = await joined(container, owner)
        away = replace(staff, seller_id=None)
        await switch_seller(SwitchSeller(), actor=away, ports=container.ports.users)
        await asyncio.gather(
            switched(container, away, owner),
            remove_member(RemoveMember(user_id=staff.user()), actor=owner, db=container.ports.db),
            return_exceptions=True,
        )
        assert await acts_for(container, staff) is None
        assert await roles_of(container, owner) == [MemberRole.OWNER]


async def test_two_owners_who_leave_at_once_do_not_both_go(container: Container) -> None:
    for _ in range(5):
        first = await a_seller(container)
        second = await joined(container, first, MemberRole.OWNER)
        leaving = (
            remove_member(RemoveMember(user_id=owner.user()), actor=owner, db=container.ports.db)
            for owner in (first, second)
        )
        outcomes = await asyncio.gather(*leaving, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastOwner", "NoneType"]


async def test_the_last_owner_stays_one(container: Container) -> None:
    owner = await a_seller(container)
    demotion = ChangeMemberRole(user_id=owner.user(), role=MemberRole.STAFF)
    with pytest.raises(LastOwner):
        await change_member_role(demotion, actor=owner, db=container.ports.db)
    await joined(container, owner, MemberRole.OWNER)
    await change_member_role(demotion, actor=owner, db=container.ports.db)
    assert await roles_of(container, owner) == [MemberRole.STAFF, MemberRole.OWNER]


async def test_members_are_the_owners_business(container: Container) -> None:
    owner = await a_seller(container)
    staff, other = await joined(container, owner), await joined(container, owner)
    email, _ = await a_person(container)
    db = container.ports.db
    attempts = (
        invited(container, staff, email),
        change_member_role(ChangeMemberRole(user_id=staff.user(), role=MemberRole.OWNER), actor=staff, db=db),
        remove_member(RemoveMember(user_id=other.user()), actor=staff, db=db),
    )
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            await attempt
    await remove_member(RemoveMember(user_id=staff.user()), actor=staff, db=db)


async def test_a_member_of_another_shop_is_not_found(container: Container) -> None:
    owner, other = await a_seller(container), await a_seller(container)
    with pytest.raises(NotFound):
        await remove_member(RemoveMember(user_id=other.user()), actor=owner, db=container.ports.db)


async def test_a_person_works_for_so_many_shops_and_no_more(container: Container) -> None:
    email, person = await a_person(container)
    owners = [await a_seller(container) for _ in range(SHOPS_PER_USER_MAX + 3)]
    additions = (hired(container, owner, email, person) for owner in owners)
    outcomes = await asyncio.gather(*additions, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, TooMany)]) == 3
