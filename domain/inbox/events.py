"""What comes in from outside."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """`source` names the handler's side of the table: `payments`, `carrier`."""

    kind: ClassVar[str] = "inbox.received"
    message_id: UUID
    source: str
