"""Switching: which shop a session acts for.

Invariant: a session acts for a shop only while its user works there.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, exists, or_, select

from domain.sellers.model import Seller, SellerMember
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Reads, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import SellerId
from domain.users.errors import SessionOver
from domain.users.model import User, UserSession, UserStatus
from domain.users.ports import UserPorts
from domain.users.sessions import AccessToken, access_token

_members = table(SellerMember)
_sellers = table(Seller)
_sessions = table(UserSession)
_users = table(User)


@command
class SwitchSeller:
    """`seller_id` None: act for no shop."""

    seller_id: SellerId | None = None


async def switch_seller(command: SwitchSeller, *, actor: Actor, ports: UserPorts) -> AccessToken:
    """A new access token for the same session. Raises SessionOver, and NotFound where the actor does not work."""
    user_id = actor.user()

    async def step(tx: Tx) -> AccessToken:
        # The shop, the membership, then the session: a removal takes them in this order too.
        works_there = command.seller_id is None or await _hold_membership(tx, command.seller_id, user_id)
        sessions = await tx.lock(UserSession, [actor.session_id] if actor.session_id is not None else [])
        if not sessions or sessions[0].ended_at is not None or sessions[0].user_id != user_id:
            raise SessionOver()
        if not works_there:
            raise NotFound("seller")
        sessions[0].seller_id = command.seller_id
        user = await tx.get(User, user_id)
        if user is None or user.status is not UserStatus.ACTIVE:
            raise SessionOver()
        return access_token(sessions[0], user, tx.now, ports)

    return await ports.db.run(step)


async def _hold_membership(tx: Tx, seller_id: UUID, user_id: UUID) -> bool:
    """Under a shared lock: a removal at the same moment waits, and then finds this session acting for the shop."""
    # Writing the session would take this lock by its foreign key, too late: a removal has the shop and waits for us.
    await tx.execute(select(_sellers.c.id).where(_sellers.c.id == seller_id).with_for_update(read=True, key_share=True))
    found = await tx.execute(
        select(_members.c.user_id)
        .where(_members.c.seller_id == seller_id, _members.c.user_id == user_id)
        .with_for_update(read=True)
    )
    return found.scalar_one_or_none() is not None


_STILL = (
    select(_sessions.c.id)
    .join(_users, _users.c.id == _sessions.c.user_id)
    .where(
        _sessions.c.id == bindparam("session_id"),
        _sessions.c.user_id == bindparam("user_id"),
        _sessions.c.ended_at.is_(None),
        _sessions.c.expires_at > bindparam("now"),
        _users.c.status == UserStatus.ACTIVE,
        _users.c.roles.op("@>")(bindparam("roles", type_=_users.c.roles.type)),
        or_(
            bindparam("seller_id", type_=_members.c.seller_id.type).is_(None),
            exists().where(
                _members.c.user_id == _users.c.id,
                _members.c.seller_id == bindparam("seller_id", type_=_members.c.seller_id.type),
            ),
        ),
    )
)


async def still_holds(reads: Reads, actor: Actor, now: datetime) -> bool:
    """Everything that the actor's token claims is true at this moment: session, user, roles, and the shop.

    For what is sensitive or lasts long; on the primary. Actors without a session (the system, partners) always hold.
    """
    if actor.session_id is None:
        return True
    found = await reads.scalar(
        _STILL,
        session_id=actor.session_id,
        user_id=actor.user(),
        seller_id=actor.seller_id,
        roles=[role.value for role in actor.roles],
        now=now,
    )
    return found is not None
