"""Guarantee: nobody guesses passwords in bulk, and nobody shuts another one out by guessing wrong."""

import asyncio
from uuid import uuid4

import pytest
from pydantic import SecretStr

from app.container import Container
from domain.shared.actor import Client
from domain.users.attempts import ADDRESS_WINDOW_SECONDS, PER_ADDRESS_MAX, PER_NETWORK_MAX, PER_ORIGIN_MAX
from domain.users.errors import TooManyAttempts, WrongCredentials
from domain.users.passwords import ChangePassword, change_password
from domain.users.ports import UserPorts
from domain.users.sessions import SignedIn
from domain.users.sign_in import SignIn, sign_in
from tests.conftest import FakeClock
from tests.domain.users.accounts import PASSWORD, FakePasswordHasher, an_account, ports_of

HOME = "2001:db8:1:1::1"
ABROAD = "2001:db8:2:2::1"


async def attempt(
    ports: UserPorts, email: str, *, ip: str = HOME, device: str = "", password: str = PASSWORD
) -> SignedIn:
    command = SignIn(email=email, password=SecretStr(password))
    return await sign_in(command, client=Client(ip=ip, device_id=device), ports=ports)


async def wrong(ports: UserPorts, email: str, times: int, *, ip: str = HOME, device: str = "") -> set[str]:
    """What so many guesses at once were answered."""
    guesses = (attempt(ports, email, ip=ip, device=device, password=f"guess {number}") for number in range(times))
    return {f"{each!r}" for each in await asyncio.gather(*guesses, return_exceptions=True)}


async def guessed_from_everywhere(ports: UserPorts, email: str, *, tried: int = 0) -> None:
    """All that strangers may try at an address together, each of them within their own limit."""
    for number in range((PER_ADDRESS_MAX - tried) // PER_ORIGIN_MAX):
        network = f"2001:db8:{uuid4().hex[:4]}:{number + 16:x}::1"
        assert await wrong(ports, email, PER_ORIGIN_MAX, ip=network) == {repr(WrongCredentials())}


async def test_a_stranger_who_guesses_wrong_is_stopped_and_the_owner_is_not(container: Container) -> None:
    ports = ports_of(container)
    email, _ = await an_account(ports)
    assert repr(TooManyAttempts(1)) in await wrong(ports, email, PER_ORIGIN_MAX + 1, ip=ABROAD)
    await attempt(ports, email, ip=HOME)
    with pytest.raises(TooManyAttempts):
        await attempt(ports, email, ip=ABROAD)


async def test_guesses_from_everywhere_stop_strangers_only(fresh_container: Container, clock: FakeClock) -> None:
    ports = ports_of(fresh_container)
    device = uuid4().hex
    email, _ = await an_account(ports, client=Client(ip=HOME, device_id=device))
    nobody = f"{uuid4().hex}@example.com"
    refusals = []
    for address in (email, nobody):
        await guessed_from_everywhere(ports, address)
        with pytest.raises(TooManyAttempts) as refusal:
            await attempt(ports, address, ip="203.0.113.9")
        refusals.append(str(refusal.value))
        assert ADDRESS_WINDOW_SECONDS - 60 < refusal.value.retry_after_seconds <= ADDRESS_WINDOW_SECONDS
    assert refusals[0] == refusals[1], "an address with an account and one without are refused alike"
    await attempt(ports, email, ip="2001:db8:1:1::99")
    await attempt(ports, email, ip=ABROAD, device=device)
    with pytest.raises(TooManyAttempts):
        await attempt(ports, email, ip="203.0.113.9", device="another device")
    clock.advance(seconds=ADDRESS_WINDOW_SECONDS)
    await attempt(ports, email, ip="203.0.113.9", device="another device")


async def test_neighbours_in_a_network_do_not_fill_the_count_of_a_known_device(container: Container) -> None:
    ports = ports_of(container)
    device, office = uuid4().hex, f"2001:db8:{uuid4().hex[:4]}:7::"
    email, _ = await an_account(ports, client=Client(ip=f"{office}1", device_id=device))
    await wrong(ports, email, PER_ORIGIN_MAX + 1, ip=f"{office}2", device="the neighbour's")
    for start in range(0, PER_NETWORK_MAX, PER_ORIGIN_MAX):
        await wrong(ports, f"{start}-{uuid4().hex}@example.com", PER_ORIGIN_MAX, ip=f"{office}2")
    with pytest.raises(TooManyAttempts):
        await attempt(ports, email, ip=f"{office}1")
    await attempt(ports, email, ip=f"{office}1", device=device)


async def test_a_known_device_guesses_no_more_than_others(container: Container) -> None:
    hasher = FakePasswordHasher()
    ports, device = ports_of(container, hasher), uuid4().hex
    email, _ = await an_account(ports, client=Client(device_id=device))
    for number in range(3):
        await wrong(ports, email, PER_ORIGIN_MAX, ip=f"203.0.113.{number}", device=device)
    assert hasher.verified == PER_ORIGIN_MAX


async def test_only_a_sign_in_makes_a_device_known(container: Container) -> None:
    ports, device = ports_of(container), uuid4().hex
    email, _ = await an_account(ports)
    await wrong(ports, email, PER_ORIGIN_MAX, ip=HOME, device=device)
    await guessed_from_everywhere(ports, email, tried=PER_ORIGIN_MAX)
    with pytest.raises(TooManyAttempts):
        await attempt(ports, email, ip=ABROAD, device=device)


async def test_wrong_guesses_from_outside_do_not_keep_a_user_from_changing_the_password(container: Container) -> None:
    ports = ports_of(container)
    email, here = await an_account(ports)
    await wrong(ports, email, PER_ORIGIN_MAX + 1, ip="")
    actor = container.ports.tokens.verify(here.access_token, container.ports.clock.now())
    assert actor is not None
    command = ChangePassword(current_password=SecretStr(PASSWORD), new_password=SecretStr("another horse"))
    assert await change_password(command, actor=actor, ports=ports) == 0
