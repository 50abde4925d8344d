"""Signing in with e-mail address and password.

Invariant: an unknown address, a wrong password and a blocked user answer alike, in the same words and the same time;
and a session is opened under the user's row lock, so none begins beside a block or a change of password.
"""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pydantic import EmailStr, Field, SecretStr
from sqlalchemy import bindparam, func, select

from domain.shared.actor import Client
from domain.shared.commands import command
from domain.shared.database import Query, Tx, table
from domain.users.attempts import count_attempt, forgive, sign_in_limits
from domain.users.errors import WrongCredentials
from domain.users.model import SignalKind, User, UserStatus
from domain.users.ports import UserPorts
from domain.users.sessions import SignedIn, open_session
from domain.users.signals import record_signal

_users = table(User)


@dataclass(frozen=True, slots=True)
class _Credentials:
    user_id: UUID
    password_hash: str = field(repr=False)


_CREDENTIALS = Query(
    select(_users.c.id, _users.c.password_hash).where(func.lower(_users.c.email) == func.lower(bindparam("email"))),
    _Credentials,
)


@command
class SignIn:
    email: EmailStr
    password: Annotated[SecretStr, Field(max_length=200)]


async def sign_in(command: SignIn, *, client: Client, ports: UserPorts) -> SignedIn:
    """A new session. Raises WrongCredentials, or TooManyAttempts for what this client tried."""
    limits = await sign_in_limits(ports.db.primary, command.email, client)
    await count_attempt(ports.db, limits)
    found = await ports.db.primary.first(_CREDENTIALS, email=command.email)
    password_hash = found.password_hash if found is not None else ""
    verified = await ports.hasher.verify(password_hash, command.password.get_secret_value())
    if found is None or not verified:
        raise WrongCredentials()
    user_id = found.user_id

    async def step(tx: Tx) -> SignedIn:
        (user,) = await tx.lock(User, [user_id])
        if user.status is not UserStatus.ACTIVE or user.password_hash != password_hash:
            raise WrongCredentials()
        await forgive(tx, limits)
        return await begin(tx, user, SignalKind.SIGNED_IN, client=client, ports=ports)

    return await ports.db.run(step)


async def begin(tx: Tx, user: User, kind: SignalKind, *, client: Client, ports: UserPorts) -> SignedIn:
    """A session and the signal of where it began."""
    session = await open_session(tx, user, client=client, ports=ports)
    await record_signal(tx, kind, user_id=user.id, client=client, policy=ports.policy, cause_id=session.session_id)
    return session
