"""Who works for a shop.

Invariant: a shop has an owner at any time, and whoever no longer works for it acts for it no longer: removal takes the
shop out of their sessions in the same transaction. Members change under the seller's row lock.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from domain.sellers.errors import LastOwner, TooMany
from domain.sellers.events import MemberJoined, MemberLeft, MembersChanged
from domain.sellers.model import SHOPS_PER_USER_MAX, MemberRole, Seller, SellerMember
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound, NotPermitted
from domain.shared.ids import UserId
from domain.users.model import User, UserSession, UserStatus

_members = table(SellerMember)
_sessions = table(UserSession)


@command
class ChangeMemberRole:
    user_id: UserId
    role: MemberRole


@command
class RemoveMember:
    user_id: UserId


async def shop_of(tx: Tx, actor: Actor, *, owner: bool = False) -> Seller:
    """The shop that the actor's session acts for, its row locked.

    The token may be some minutes old, so the membership is read again here. Raises NotPermitted for somebody who no
    longer works there, or who is no owner where one is asked for.
    """
    rows = await tx.lock(Seller, [actor.seller()])
    role = await role_of(tx, actor.seller(), actor.user())
    if not rows or role is None:
        raise NotPermitted("You do not work for this shop.")
    if owner and role is not MemberRole.OWNER:
        raise NotPermitted("This is for owners of the shop.")
    return rows[0]


async def role_of(tx: Tx, seller_id: UUID, user_id: UUID) -> MemberRole | None:
    member = await tx.get(SellerMember, (seller_id, user_id))
    return member.role if member is not None else None


async def join(tx: Tx, seller_id: UUID, user_id: UUID, role: MemberRole) -> None:
    """Makes a user a member.

    Raises TooMany when they work for SHOPS_PER_USER_MAX shops already, and NotPermitted for an account that was blocked
    or erased a moment ago.
    """
    users = await tx.lock(User, [user_id])
    if not users or users[0].status is not UserStatus.ACTIVE:
        raise NotPermitted("This account is not active.")
    if await count_members(tx, _members.c.user_id == user_id) >= SHOPS_PER_USER_MAX:
        raise TooMany("shops that a person works for", SHOPS_PER_USER_MAX)
    await tx.add(SellerMember(seller_id=seller_id, user_id=user_id, role=role, added_at=tx.now))
    tx.record(MemberJoined(at=tx.now, seller_id=seller_id, user_id=user_id))


async def change_member_role(command: ChangeMemberRole, *, actor: Actor, db: Database) -> None:
    """Owners only. Raises NotFound, LastOwner."""

    async def step(tx: Tx) -> None:
        seller = await shop_of(tx, actor, owner=True)
        member = await tx.get(SellerMember, (seller.id, command.user_id))
        if member is None:
            raise NotFound("member")
        if command.role is not MemberRole.OWNER:
            await _refuse_last_owner(tx, member)
        member.role = command.role
        tx.record(MembersChanged(at=tx.now, seller_id=seller.id, user_id=command.user_id))

    await db.run(step)


async def remove_member(command: RemoveMember, *, actor: Actor, db: Database) -> None:
    """Owners remove anybody, everybody removes themself. Raises NotFound, LastOwner."""
    leaves = command.user_id == actor.user_id

    async def step(tx: Tx) -> None:
        seller = await shop_of(tx, actor, owner=not leaves)
        member = await tx.get(SellerMember, (seller.id, command.user_id))
        if member is None:
            raise NotFound("member")
        await _refuse_last_owner(tx, member)
        await tx.execute(
            delete(_members).where(_members.c.seller_id == seller.id, _members.c.user_id == command.user_id)
        )
        await tx.execute(
            update(_sessions)
            .where(_sessions.c.user_id == command.user_id, _sessions.c.seller_id == seller.id)
            .values(seller_id=None)
        )
        tx.record(MemberLeft(at=tx.now, seller_id=seller.id, user_id=command.user_id, by_user_id=actor.user()))

    await db.run(step)


async def _refuse_last_owner(tx: Tx, member: SellerMember) -> None:
    owners = await count_members(tx, (_members.c.seller_id == member.seller_id) & (_members.c.role == MemberRole.OWNER))
    if member.role is MemberRole.OWNER and owners == 1:
        raise LastOwner()


async def count_members(tx: Tx, condition: ColumnElement[bool]) -> int:
    counted = await tx.execute(select(func.count()).select_from(_members).where(condition))
    return int(counted.scalar_one())
