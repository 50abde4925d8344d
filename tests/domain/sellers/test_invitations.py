"""Guarantee: nobody works for a shop without their own yes, and inviting tells nothing about an address."""

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.container import Container
from app.jobs import HANDLERS
from domain.notifications.errors import MailDeferred, MailRefused
from domain.notifications.inviting import send_invitation
from domain.notifications.ports import Mail, MailPorts
from domain.sellers.errors import AlreadyMember, TooMany
from domain.sellers.events import MemberInvited
from domain.sellers.invitations import (
    KEPT,
    LIFETIME,
    MAILS_PER_ADDRESS_AND_DAY_MAX,
    PER_SHOP_AND_DAY_MAX,
    AcceptInvitation,
    RevokeInvitation,
    accept_invitation,
    digest_of,
    forget_invitations,
    revoke_invitation,
)
from domain.sellers.membership import ChangeMemberRole, change_member_role
from domain.sellers.model import MEMBERS_MAX, MemberRole, SellerInvitation, SellerMember, SellerStatus
from domain.sellers.reads import members_of_seller, open_invitations
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import NotFound, NotPermitted
from infra.hmac.invitations import HmacInvitationTokens
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import rows_of
from tests.domain.sellers.hiring import accepted, hired, invited
from tests.domain.users.accounts import an_account, ports_of
from tests.makers import a_buyer, a_seller


class FakeSender:
    """Keeps what it takes; the fault, if any, comes first."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.mails: list[Mail] = []
        self._fault = fault

    async def send(self, mail: Mail) -> None:
        if self._fault is not None:
            raise self._fault
        self.mails.append(mail)


def mailing(container: Container, sender: FakeSender | None) -> MailPorts:
    return replace(container.mail, sender=sender)


async def sent(container: Container, invitation_id: UUID, sender: FakeSender) -> bool:
    tokens = container.ports.invitation_tokens
    return await send_invitation(invitation_id, ports=mailing(container, sender), tokens=tokens)


async def jobs_of(container: Container, invitation_id: UUID) -> int:
    """How many jobs will send this invitation's mail."""
    (name,) = (handler.name for handler in HANDLERS if handler.event is MemberInvited)
    statement = "SELECT id FROM pgqueuer WHERE entrypoint = :name AND convert_from(payload, 'UTF8') LIKE :about"
    return len(await rows_of(container, statement, name=name, about=f"%{invitation_id}%"))


async def a_person(container: Container) -> tuple[str, Actor]:
    email, session = await an_account(ports_of(container))
    actor = container.ports.tokens.verify(session.access_token, container.ports.clock.now())
    assert actor is not None
    return email, actor


async def works_there(container: Container, owner: Actor, person: Actor) -> bool:
    members = await members_of_seller(container.ports.db.primary, owner.seller())
    return person.user_id in {member.user_id for member in members}


async def seen(container: Container, actor: Actor) -> list[UUID]:
    now = container.ports.clock.now()
    views = await open_invitations(container.ports.db.primary, actor.seller(), actor.user(), now)
    return [view.id for view in views]


async def test_who_is_invited_works_there_only_after_a_yes_with_the_token_of_the_mail(container: Container) -> None:
    owner, (email, person), sender = await a_seller(container), await a_person(container), FakeSender()
    invitation_id = await invited(container, owner, email.upper(), MemberRole.STAFF)
    assert not await works_there(container, owner, person)
    assert await jobs_of(container, invitation_id) == 1
    assert await sent(container, invitation_id, sender)
    (mail,) = sender.mails
    assert mail.to.lower() == email
    (link,) = (word for word in mail.text.split() if "/invitation#" in word)
    assert link in mail.html
    token = urlsplit(link).fragment
    command = AcceptInvitation(token=SecretStr(token))
    assert await accept_invitation(command, actor=person, db=container.ports.db) == owner.seller_id
    assert await works_there(container, owner, person)
    assert await accept_invitation(command, actor=person, db=container.ports.db) == owner.seller_id, "sent again"
    assert not await sent(container, invitation_id, sender), "over"
    assert token not in repr(command)


async def test_the_token_stands_in_no_table(container: Container) -> None:
    owner = await a_seller(container)
    invitation_id = await invited(container, owner, f"{uuid4().hex}@example.com")
    token = container.ports.invitation_tokens.token_of(invitation_id)

    async def step(tx: Tx) -> dict[str, object]:
        rows = table(SellerInvitation)
        found = await tx.execute(select(rows).where(rows.c.id == invitation_id))
        return dict(found.mappings().one())

    row = await container.ports.db.run(step)
    assert row["token_digest"] == digest_of(token)
    assert token not in str(row)
    jobs = "SELECT id FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :token"
    assert await rows_of(container, jobs, token=f"%{token}%") == []
    assert HmacInvitationTokens(b"another key").token_of(invitation_id) != token


async def test_an_address_with_an_account_and_one_without_are_invited_alike(container: Container) -> None:
    owner, (email, _) = await a_seller(container), await a_person(container)
    ids = [await invited(container, owner, address) for address in (email, f"{uuid4().hex}@example.com")]
    assert [await jobs_of(container, id_) for id_ in ids] == [1, 1]
    assert set(await seen(container, owner)) == set(ids)


async def test_the_invitation_is_of_one_address_and_of_nobody_else(container: Container) -> None:
    owner, (email, person), (_, other) = await a_seller(container), await a_person(container), await a_person(container)
    invitation_id = await invited(container, owner, email)
    with pytest.raises(NotFound):
        await accepted(container, other, invitation_id)
    with pytest.raises(NotFound):
        await accepted(container, person, uuid4())
    await accepted(container, person, invitation_id)


async def test_what_was_revoked_replaced_or_expired_is_worth_nothing(
    fresh_container: Container, clock: FakeClock
) -> None:
    container = fresh_container
    owner, (email, person) = await a_seller(container), await a_person(container)
    replaced = await invited(container, owner, email)
    revoked = await invited(container, owner, email)
    command = RevokeInvitation(invitation_id=revoked)
    for _ in range(2):
        await revoke_invitation(command, actor=owner, db=container.ports.db)
    expired = await invited(container, owner, email)
    assert await seen(container, owner) == [expired]
    clock.advance(seconds=LIFETIME.total_seconds())
    assert await seen(container, owner) == []
    for invitation_id in (replaced, revoked, expired):
        with pytest.raises(NotFound):
            await accepted(container, person, invitation_id)
        assert not await sent(container, invitation_id, FakeSender())
    assert await forget_invitations(db=container.ports.db) == 0
    clock.advance(seconds=KEPT.total_seconds())
    assert await forget_invitations(db=container.ports.db) == 3


async def test_an_owner_who_lost_the_shop_leaves_no_open_door(container: Container) -> None:
    owner, (second_email, second) = await a_seller(container), await a_person(container)
    await hired(container, owner, second_email, second, MemberRole.OWNER)
    second = replace(second, seller_id=owner.seller_id)
    email, friend = await a_person(container)
    invitation_id = await invited(container, second, email, MemberRole.OWNER)
    demotion = ChangeMemberRole(user_id=second.user(), role=MemberRole.STAFF)
    await change_member_role(demotion, actor=owner, db=container.ports.db)
    with pytest.raises(NotFound):
        await accepted(container, friend, invitation_id)


async def test_only_owners_invite_see_and_revoke(container: Container) -> None:
    owner, other = await a_seller(container), await a_seller(container)
    email, staff = await a_person(container)
    await hired(container, owner, email, staff)
    staff = replace(staff, seller_id=owner.seller_id)
    invitation_id = await invited(container, owner, f"{uuid4().hex}@example.com")
    command = RevokeInvitation(invitation_id=invitation_id)
    with pytest.raises(NotPermitted):
        await invited(container, staff, f"{uuid4().hex}@example.com")
    with pytest.raises(NotPermitted):
        await revoke_invitation(command, actor=staff, db=container.ports.db)
    with pytest.raises(NotFound):
        await revoke_invitation(command, actor=other, db=container.ports.db)
    assert await seen(container, staff) == await seen(container, other) == []
    assert await seen(container, owner) == [invitation_id]
    with pytest.raises(AlreadyMember):
        await invited(container, owner, email)


async def test_a_shop_that_nobody_approved_writes_to_nobody(container: Container) -> None:
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    with pytest.raises(NotPermitted):
        await invited(container, owner, f"{uuid4().hex}@example.com")


async def test_a_shop_invites_so_many_a_day_and_one_address_is_not_flooded(
    fresh_container: Container, clock: FakeClock
) -> None:
    container = fresh_container
    owner, victim = await a_seller(container), f"{uuid4().hex}@example.com"
    ids = [await invited(container, owner, victim) for _ in range(PER_SHOP_AND_DAY_MAX)]
    mailed = sum([await jobs_of(container, id_) for id_ in ids])
    assert mailed == MAILS_PER_ADDRESS_AND_DAY_MAX
    with pytest.raises(TooMany):
        await invited(container, owner, victim)
    assert await seen(container, owner) == [ids[-1]], "what was refused changed nothing"
    other = await a_seller(container)
    assert await jobs_of(container, await invited(container, other, victim)) == 0
    clock.advance(days=1)
    assert await jobs_of(container, await invited(container, owner, victim)) == 1


async def test_a_full_shop_takes_nobody_in(container: Container) -> None:
    owner, (email, person) = await a_seller(container), await a_person(container)
    invitation_id = await invited(container, owner, email)
    crowd = [(await a_buyer(container)).user() for _ in range(MEMBERS_MAX - 1)]

    async def step(tx: Tx) -> None:
        shop, staff = owner.seller(), MemberRole.STAFF
        members = (SellerMember(seller_id=shop, user_id=each, role=staff, added_at=tx.now) for each in crowd)
        await tx.add(*members)

    await container.ports.db.run(step)
    with pytest.raises(TooMany):
        await accepted(container, person, invitation_id)


async def test_of_many_who_accept_at_once_one_joins_once(container: Container) -> None:
    owner, (email, person) = await a_seller(container), await a_person(container)
    invitation_id = await invited(container, owner, email)
    shops = await asyncio.gather(*(accepted(container, person, invitation_id) for _ in range(4)))
    assert set(shops) == {owner.seller_id}


async def test_a_server_that_defers_is_asked_again_and_one_that_refuses_is_not(container: Container) -> None:
    owner = await a_seller(container)
    invitation_id = await invited(container, owner, f"{uuid4().hex}@example.com")
    with pytest.raises(MailDeferred):
        await sent(container, invitation_id, FakeSender(MailDeferred("later")))
    assert not await sent(container, invitation_id, FakeSender(MailRefused("never")))
    first, again = FakeSender(), FakeSender()
    await sent(container, invitation_id, first)
    await sent(container, invitation_id, again)
    assert first.mails == again.mails, "the same Message-ID and token: two of them are one"


async def test_what_a_shop_calls_itself_gets_into_the_mail_as_one_short_line(container: Container) -> None:
    owner, sender = await a_seller(container), FakeSender()
    invitation_id = await invited(container, owner, f"{uuid4().hex}@example.com")
    await change_name(container, owner, "<b>You won</b>\nBcc: all@example.com " + "x" * 150)
    await sent(container, invitation_id, sender)
    (mail,) = sender.mails
    assert "\n" not in mail.subject
    assert "<b>" not in mail.html
    assert "x" * 100 not in mail.text


async def change_name(container: Container, owner: Actor, name: str) -> None:
    statement = "UPDATE seller SET name = :name WHERE id = :id RETURNING id"
    await rows_of(container, statement, name=name, id=owner.seller())
