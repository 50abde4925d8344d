"""Inviting a person to work for a shop: an address is invited, and whoever reads its mail decides.

Invariant: nobody becomes a member without their own yes, and nothing here tells whether an address has an account.
The token goes by mail only; the table holds its hash. It works once, until it expires, for the account with the
invited address, and only while whoever invited is an owner still: who is removed leaves no open door behind.
"""

import hashlib
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import EmailStr, Field, SecretStr
from sqlalchemy import ColumnElement, delete, func, select

from domain.sellers.errors import AlreadyMember, TooMany
from domain.sellers.events import MemberInvited
from domain.sellers.membership import count_members, join, role_of, shop_of
from domain.sellers.model import (
    INVITATIONS_OPEN_MAX,
    MEMBERS_MAX,
    InvitationEnd,
    MemberRole,
    Seller,
    SellerInvitation,
    SellerMember,
    SellerStatus,
)
from domain.sellers.ports import InvitationTokens
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound, NotPermitted
from domain.shared.ids import InvitationId, new_id
from domain.users.model import User

LIFETIME: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)
PER_SHOP_AND_DAY_MAX: Final = 20
MAILS_PER_ADDRESS_AND_DAY_MAX: Final = 5
"""From all shops together. What is more is invited without a mail: a refusal would tell of other shops."""
KEPT: Final = timedelta(days=7)
"""So long after its expiry an invitation, and with it the address, is removed."""
BATCH_MAX: Final = 1_000

_invitations, _members, _users = table(SellerInvitation), table(SellerMember), table(User)


@command
class InviteMember:
    email: EmailStr
    role: MemberRole = MemberRole.STAFF


@command
class RevokeInvitation:
    invitation_id: InvitationId


@command
class AcceptInvitation:
    token: Annotated[SecretStr, Field(min_length=1, max_length=100)]


async def invite_member(command: InviteMember, *, actor: Actor, db: Database, tokens: InvitationTokens) -> UUID:
    """The invitation's id; one that stood open for this address ends. By owners of a shop that is approved.

    Raises AlreadyMember (owners see their members' addresses), TooMany, NotPermitted.
    """
    invitation_id = new_id()

    async def step(tx: Tx) -> UUID:
        seller = await shop_of(tx, actor, owner=True)
        if seller.status not in (SellerStatus.ACTIVE, SellerStatus.RESTRICTED):
            raise NotPermitted("Only a shop that is approved invites people.")
        if await _works_for(tx, seller.id, command.email):
            raise AlreadyMember()
        await _end_open(tx, seller.id, command.email)
        await _refuse_too_many(tx, seller.id)
        unmailed = await _count(tx, _to(command.email), _invitations.c.created_at > tx.now - DAY)
        await tx.add(
            SellerInvitation(
                id=invitation_id,
                seller_id=seller.id,
                email=command.email,
                role=command.role,
                invited_by=actor.user(),
                token_digest=digest_of(tokens.token_of(invitation_id)),
                created_at=tx.now,
                expires_at=tx.now + LIFETIME,
            )
        )
        if unmailed < MAILS_PER_ADDRESS_AND_DAY_MAX:
            tx.record(MemberInvited(at=tx.now, seller_id=seller.id, invitation_id=invitation_id))
        return invitation_id

    return await db.run(step)


async def revoke_invitation(command: RevokeInvitation, *, actor: Actor, db: Database) -> None:
    """By owners; once more is no fault. Raises NotFound, also for one that was accepted or is another shop's."""

    async def step(tx: Tx) -> None:
        seller = await shop_of(tx, actor, owner=True)
        rows = await tx.lock(SellerInvitation, [command.invitation_id])
        if not rows or rows[0].seller_id != seller.id or rows[0].ended_because is InvitationEnd.ACCEPTED:
            raise NotFound("invitation")
        if rows[0].ended_at is None:
            rows[0].ended_at, rows[0].ended_because = tx.now, InvitationEnd.REVOKED

    await db.run(step)


async def accept_invitation(command: AcceptInvitation, *, actor: Actor, db: Database) -> UUID:
    """The shop that the actor works for from now on; its id. The same once more has no effect.

    Raises NotFound (unknown, expired, revoked, or for another address: they look the same) and TooMany.
    """
    user_id, digest = actor.user(), digest_of(command.token.get_secret_value())
    found = select(_invitations.c.id, _invitations.c.seller_id).where(_invitations.c.token_digest == digest)

    async def step(tx: Tx) -> UUID:
        row = (await tx.execute(found)).one_or_none()
        if row is None:
            raise NotFound("invitation")
        # The person before the shop, as in whoever leaves; the shop before its members, as in every change of them.
        users = await tx.lock(User, [user_id])
        await tx.lock(Seller, [row.seller_id])
        rows = await tx.lock(SellerInvitation, [row.id])
        if not rows or not users or users[0].email.lower() != rows[0].email.lower():
            raise NotFound("invitation")
        (invitation,) = rows
        member = await role_of(tx, invitation.seller_id, user_id) is not None
        if invitation.ended_because is InvitationEnd.ACCEPTED and member:
            return invitation.seller_id
        await _refuse_over(tx, invitation)
        if not member:
            if await count_members(tx, _members.c.seller_id == invitation.seller_id) >= MEMBERS_MAX:
                raise TooMany("members of a shop", MEMBERS_MAX)
            await join(tx, invitation.seller_id, user_id, invitation.role)
        invitation.ended_at, invitation.ended_because = tx.now, InvitationEnd.ACCEPTED
        return invitation.seller_id

    return await db.run(step)


async def forget_invitations(*, db: Database) -> int:
    """Removes at most BATCH_MAX that expired long ago, and the addresses with them; how many."""

    async def step(tx: Tx) -> int:
        old = select(_invitations.c.id).where(_invitations.c.expires_at <= tx.now - KEPT).limit(BATCH_MAX)
        chosen = old.with_for_update(skip_locked=True)
        return int((await tx.execute(delete(_invitations).where(_invitations.c.id.in_(chosen)))).rowcount)

    return await db.run(step)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _refuse_over(tx: Tx, invitation: SellerInvitation) -> None:
    inviter = await role_of(tx, invitation.seller_id, invitation.invited_by)
    if invitation.ended_at is not None or invitation.expires_at <= tx.now or inviter is not MemberRole.OWNER:
        raise NotFound("invitation")


async def _refuse_too_many(tx: Tx, seller_id: UUID) -> None:
    of_shop = _invitations.c.seller_id == seller_id
    opened = await _count(tx, of_shop, _invitations.c.ended_at.is_(None), _invitations.c.expires_at > tx.now)
    if opened >= INVITATIONS_OPEN_MAX:
        raise TooMany("open invitations of a shop", INVITATIONS_OPEN_MAX)
    if await _count(tx, of_shop, _invitations.c.created_at > tx.now - DAY) >= PER_SHOP_AND_DAY_MAX:
        raise TooMany("invitations of a shop in a day", PER_SHOP_AND_DAY_MAX)


async def _end_open(tx: Tx, seller_id: UUID, email: str) -> None:
    standing = select(_invitations.c.id).where(
        _invitations.c.seller_id == seller_id, _to(email), _invitations.c.ended_at.is_(None)
    )
    for invitation in await tx.lock(SellerInvitation, sorted((await tx.execute(standing)).scalars())):
        invitation.ended_at, invitation.ended_because = tx.now, InvitationEnd.REPLACED


async def _works_for(tx: Tx, seller_id: UUID, email: str) -> bool:
    member = (
        select(_members.c.user_id)
        .join(_users, _users.c.id == _members.c.user_id)
        .where(_members.c.seller_id == seller_id, func.lower(_users.c.email) == func.lower(email))
    )
    return (await tx.execute(member)).first() is not None


def _to(email: str) -> ColumnElement[bool]:
    return func.lower(_invitations.c.email) == func.lower(email)


async def _count(tx: Tx, *conditions: ColumnElement[bool]) -> int:
    counted = await tx.execute(select(func.count()).select_from(_invitations).where(*conditions))
    return int(counted.scalar_one())
