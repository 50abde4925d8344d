"""What happens to notifications: nothing is done about it, those who watch are told."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsAdded(Event):
    """Somebody has something new to read."""

    kind: ClassVar[str] = "notifications.added"
    recipient_id: UUID

    def topics(self) -> tuple[str, ...]:
        return (notifications_topic(self.recipient_id),)


def notifications_topic(user_id: UUID) -> str:
    return f"notifications:{user_id}"
