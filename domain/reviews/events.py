"""What happens to reviews."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewChanged(Event):
    """Never recorded itself. Who wrote it about whom is told by the review."""

    review_id: UUID
    seller_id: UUID
    buyer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewWritten(ReviewChanged):
    kind: ClassVar[str] = "review.written"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEdited(ReviewChanged):
    kind: ClassVar[str] = "review.edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewModerated(ReviewChanged):
    """It was held, published or removed: the present state tells which."""

    kind: ClassVar[str] = "review.moderated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReplied(ReviewChanged):
    """The shop answered, or changed its answer."""

    kind: ClassVar[str] = "review.replied"
