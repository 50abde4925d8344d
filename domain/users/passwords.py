"""Changing a password.

Invariant: whoever does not know the present one changes nothing, and every other session ends with the change: whoever
learned the old password is out.
"""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr

from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Tx
from domain.users.attempts import count_attempt, forgive, password_limits
from domain.users.errors import WrongCredentials
from domain.users.events import PasswordChanged
from domain.users.model import SessionEnd, User, UserStatus
from domain.users.ports import UserPorts
from domain.users.registration import Password
from domain.users.sessions import end_all_sessions


@command
class ChangePassword:
    current_password: Annotated[SecretStr, Field(max_length=200)]
    new_password: Password


@dataclass(frozen=True, slots=True)
class Proof:
    """That the actor knows their password; it holds as long as the hash is the same under the user's lock."""

    user_id: UUID
    password_hash: str = field(repr=False)


async def prove_password(password: SecretStr, *, actor: Actor, ports: UserPorts) -> Proof:
    """Raises WrongCredentials, TooManyAttempts."""
    user_id = actor.user()

    async def before(tx: Tx) -> Proof:
        user = await tx.get(User, user_id)
        if user is None or user.status is not UserStatus.ACTIVE:
            raise WrongCredentials()
        return Proof(user_id, user.password_hash)

    proof = await ports.db.run(before)
    await count_attempt(ports.db, password_limits(user_id))
    if not await ports.hasher.verify(proof.password_hash, password.get_secret_value()):
        raise WrongCredentials()
    return proof


async def change_password(command: ChangePassword, *, actor: Actor, ports: UserPorts) -> int:
    """How many other sessions ended. Raises WrongCredentials, TooManyAttempts."""
    proof = await prove_password(command.current_password, actor=actor, ports=ports)
    new_hash = await ports.hasher.hash(command.new_password.get_secret_value())

    async def step(tx: Tx) -> int:
        (user,) = await tx.lock(User, [proof.user_id])
        if user.password_hash != proof.password_hash or user.status is not UserStatus.ACTIVE:
            raise WrongCredentials()
        user.password_hash, user.updated_at = new_hash, tx.now
        await forgive(tx, password_limits(user.id))
        tx.record(PasswordChanged(at=tx.now, user_id=user.id))
        return await end_all_sessions(tx, user.id, SessionEnd.PASSWORD_CHANGED, but=actor.session_id)

    return await ports.db.run(step)
