"""What administrators do about users: roles, blocking.

Invariant: there is an administrator at any time. Nobody takes the role from themself, and whoever takes it from
another is proved to have it by a row that stays locked, so that two cannot take it from each other.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.shared.actor import Actor, ActorKind, Role
from domain.shared.commands import ShortText, command
from domain.shared.database import Database, Tx
from domain.shared.errors import InvalidInput, NotFound, NotPermitted
from domain.shared.ids import UserId
from domain.shared.transitions import Party
from domain.users.errors import WouldLoseAdministrator
from domain.users.events import UserStatusChanged
from domain.users.model import USER_TRANSITIONS, SessionEnd, User, UserStatus
from domain.users.sessions import end_all_sessions


@command
class SetUserRoles:
    """All roles that the user has from now on."""

    user_id: UserId
    roles: Annotated[list[Role], Field(max_length=len(Role))]


@command
class BlockUser:
    user_id: UserId
    reason: ShortText


@command
class UnblockUser:
    user_id: UserId


async def set_user_roles(command: SetUserRoles, *, actor: Actor, db: Database) -> UUID:
    """By an administrator, or by SYSTEM for the first one; the user's id.

    Whoever may do less from now on, by a role lost or by becoming a partner's program, is signed out everywhere.
    Raises NotPermitted, NotFound, WouldLoseAdministrator.
    """
    wanted = sorted(set(command.roles))

    async def step(tx: Tx) -> UUID:
        user = await _target(tx, command.user_id, actor)
        lost = set(user.roles) - set(wanted)
        bound = Role.PARTNER in set(wanted) - set(user.roles)
        if user.id == actor.user_id and Role.ADMIN in lost:
            raise WouldLoseAdministrator()
        user.roles = [role.value for role in wanted]
        user.updated_at = tx.now
        if lost or bound:
            await end_all_sessions(tx, user.id, SessionEnd.ROLES_CHANGED)
        return user.id

    return await db.run(step)


async def block_user(command: BlockUser, *, actor: Actor, db: Database) -> UUID:
    """Ends the user's sessions and lets none begin; the user's id.

    Raises NotPermitted, NotFound, InvalidInput (no reason), IllegalTransition, WouldLoseAdministrator.
    """
    if not command.reason:
        raise InvalidInput.at("reason", "MISSING", "Say why.")

    async def step(tx: Tx) -> UUID:
        user = await _target(tx, command.user_id, actor)
        if user.id == actor.user_id:
            raise WouldLoseAdministrator()
        _move(tx, user, UserStatus.BLOCKED, command.reason, actor)
        await end_all_sessions(tx, user.id, SessionEnd.BLOCKED)
        return user.id

    return await db.run(step)


async def unblock_user(command: UnblockUser, *, actor: Actor, db: Database) -> UUID:
    """The user may sign in again; the user's id. Raises NotPermitted, NotFound, IllegalTransition."""

    async def step(tx: Tx) -> UUID:
        user = await _target(tx, command.user_id, actor)
        _move(tx, user, UserStatus.ACTIVE, "", actor)
        return user.id

    return await db.run(step)


def _move(tx: Tx, user: User, target: UserStatus, reason: str, actor: Actor) -> None:
    party = Party.SYSTEM if actor.kind is ActorKind.SYSTEM else Party.ADMIN
    USER_TRANSITIONS.check(user.status, target, party)
    user.status, user.status_reason, user.updated_at = target, reason, tx.now
    tx.record(UserStatusChanged(at=tx.now, user_id=user.id))


async def _target(tx: Tx, user_id: UUID, actor: Actor) -> User:
    """The user's row, locked together with the acting administrator's, who still has to be one."""
    if actor.kind is ActorKind.SYSTEM:
        rows = {row.id: row for row in await tx.lock(User, [user_id])}
    else:
        admin_id = actor.admin()
        rows = {row.id: row for row in await tx.lock(User, [user_id, admin_id])}
        admin = rows.get(admin_id)
        if admin is None or Role.ADMIN not in admin.roles or admin.status is not UserStatus.ACTIVE:
            raise NotPermitted("This is for administrators.")
    if user_id not in rows:
        raise NotFound("user")
    return rows[user_id]
