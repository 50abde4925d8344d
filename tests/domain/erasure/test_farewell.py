"""Who is erased is told so once, and their address goes with that mail."""

from dataclasses import replace
from uuid import UUID

import pytest

from app.container import Container
from app.jobs import HANDLERS
from domain.erasure.erasing import EraseUser, erase_user
from domain.erasure.events import UserErased
from domain.erasure.farewell import KEPT_SECONDS, forget_farewells, send_farewell
from domain.notifications.errors import MailDeferred, MailRefused
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import rows_of
from tests.domain.sellers.test_invitations import FakeSender, a_person
from tests.makers import an_admin


async def an_erased_user(container: Container) -> tuple[str, UUID]:
    email, person = await a_person(container)
    await erase_user(EraseUser(user_id=person.user()), actor=await an_admin(container), db=container.ports.db)
    return email, person.user()


async def is_kept(container: Container, email: str) -> bool:
    return bool(await rows_of(container, "SELECT 1 FROM farewell WHERE email = :email", email=email))


async def test_the_erased_are_told_once_at_the_address_that_they_had(container: Container) -> None:
    email, user_id = await an_erased_user(container)
    sender = FakeSender()
    ports = replace(container.mail, sender=sender)
    assert any(handler.event is UserErased and handler.name == "say_farewell" for handler in HANDLERS)
    assert await send_farewell(user_id, ports=ports)
    assert not await send_farewell(user_id, ports=ports), "the job ran again"
    (mail,) = sender.mails
    assert (mail.to, mail.subject) == (email, "Your account was erased")
    assert mail.html.count("<p") == 4
    assert not await is_kept(container, email)


async def test_the_address_is_kept_while_the_server_says_later_and_not_when_it_says_never(container: Container) -> None:
    email, user_id = await an_erased_user(container)
    with pytest.raises(MailDeferred):
        await send_farewell(user_id, ports=replace(container.mail, sender=FakeSender(MailDeferred("busy"))))
    assert await is_kept(container, email)
    refusing = replace(container.mail, sender=FakeSender(MailRefused("no such mailbox")))
    assert not await send_farewell(user_id, ports=refusing)
    assert not await is_kept(container, email)


async def test_an_address_that_no_server_answers_for_is_forgotten_in_the_end(
    fresh_container: Container, clock: FakeClock
) -> None:
    email, _ = await an_erased_user(fresh_container)
    clock.advance(seconds=KEPT_SECONDS - 1)
    assert await forget_farewells(db=fresh_container.ports.db) == 0
    clock.advance(seconds=2)
    assert await forget_farewells(db=fresh_container.ports.db) == 1
    assert not await is_kept(fresh_container, email)
