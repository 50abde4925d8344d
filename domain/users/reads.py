"""Users as their owners and others see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.shared.database import Query, Reads, table
from domain.users.model import User

_users = table(User)


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


async def profiles_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, Profile]:
    return {profile.id: profile for profile in await reads.all(_PROFILES, ids=list(ids))}
