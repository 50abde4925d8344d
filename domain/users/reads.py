"""Users as their owners and others see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest
from domain.users.model import SESSIONS_PER_USER_MAX, Address, User, UserSession, UserStatus

_users = table(User)
_sessions = table(UserSession)
_addresses = table(Address)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user sees of themself, and administrators of them."""

    id: UUID
    email: str
    display_name: str
    locale: str
    phone: str | None
    status: UserStatus
    status_reason: str
    roles: list[str]
    created_at: datetime


_PROFILE = select(*(_users.c[name] for name in Profile.__dataclass_fields__))
_PROFILES = Query(_PROFILE.where(_users.c.id == func.any(bindparam("ids"))), Profile)


@dataclass(frozen=True, slots=True)
class AddressView:
    id: UUID
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str
    is_default: bool
    created_at: datetime


_ADDRESS = (
    select(*(_addresses.c[name] for name in AddressView.__dataclass_fields__))
    .where(_addresses.c.user_id == bindparam("user_id"), _addresses.c.deleted_at.is_(None))
    .order_by(_addresses.c.is_default.desc(), _addresses.c.id.desc())
)
_ADDRESSES = Query(_ADDRESS, AddressView)
_ONE_ADDRESS = Query(_ADDRESS.where(_addresses.c.id == bindparam("id")), AddressView)


@dataclass(frozen=True, slots=True)
class _Home:
    user_id: UUID
    country: str


_HOMES = Query(
    select(_addresses.c.user_id, _addresses.c.country).where(
        _addresses.c.user_id == func.any(bindparam("user_ids")),
        _addresses.c.is_default,
        _addresses.c.deleted_at.is_(None),
    ),
    _Home,
)


async def home_countries_by_user_ids(reads: Reads, user_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """The country of each user's default address, for those who have one."""
    return {each.user_id: each.country for each in await reads.all(_HOMES, user_ids=list(user_ids))}


async def addresses_of_user(reads: Reads, user_id: UUID) -> list[AddressView]:
    """The default first, then the newest; at most ADDRESSES_PER_USER_MAX."""
    return await reads.all(_ADDRESSES, user_id=user_id)


async def address_of_user(reads: Reads, user_id: UUID, address_id: UUID) -> AddressView | None:
    """None for another's, and for one that was removed."""
    return await reads.first(_ONE_ADDRESS, user_id=user_id, id=address_id)


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


def users_keyset(search: str, status: UserStatus | None) -> Keyset:
    return Keyset.of("newest", search, status.value if status else None)


_BY_EMAIL = select(_users.c.id).where(func.lower(_users.c.email) == func.lower(bindparam("email")))


async def user_by_email(reads: Reads, email: str) -> UUID | None:
    """Whatever its case and whatever the user's status."""
    found: UUID | None = await reads.scalar(_BY_EMAIL, email=email)
    return found


async def users_page(reads: Reads, search: str, status: UserStatus | None, request: PageRequest) -> Page[Profile]:
    """The newest first. `search` is the beginning of an e-mail address; empty for all."""
    parameters = _filters(search, status) | {"limit": request.first + 1}
    if request.key is not None:
        parameters["key"] = request.key_id()
    query = _users_page(bool(search), status is not None, request.key is not None, request.backwards)
    rows = await reads.all(query, **parameters)
    return users_keyset(search, status).page(request, rows, lambda profile: (profile.id,))


async def count_users(reads: Reads, search: str, status: UserStatus | None) -> int:
    """At most COUNT_MAX + 1."""
    query = _users_count(bool(search), status is not None)
    return int(await reads.scalar(query.statement, **_filters(search, status)))


def _filters(search: str, status: UserStatus | None) -> dict[str, object]:
    escaped = search.lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    found: dict[str, object] = {"prefix": f"{escaped}%"} if search else {}
    return found | ({"status": status.value} if status is not None else {})


@cache
def _users_page(searched: bool, filtered: bool, keyed: bool, backwards: bool) -> Query[Profile]:
    statement = _filtered(_PROFILE, searched, filtered).limit(bindparam("limit"))
    if keyed:
        key = bindparam("key", type_=_users.c.id.type)
        statement = statement.where(_users.c.id > key if backwards else _users.c.id < key)
    return Query(statement.order_by(_users.c.id if backwards else _users.c.id.desc()), Profile)


@cache
def _users_count(searched: bool, filtered: bool) -> Query[int]:
    inner = _filtered(select(_users.c.id), searched, filtered).limit(COUNT_MAX + 1)
    return Query(select(func.count()).select_from(inner.subquery()), int)


def _filtered(statement: Select[Any], searched: bool, filtered: bool) -> Select[Any]:
    if searched:
        statement = statement.where(func.lower(_users.c.email).like(bindparam("prefix")))
    if filtered:
        statement = statement.where(_users.c.status == bindparam("status"))
    return statement
