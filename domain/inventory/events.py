"""What happens to stock."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChanged(Event):
    """What browsers are shown of a variant's stock is no longer true; the projection has to be made again."""

    kind: ClassVar[str] = "stock.changed"
    variant_id: UUID
    listing_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StockStatusChanged(Event):
    """Browsers are shown another status."""

    kind: ClassVar[str] = "stock.status_changed"
    variant_id: UUID

    def topics(self) -> tuple[str, ...]:
        return (stock_topic(self.variant_id),)


def stock_topic(variant_id: UUID) -> str:
    return f"stock:{variant_id}"
