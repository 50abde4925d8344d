"""What reviews refuse.

DomainError
├── AlreadyReviewed (there is one for this order line, or this order and direction)
├── NotDelivered (nothing of it has arrived yet, or ever will)
├── ReviewWindowOver (it was delivered too long ago)
├── EditWindowOver (it was written too long ago)
└── ReplyRemoved (a moderator took the reply away, and no other takes its place)
"""

from datetime import datetime
from uuid import UUID

from domain.shared.errors import DomainError


class AlreadyReviewed(DomainError):
    code = "ALREADY_REVIEWED"

    def __init__(self, review_id: UUID) -> None:
        super().__init__("You have reviewed this already.")
        self.review_id = review_id


class NotDelivered(DomainError):
    code = "NOT_DELIVERED"

    def __init__(self) -> None:
        super().__init__("This can be reviewed when it has been delivered.")


class ReviewWindowOver(DomainError):
    code = "REVIEW_WINDOW_OVER"

    def __init__(self, ended_at: datetime) -> None:
        super().__init__(f"This could be reviewed until {ended_at:%Y-%m-%d}.")
        self.ended_at = ended_at


class EditWindowOver(DomainError):
    code = "EDIT_WINDOW_OVER"

    def __init__(self, ended_at: datetime) -> None:
        super().__init__(f"This review could be changed until {ended_at:%Y-%m-%d}.")
        self.ended_at = ended_at


class ReplyRemoved(DomainError):
    code = "REPLY_REMOVED"

    def __init__(self) -> None:
        super().__init__("A moderator removed the reply to this review; it cannot be answered again.")
