"""What comes in from outside."""

from dataclasses import dataclass
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """Each source has its own kind, so that only its own handlers are told."""

    message_id: UUID
    source: str
