"""What happens to users."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    kind: ClassVar[str] = "user.registered"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    kind: ClassVar[str] = "user.password_changed"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReused(Event):
    """A refresh token came twice: its session was ended, and its owner should be told."""

    kind: ClassVar[str] = "user.token_reused"
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStatusChanged(Event):
    kind: ClassVar[str] = "user.status_changed"
    user_id: UUID
