"""What happens to pictures."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageArrived(Event):
    """A client says that its file is there, or uses it: it is to be looked at and made presentable."""

    kind: ClassVar[str] = "media.image_arrived"
    asset_id: UUID
