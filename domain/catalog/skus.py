"""Finding a shop's variants by its own article numbers.

Invariant: what is archived is out of the way: its numbers may be used again. A number is unique within a listing only,
so one that stands in several listings finds them all, and whoever asks decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from domain.catalog.model import Listing, ListingStatus, Variant
from domain.shared.database import Query, Reads, table

_variants = table(Variant)
_listings = table(Listing)


@dataclass(frozen=True, slots=True)
class VariantPlace:
    """One variant of the shop, and the listing under whose lock it changes."""

    id: UUID
    listing_id: UUID
    sku: str


def _places() -> Select[tuple[UUID, UUID, str]]:
    return (
        select(_variants.c.id, _variants.c.listing_id, _variants.c.sku)
        .join(_listings, _listings.c.id == _variants.c.listing_id)
        .where(_listings.c.seller_id == bindparam("seller_id"))
    )


_BY_SKUS = Query(
    _places()
    .where(_variants.c.sku == func.any(bindparam("skus")), _listings.c.status != ListingStatus.ARCHIVED.value)
    .order_by(_variants.c.id),
    VariantPlace,
)
_BY_IDS = Query(_places().where(_variants.c.id == func.any(bindparam("ids"))), VariantPlace)


async def places_by_skus(reads: Reads, seller_id: UUID, skus: Sequence[str]) -> Mapping[str, list[VariantPlace]]:
    """Article number -> the shop's variants with it, oldest first; unknown numbers are left out."""
    found: dict[str, list[VariantPlace]] = {}
    for place in await reads.all(_BY_SKUS, seller_id=seller_id, skus=list(skus)):
        found.setdefault(place.sku, []).append(place)
    return found


async def places_by_ids(reads: Reads, seller_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, VariantPlace]:
    """Those of the ids that are the shop's own."""
    return {place.id: place for place in await reads.all(_BY_IDS, seller_id=seller_id, ids=list(ids))}
