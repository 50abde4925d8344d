"""Sessions: one sign-in on one device, kept alive by refresh tokens that work once.

Invariant: a refresh token is exchanged under its session's row lock, so of two that come with the same one exactly
one gets the next; and a token that comes back after it was used ends the whole session, because two hold a copy.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import bindparam, select, update

from domain.shared.actor import Actor, ActorKind, Client, Role
from domain.shared.commands import command
from domain.shared.database import Tx, table
from domain.shared.errors import DomainError, NotFound
from domain.shared.ids import SessionId, new_id
from domain.users.errors import SessionOver, TokenJustUsed
from domain.users.events import TokenReused
from domain.users.model import (
    SESSIONS_PER_USER_MAX,
    RefreshToken,
    SessionEnd,
    User,
    UserSession,
    UserStatus,
)
from domain.users.ports import UserPorts

REUSE_GRACE_SECONDS: Final = 10
"""Two tabs refresh at once: within this span the slower one is refused (it gets no token either), later it is reuse."""

_sessions, _tokens = table(UserSession), table(RefreshToken)
_SESSION_OF = select(_tokens.c.session_id).where(_tokens.c.digest == bindparam("digest"))


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client holds from now on. Neither token is ever printed."""

    user_id: UUID
    session_id: UUID
    access_token: str = field(repr=False)
    access_token_expires_at: datetime
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str = field(repr=False)
    expires_at: datetime


@command
class RefreshSession:
    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


@command
class EndSession:
    session_id: SessionId


async def refresh_session(command: RefreshSession, *, ports: UserPorts) -> SignedIn:
    """The next pair of tokens. Raises SessionOver, or TokenJustUsed within REUSE_GRACE_SECONDS of the exchange."""
    digest = digest_of(command.refresh_token.get_secret_value())

    async def step(tx: Tx) -> SignedIn | DomainError:
        session_id = await tx.reads.scalar(_SESSION_OF, digest=digest)
        found = [] if session_id is None else await tx.lock(UserSession, [session_id])
        # Under its session's lock: whoever held that before may have exchanged the token.
        token = await tx.get(RefreshToken, digest) if found else None
        if token is None:
            return SessionOver()
        [session] = found
        if session.ended_at is not None or session.expires_at <= tx.now:
            return SessionOver()
        if token.used_at is not None:
            return await _used_before(tx, token, session)
        user = await tx.get(User, session.user_id)
        if user is None or user.status is not UserStatus.ACTIVE:
            return SessionOver()
        token.used_at = tx.now
        return await _keep_alive(tx, session, user, ports)

    # What was found is decided in the step and raised outside: raising inside would undo the session's end.
    outcome = await ports.db.run(step)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


async def _used_before(tx: Tx, token: RefreshToken, session: UserSession) -> DomainError:
    assert token.used_at is not None
    if tx.now - token.used_at < timedelta(seconds=REUSE_GRACE_SECONDS):
        return TokenJustUsed()
    session.ended_at, session.ended_because = tx.now, SessionEnd.TOKEN_REUSED
    tx.record(TokenReused(at=tx.now, user_id=session.user_id, session_id=session.id))
    return SessionOver()


async def open_session(tx: Tx, user: User, *, client: Client, ports: UserPorts) -> SignedIn:
    """A new session of a user whose row the caller has locked. The least used ones over the maximum end."""
    newest = (
        select(_sessions.c.id)
        .where(_sessions.c.user_id == user.id, _sessions.c.ended_at.is_(None))
        .order_by(_sessions.c.last_used_at.desc(), _sessions.c.id.desc())
        .limit(SESSIONS_PER_USER_MAX - 1)
    )
    await _end(tx, SessionEnd.DISPLACED, _sessions.c.user_id == user.id, _sessions.c.id.not_in(newest))
    session = UserSession(
        id=new_id(),
        user_id=user.id,
        user_agent=client.user_agent[:300],
        created_at=tx.now,
        last_used_at=tx.now,
        expires_at=tx.now,
    )
    await tx.add(session)
    return await _keep_alive(tx, session, user, ports)


async def _keep_alive(tx: Tx, session: UserSession, user: User, ports: UserPorts) -> SignedIn:
    session.last_used_at = tx.now
    session.expires_at = tx.now + timedelta(seconds=ports.policy.refresh_token_seconds)
    secret = secrets.token_urlsafe(32)
    await tx.add(RefreshToken(digest=digest_of(secret), session_id=session.id, issued_at=tx.now))
    access = access_token(session, user, tx.now, ports)
    return SignedIn(user.id, session.id, access.text, access.expires_at, secret)


def access_token(session: UserSession, user: User, now: datetime, ports: UserPorts) -> AccessToken:
    """What the session may do, for some minutes."""
    actor = Actor(
        ActorKind.USER,
        user_id=user.id,
        seller_id=session.seller_id,
        roles=frozenset(Role(role) for role in user.roles),
        session_id=session.id,
    )
    expires_at = (now + timedelta(seconds=ports.policy.access_token_seconds)).replace(microsecond=0)
    return AccessToken(ports.tokens.sign(actor, expires_at), expires_at)


async def sign_out(*, actor: Actor, ports: UserPorts) -> None:
    """Ends the session that asks; once more is no fault."""
    user_id = actor.user()

    async def step(tx: Tx) -> None:
        await _end(tx, SessionEnd.SIGNED_OUT, _sessions.c.user_id == user_id, _sessions.c.id == actor.session_id)

    await ports.db.run(step)


async def end_session(command: EndSession, *, actor: Actor, ports: UserPorts) -> UUID:
    """Ends one of the actor's own sessions. Raises NotFound for another's and for one that is over."""
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        ended = await _end(
            tx, SessionEnd.SIGNED_OUT, _sessions.c.user_id == user_id, _sessions.c.id == command.session_id
        )
        if not ended:
            raise NotFound("session")
        return command.session_id

    return await ports.db.run(step)


async def sign_out_everywhere(*, actor: Actor, ports: UserPorts) -> int:
    """Ends all of the actor's sessions, this one too; how many."""
    user_id = actor.user()

    async def step(tx: Tx) -> int:
        return await end_all_sessions(tx, user_id, SessionEnd.SIGNED_OUT_EVERYWHERE)

    return await ports.db.run(step)


async def end_all_sessions(tx: Tx, user_id: UUID, because: SessionEnd, *, but: UUID | None = None) -> int:
    """Ends a user's sessions, except one if given; how many."""
    conditions = [_sessions.c.user_id == user_id]
    if but is not None:
        conditions.append(_sessions.c.id != but)
    return await _end(tx, because, *conditions)


async def _end(tx: Tx, because: SessionEnd, *conditions: object) -> int:
    result = await tx.execute(
        update(_sessions)
        .where(_sessions.c.ended_at.is_(None), *conditions)  # type: ignore[arg-type]  # column expressions
        .values(ended_at=tx.now, ended_because=because)
    )
    return int(result.rowcount)


def digest_of(token: str) -> str:
    """How a refresh token stands in the database: useless to whoever reads it there."""
    return hashlib.sha256(token.encode()).hexdigest()
