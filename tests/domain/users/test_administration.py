"""Guarantee: who is blocked is out at once, who changes a password is alone with it, and there is an administrator."""

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.container import Container
from domain.shared.actor import SYSTEM, Actor, Client, Role
from domain.shared.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from domain.shared.ids import new_id
from domain.users.administration import (
    BlockUser,
    SetUserRoles,
    UnblockUser,
    block_user,
    set_user_roles,
    unblock_user,
)
from domain.users.attempts import PER_ORIGIN_MAX
from domain.users.errors import (
    SessionOver,
    TooManyAttempts,
    WouldLoseAdministrator,
    WrongCredentials,
)
from domain.users.passwords import ChangePassword, change_password
from domain.users.ports import UserPorts
from domain.users.sessions import RefreshSession, SignedIn, refresh_session
from domain.users.sign_in import SignIn, sign_in
from tests.domain.users.accounts import PASSWORD, an_account, lives, ports_of
from tests.makers import a_buyer, a_moderator, an_admin

NEW_PASSWORD = "another horse"


async def attempt(ports: UserPorts, email: str, password: str = PASSWORD) -> SignedIn:
    return await sign_in(SignIn(email=email, password=SecretStr(password)), client=Client(), ports=ports)


async def change(ports: UserPorts, actor: Actor, current: str, new: str = NEW_PASSWORD) -> int:
    command = ChangePassword(current_password=SecretStr(current), new_password=SecretStr(new))
    return await change_password(command, actor=actor, ports=ports)


def actor_of(container: Container, session: SignedIn) -> Actor:
    actor = container.ports.tokens.verify(session.access_token, container.ports.clock.now())
    assert actor is not None
    return actor


async def test_who_is_blocked_is_out_and_stays_out_until_unblocked(container: Container) -> None:
    ports, admin = ports_of(container), await an_admin(container)
    email, session = await an_account(ports)
    block = BlockUser(user_id=session.user_id, reason="Fraud.")
    await block_user(block, actor=admin, db=ports.db)
    assert not await lives(container, session)
    with pytest.raises(SessionOver):
        await refresh_session(RefreshSession(refresh_token=SecretStr(session.refresh_token)), ports=ports)
    with pytest.raises(WrongCredentials):
        await attempt(ports, email)
    with pytest.raises(IllegalTransition):
        await block_user(block, actor=admin, db=ports.db)
    unblock = UnblockUser(user_id=session.user_id)
    await unblock_user(unblock, actor=admin, db=ports.db)
    with pytest.raises(IllegalTransition):
        await unblock_user(unblock, actor=admin, db=ports.db)
    await attempt(ports, email)
    assert not await lives(container, session)


async def test_no_session_begins_beside_a_block(container: Container) -> None:
    ports, admin = ports_of(container), await an_admin(container)
    for _ in range(5):
        email, first = await an_account(ports)
        command = BlockUser(user_id=first.user_id, reason="Fraud.")
        outcomes = await asyncio.gather(
            *(attempt(ports, email) for _ in range(4)),
            block_user(command, actor=admin, db=ports.db),
            return_exceptions=True,
        )
        begun = [outcome for outcome in outcomes if isinstance(outcome, SignedIn)]
        assert [session for session in (first, *begun) if await lives(container, session)] == []


async def test_administration_is_for_administrators(container: Container) -> None:
    ann, db = await a_buyer(container), container.ports.db
    for stranger in (ann, await a_moderator(container), replace(ann, roles=frozenset({Role.ADMIN}))):
        with pytest.raises(NotPermitted):
            await set_user_roles(SetUserRoles(user_id=ann.user(), roles=[Role.ADMIN]), actor=stranger, db=db)
        with pytest.raises(NotPermitted):
            await block_user(BlockUser(user_id=ann.user(), reason="No."), actor=stranger, db=db)
        with pytest.raises(NotPermitted):
            await unblock_user(UnblockUser(user_id=ann.user()), actor=stranger, db=db)


async def test_two_administrators_cannot_take_the_role_from_each_other(container: Container) -> None:
    db = container.ports.db
    for _ in range(5):
        first, second = await an_admin(container), await an_admin(container)
        outcomes = await asyncio.gather(
            set_user_roles(SetUserRoles(user_id=second.user(), roles=[]), actor=first, db=db),
            set_user_roles(SetUserRoles(user_id=first.user(), roles=[]), actor=second, db=db),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotPermitted", "UUID"]


async def test_an_administrator_neither_blocks_nor_demotes_themself(container: Container) -> None:
    admin, db = await an_admin(container), container.ports.db
    with pytest.raises(WouldLoseAdministrator):
        await set_user_roles(SetUserRoles(user_id=admin.user(), roles=[Role.MODERATOR]), actor=admin, db=db)
    with pytest.raises(WouldLoseAdministrator):
        await block_user(BlockUser(user_id=admin.user(), reason="Tired."), actor=admin, db=db)


async def test_the_first_administrator_is_made_by_the_system_and_losing_a_role_ends_sessions(
    container: Container,
) -> None:
    ports = ports_of(container)
    email, first = await an_account(ports)
    await set_user_roles(SetUserRoles(user_id=first.user_id, roles=[Role.ADMIN]), actor=SYSTEM, db=ports.db)
    session = await attempt(ports, email)
    assert actor_of(container, session).roles == {Role.ADMIN}
    await set_user_roles(SetUserRoles(user_id=first.user_id, roles=[]), actor=SYSTEM, db=ports.db)
    assert not await lives(container, session)


async def test_what_is_missing_is_said(container: Container) -> None:
    admin, db = await an_admin(container), container.ports.db
    with pytest.raises(InvalidInput):
        await block_user(BlockUser(user_id=new_id(), reason=" "), actor=admin, db=db)
    with pytest.raises(NotFound):
        await block_user(BlockUser(user_id=new_id(), reason="Fraud."), actor=admin, db=db)


async def test_a_changed_password_ends_the_other_sessions_and_the_old_one_is_worth_nothing(
    container: Container,
) -> None:
    ports = ports_of(container)
    email, here = await an_account(ports)
    elsewhere = await attempt(ports, email)
    assert await change(ports, actor_of(container, here), PASSWORD) == 1
    assert await lives(container, here)
    assert not await lives(container, elsewhere)
    with pytest.raises(WrongCredentials):
        await attempt(ports, email)
    await attempt(ports, email, NEW_PASSWORD)


async def test_the_present_password_cannot_be_guessed_from_within_a_session(container: Container) -> None:
    ports = ports_of(container)
    _, here = await an_account(ports)
    actor = actor_of(container, here)
    guesses = (change(ports, actor, f"guess number {number}") for number in range(PER_ORIGIN_MAX + 5))
    refusals = [type(each) for each in await asyncio.gather(*guesses, return_exceptions=True)]
    assert (refusals.count(WrongCredentials), refusals.count(TooManyAttempts)) == (PER_ORIGIN_MAX, 5)


async def test_of_two_changes_at_once_one_is_kept(container: Container) -> None:
    ports = ports_of(container)
    email, here = await an_account(ports)
    actor = actor_of(container, here)
    passwords = ["first new horse", "second new horse"]
    outcomes = await asyncio.gather(*(change(ports, actor, PASSWORD, new) for new in passwords), return_exceptions=True)
    kept = [new for new, outcome in zip(passwords, outcomes, strict=True) if isinstance(outcome, int)]
    assert len(kept) == 1
    await attempt(ports, email, kept[0])
