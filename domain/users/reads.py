"""Users as their owners and others see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.shared.database import Query, Reads, table
from domain.users.model import SESSIONS_PER_USER_MAX, User, UserSession

_users = table(User)
_sessions = table(UserSession)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user sees of themself."""

    id: UUID
    email: str
    display_name: str
    locale: str
    phone: str | None
    created_at: datetime


_PROFILE_COLUMNS = (
    _users.c.id,
    _users.c.email,
    _users.c.display_name,
    _users.c.locale,
    _users.c.phone,
    _users.c.created_at,
)
_PROFILES = Query(select(*_PROFILE_COLUMNS).where(_users.c.id == func.any(bindparam("ids"))), Profile)


@dataclass(frozen=True, slots=True)
class SessionView:
    """One sign-in, as its user sees it."""

    id: UUID
    seller_id: UUID | None
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


_SESSIONS = Query(
    select(*(_sessions.c[name] for name in SessionView.__dataclass_fields__))
    .where(
        _sessions.c.user_id == bindparam("user_id"),
        _sessions.c.ended_at.is_(None),
        _sessions.c.expires_at > bindparam("now"),
    )
    .order_by(_sessions.c.last_used_at.desc(), _sessions.c.id)
    .limit(SESSIONS_PER_USER_MAX),
    SessionView,
)


async def sessions_of_user(reads: Reads, user_id: UUID, now: datetime) -> list[SessionView]:
    """The sessions that go on, the one used last first; at most SESSIONS_PER_USER_MAX."""
    return await reads.all(_SESSIONS, user_id=user_id, now=now)


async def profiles_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, Profile]:
    return {profile.id: profile for profile in await reads.all(_PROFILES, ids=list(ids))}
