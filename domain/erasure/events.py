"""What happens when somebody is forgotten."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased(Event):
    """Others who know the person have to forget them too, and they are told that it is done."""

    kind: ClassVar[str] = "user.erased"
    user_id: UUID
