"""What happens to users."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    kind: ClassVar[str] = "user.registered"
    user_id: UUID
