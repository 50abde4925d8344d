"""What happens to listings."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingStatusChanged(Event):
    """It went on sale, off sale, was refused, ...: the present state tells which. `cause_id` is the ListingEvent."""

    kind: ClassVar[str] = "listing.status_changed"
    listing_id: UUID
    seller_id: UUID
    cause_id: UUID | None = None
