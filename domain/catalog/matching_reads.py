"""What administrators decided about products, as they read it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.catalog.model import ProductEvent, ProductEventKind
from domain.shared.database import Query, Reads, table

_events = table(ProductEvent)

EVENTS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class ProductEventView:
    id: UUID
    product_id: UUID
    kind: ProductEventKind
    listing_id: UUID | None
    other_id: UUID | None
    reason: str
    actor: str
    at: datetime


_EVENTS = Query(
    select(*(_events.c[name] for name in ProductEventView.__dataclass_fields__))
    .where(_events.c.product_id == bindparam("product_id"))
    .order_by(_events.c.id.desc())
    .limit(EVENTS_MAX),
    ProductEventView,
)


async def events_of_product(reads: Reads, product_id: UUID) -> list[ProductEventView]:
    """What administrators decided about a product, the newest first; at most EVENTS_MAX."""
    return await reads.all(_EVENTS, product_id=product_id)
