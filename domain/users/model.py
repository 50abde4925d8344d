"""People, their sessions and what may be erased of them.

Invariant: personal data stands in rows that can be erased (user, address, client_signal); everything else refers.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import TIME, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step

SESSIONS_PER_USER_MAX: Final = 50
ADDRESSES_PER_USER_MAX: Final = 50


class UserStatus(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"
    ERASED = "erased"


USER_TRANSITIONS: Final = TransitionTable(
    "user",
    [
        step(UserStatus.ACTIVE, UserStatus.BLOCKED, Party.ADMIN, Party.SYSTEM, action="BLOCK"),
        step(UserStatus.BLOCKED, UserStatus.ACTIVE, Party.ADMIN, Party.SYSTEM, action="UNBLOCK"),
        step(UserStatus.ACTIVE, UserStatus.ERASED, Party.BUYER, Party.ADMIN, action="ERASE"),
        step(UserStatus.BLOCKED, UserStatus.ERASED, Party.ADMIN, action="ERASE"),
    ],
)


class SessionEnd(StrEnum):
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    TOKEN_REUSED = "token_reused"  # noqa: S105  # a reason, not a secret
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a reason, not a secret
    BLOCKED = "blocked"
    ROLES_CHANGED = "roles_changed"
    DISPLACED = "displaced"
    """The user has SESSIONS_PER_USER_MAX newer ones."""


class SignalKind(StrEnum):
    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    CHECKED_OUT = "checked_out"
    REVIEWED = "reviewed"


class User(TableRow, table=True):
    __tablename__ = "user"

    id: UUID = Field(primary_key=True)
    email: str = Field(max_length=254)
    password_hash: str = Field(max_length=200)
    display_name: str = Field(max_length=200)
    locale: str = Field(default="en", max_length=20)
    phone: str | None = Field(default=None, max_length=30)
    status: UserStatus = Field(default=UserStatus.ACTIVE, sa_type=one_of(UserStatus))
    status_reason: str = Field(default="", max_length=500)
    roles: list[str] = Field(default_factory=list, sa_type=ARRAY(Text()))
    customer_ref: str | None = Field(default=None, max_length=100)
    """The payment provider's customer; of an erased user until it is deleted there."""
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        Index(
            "ix_user_customer_to_forget",
            "id",
            postgresql_where=text("status = 'erased' AND customer_ref IS NOT NULL"),
        ),
    )


Index("uq_user_email_folded", func.lower(User.email), unique=True)
Index("ix_user_email_prefix", func.lower(User.email).label("folded"), postgresql_ops={"folded": "text_pattern_ops"})


class UserSession(TableRow, table=True):
    """One sign-in on one device; it is also the family of its refresh tokens. It carries the active seller."""

    __tablename__ = "user_session"

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    seller_id: UUID | None = Field(default=None, foreign_key="seller.id")
    user_agent: str = Field(default="", max_length=300)
    created_at: datetime = Field(sa_type=TIME)
    last_used_at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)
    ended_because: SessionEnd | None = Field(default=None, sa_type=one_of(SessionEnd))


class RefreshToken(TableRow, table=True):
    """Kept by its SHA-256 only. A token that comes twice ends its session: somebody else has a copy."""

    __tablename__ = "refresh_token"

    digest: str = Field(primary_key=True, max_length=64)
    session_id: UUID = Field(foreign_key="user_session.id", index=True)
    issued_at: datetime = Field(sa_type=TIME, index=True)
    used_at: datetime | None = Field(default=None, sa_type=TIME)


class AttemptWindow(TableRow, table=True):
    """How often somebody tried to sign in lately: one row per limit, known by a hash only."""

    __tablename__ = "attempt_window"

    key: str = Field(primary_key=True, max_length=64)
    began_at: datetime = Field(sa_type=TIME, index=True)
    attempts: int


class Address(TableRow, table=True):
    __tablename__ = "address"

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    name: str = Field(max_length=200)
    line1: str = Field(max_length=200)
    line2: str = Field(default="", max_length=200)
    city: str = Field(max_length=200)
    region: str = Field(default="", max_length=200)
    postal_code: str = Field(default="", max_length=20)
    country: str = Field(max_length=2)
    phone: str = Field(default="", max_length=30)
    is_default: bool = Field(default=False)
    created_at: datetime = Field(sa_type=TIME)
    deleted_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        Index(
            "uq_address_default",
            "user_id",
            unique=True,
            postgresql_where=text("is_default AND deleted_at IS NULL"),
        ),
    )


class ClientSignal(TableRow, table=True):
    """Where from and with what somebody acted. It cannot be collected later, and it expires."""

    __tablename__ = "client_signal"

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    kind: SignalKind = Field(sa_type=one_of(SignalKind))
    cause_id: UUID | None = Field(default=None)
    ip: str = Field(default="", max_length=45)
    user_agent: str = Field(default="", max_length=300)
    device_id: str = Field(default="", max_length=100)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME, index=True)
