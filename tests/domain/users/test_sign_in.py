"""Guarantee: sign-in tells a stranger nothing, and nobody guesses passwords in bulk."""

import asyncio
import logging
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.container import Container
from domain.shared.actor import Client
from domain.shared.database import Tx, table
from domain.shared.errors import DomainError, InvalidInput
from domain.users.attempts import (
    PER_NETWORK_MAX,
    PER_ORIGIN_MAX,
    REGISTRATIONS_PER_NETWORK_MAX,
    WINDOW_SECONDS,
    network_of,
)
from domain.users.errors import EmailTaken, TooManyAttempts, WrongCredentials
from domain.users.model import SESSIONS_PER_USER_MAX, ClientSignal, User, UserStatus
from domain.users.ports import UserPorts
from domain.users.reads import sessions_of_user
from domain.users.registration import RegisterUser
from domain.users.retention import sweep_users
from domain.users.sessions import SignedIn
from domain.users.sign_in import SignIn, sign_in
from resolvers.shared.parsing import parse
from resolvers.users.inputs import RegisterInput
from tests.conftest import FakeClock
from tests.domain.users.accounts import PASSWORD, FakePasswordHasher, an_account, ports_of


async def attempt(ports: UserPorts, email: str, password: str = PASSWORD, ip: str = "", device: str = "") -> SignedIn:
    command = SignIn(email=email, password=SecretStr(password))
    return await sign_in(command, client=Client(ip=ip, user_agent="Test/1", device_id=device), ports=ports)


async def block(container: Container, email: str) -> None:
    async def step(tx: Tx) -> None:
        users = table(User)
        (user_id,) = (await tx.execute(select(users.c.id).where(users.c.email == email))).scalars()
        (user,) = await tx.lock(User, [user_id])
        user.status = UserStatus.BLOCKED

    await container.ports.db.run(step)


async def test_whatever_is_wrong_the_answer_is_the_same(container: Container) -> None:
    hasher = FakePasswordHasher()
    ports = ports_of(container, hasher)
    blocked, known = (await an_account(ports))[0], (await an_account(ports))[0]
    await block(container, blocked)
    answers = set()
    for email, password in ((known, "wrong password"), (f"{uuid4().hex}@example.com", PASSWORD), (blocked, PASSWORD)):
        before = hasher.verified
        with pytest.raises(DomainError) as refusal:
            await attempt(ports, email, password)
        answers.add((type(refusal.value), str(refusal.value), hasher.verified - before))
    assert answers == {(WrongCredentials, str(WrongCredentials()), 1)}


async def test_the_real_hash_takes_a_right_password_only(container: Container) -> None:
    ports = container.ports.users
    email, first = await an_account(ports)
    assert (await attempt(ports, email.upper())).user_id == first.user_id
    with pytest.raises(WrongCredentials):
        await attempt(ports, email, PASSWORD + " ")


async def test_guesses_from_one_origin_are_bounded_even_when_they_come_at_once(container: Container) -> None:
    hasher = FakePasswordHasher()
    ports = ports_of(container, hasher)
    known, unknown = (await an_account(ports))[0], f"{uuid4().hex}@example.com"
    for email in (known, unknown):
        hasher.verified = 0
        guesses = (attempt(ports, email, f"guess number {number}") for number in range(PER_ORIGIN_MAX * 3))
        refusals = [type(each) for each in await asyncio.gather(*guesses, return_exceptions=True)]
        assert refusals.count(WrongCredentials) == hasher.verified == PER_ORIGIN_MAX
        assert refusals.count(TooManyAttempts) == PER_ORIGIN_MAX * 2
    with pytest.raises(TooManyAttempts):
        await attempt(ports, known)


async def test_after_the_window_and_after_success_the_count_begins_anew(
    fresh_container: Container, clock: FakeClock
) -> None:
    ports = ports_of(fresh_container)
    email, _ = await an_account(ports)
    for _ in range(2):
        for _ in range(PER_ORIGIN_MAX - 1):
            with pytest.raises(WrongCredentials):
                await attempt(ports, email, "wrong password")
        await attempt(ports, email)
    for _ in range(PER_ORIGIN_MAX):
        with pytest.raises(WrongCredentials):
            await attempt(ports, email, "wrong password")
    with pytest.raises(TooManyAttempts) as refusal:
        await attempt(ports, email)
    assert 0 < refusal.value.retry_after_seconds <= WINDOW_SECONDS
    clock.advance(seconds=WINDOW_SECONDS)
    await attempt(ports, email)


async def test_one_network_cannot_register_without_end_nor_ask_which_addresses_are_taken(
    container: Container,
) -> None:
    ports = ports_of(container)
    taken, _ = await an_account(ports)
    office = Client(ip="2001:db8:0:8::1")
    for _ in range(REGISTRATIONS_PER_NETWORK_MAX - 1):
        with pytest.raises(EmailTaken):
            await an_account(ports, taken, office)
    await an_account(ports, client=office)
    hasher = FakePasswordHasher()
    for email in (taken, None):
        with pytest.raises(TooManyAttempts):
            await an_account(ports_of(container, hasher), email, Client(ip="2001:db8:0:8::2"))
    assert hasher.hashed == 0, "refused before the work"
    await an_account(ports, client=Client(ip="2001:db8:0:9::1"))


async def test_one_network_cannot_try_many_addresses_but_many_may_sign_in_from_it(container: Container) -> None:
    ports = ports_of(container)
    email, _ = await an_account(ports)
    office = "2001:db8:0:7::1"
    for _ in range(PER_NETWORK_MAX + 5):
        await attempt(ports, email, ip=office)
    for start in range(0, PER_NETWORK_MAX, 10):
        strangers = (
            attempt(ports, f"{uuid4().hex}@example.com", ip=f"2001:db8:0:7::{start + number:x}") for number in range(10)
        )
        refusals = await asyncio.gather(*strangers, return_exceptions=True)
        assert {type(refusal) for refusal in refusals} == {WrongCredentials}
    with pytest.raises(TooManyAttempts):
        await attempt(ports, email, ip=office)
    await attempt(ports, email, ip="2001:db8:0:8::1")


def test_networks_are_what_one_customer_has() -> None:
    assert network_of("203.0.113.7") == network_of("::ffff:203.0.113.7") == "203.0.113.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")


async def test_of_many_who_register_one_address_exactly_one_gets_it(container: Container) -> None:
    ports = ports_of(container)
    email = f"{uuid4().hex}@example.com"
    attempts = (an_account(ports, email.upper() if number % 2 else email) for number in range(8))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EmailTaken"] * 7 + ["tuple"]


async def test_the_least_used_session_goes_when_there_are_too_many(container: Container) -> None:
    ports = ports_of(container)
    email, first = await an_account(ports)
    newest = [await attempt(ports, email) for _ in range(SESSIONS_PER_USER_MAX)][-1]
    found = await sessions_of_user(container.ports.db.primary, first.user_id, container.ports.clock.now())
    ids = [session.id for session in found]
    assert len(ids) == SESSIONS_PER_USER_MAX
    assert newest.session_id in ids
    assert first.session_id not in ids


async def test_where_somebody_signed_in_from_is_kept_for_a_time_only(
    fresh_container: Container, clock: FakeClock
) -> None:
    container = fresh_container
    ports = ports_of(container)
    email, _ = await an_account(ports, client=Client(ip="203.0.113.7"))
    await attempt(ports, email, ip="203.0.113.8")
    signals = table(ClientSignal)
    kept = select(signals.c.ip).order_by(signals.c.id)

    async def addresses() -> list[str]:
        async def step(tx: Tx) -> list[str]:
            return list((await tx.execute(kept)).scalars())

        return await container.ports.db.run(step)

    assert await addresses() == ["203.0.113.7", "203.0.113.8"]
    clock.advance(seconds=ports.policy.signal_retention_seconds)
    assert await sweep_users(ports.db, ports.policy) > 0
    assert await addresses() == []
    assert await sweep_users(ports.db, ports.policy) == 0


async def test_passwords_stand_in_no_error_and_no_log(container: Container, caplog: pytest.LogCaptureFixture) -> None:
    ports, secret = container.ports.users, "s3cret"
    caplog.set_level(logging.DEBUG)
    given = RegisterInput(email="nobody", password=secret, display_name="Ann")
    with pytest.raises(InvalidInput) as fault:
        parse(RegisterUser, given)
    long_secret = f"{secret} but long enough"
    email, _ = await an_account(ports)
    command = RegisterUser(email=email, password=SecretStr(long_secret), display_name="Ann")
    with pytest.raises(EmailTaken) as taken:
        await an_account(ports, email)
    with pytest.raises(WrongCredentials) as wrong:
        await attempt(ports, email, long_secret)
    said = [repr(fault.value.issues), repr(command), repr(taken.value), repr(wrong.value), caplog.text]
    assert not [text for text in said if secret in text]
    assert taken.value.__cause__ is None
