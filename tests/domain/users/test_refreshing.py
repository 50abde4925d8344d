"""Guarantee: a refresh token works once, whoever comes at the same time, and a stolen one is worth nothing for long."""

import asyncio

import pytest
from pydantic import SecretStr

from app.container import Container
from domain.shared.errors import DomainError
from domain.users.errors import SessionOver, TokenJustUsed
from domain.users.ports import UserPorts
from domain.users.sessions import REUSE_GRACE_SECONDS, RefreshSession, SignedIn, refresh_session
from tests.conftest import FakeClock
from tests.domain.users.accounts import an_account, lives, ports_of


async def refreshed(token: str, ports: UserPorts) -> SignedIn:
    return await refresh_session(RefreshSession(refresh_token=SecretStr(token)), ports=ports)


async def test_of_many_who_come_with_one_token_exactly_one_goes_on(container: Container) -> None:
    ports = ports_of(container)
    for _ in range(5):
        _, first = await an_account(ports)
        attempts = (refreshed(first.refresh_token, ports) for _ in range(8))
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        winners = [outcome for outcome in outcomes if isinstance(outcome, SignedIn)]
        losers = [outcome for outcome in outcomes if isinstance(outcome, TokenJustUsed)]
        assert (len(winners), len(losers)) == (1, 7)
        assert await lives(container, first)
        assert (await refreshed(winners[0].refresh_token, ports)).session_id == first.session_id


async def test_a_token_that_comes_twice_ends_the_session_and_the_newer_token_with_it(
    fresh_container: Container, clock: FakeClock
) -> None:
    ports = ports_of(fresh_container)
    _, first = await an_account(ports)
    _, unconcerned = await an_account(ports)
    second = await refreshed(first.refresh_token, ports)
    clock.advance(seconds=REUSE_GRACE_SECONDS + 1)
    for token in (first.refresh_token, second.refresh_token):
        with pytest.raises(SessionOver):
            await refreshed(token, ports)
    assert not await lives(fresh_container, first)
    assert await lives(fresh_container, unconcerned)


async def test_the_grace_of_a_moment_gives_no_token_and_does_not_begin_again(
    fresh_container: Container, clock: FakeClock
) -> None:
    ports = ports_of(fresh_container)
    _, first = await an_account(ports)
    await refreshed(first.refresh_token, ports)
    for _ in range(2):
        clock.advance(seconds=REUSE_GRACE_SECONDS * 0.4)
        with pytest.raises(TokenJustUsed):
            await refreshed(first.refresh_token, ports)
    clock.advance(seconds=REUSE_GRACE_SECONDS * 0.4)
    with pytest.raises(SessionOver):
        await refreshed(first.refresh_token, ports)


async def test_a_session_lasts_as_long_as_it_is_refreshed_in_time(fresh_container: Container, clock: FakeClock) -> None:
    ports = ports_of(fresh_container)
    _, session = await an_account(ports)
    for _ in range(3):
        clock.advance(seconds=ports.policy.refresh_token_seconds - 60)
        session = await refreshed(session.refresh_token, ports)
    clock.advance(seconds=ports.policy.refresh_token_seconds + 1)
    assert not await lives(fresh_container, session)
    with pytest.raises(SessionOver):
        await refreshed(session.refresh_token, ports)


async def test_an_unknown_token_says_no_more_than_an_old_one(container: Container) -> None:
    with pytest.raises(DomainError) as refusal:
        await refreshed("never issued", ports_of(container))
    assert isinstance(refusal.value, SessionOver)


async def test_the_database_holds_no_token_that_could_be_used(container: Container) -> None:
    _, session = await an_account(ports_of(container))
    with pytest.raises(SessionOver):
        await refreshed(session.refresh_token.upper(), ports_of(container))
    assert session.refresh_token not in repr(session)
    assert session.access_token not in repr(session)
