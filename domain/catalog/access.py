"""How a listing is taken in hand for a change: locked, by its owner, in a state that allows it.

Invariant: everything about a listing (words, variants, prices, state) changes under its row lock and raises its
version, so whoever read an older version finds out.
"""

from uuid import UUID

from sqlalchemy import bindparam, select

from domain.catalog.changes import note_changes
from domain.catalog.errors import ListingChanged, ListingNotEditable
from domain.catalog.model import EDITABLE, Listing, Variant
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import NotFound

_variants = table(Variant)
_LISTING_OF = select(_variants.c.listing_id).where(_variants.c.id == bindparam("variant_id"))


async def lock_listing(tx: Tx, listing_id: UUID) -> Listing:
    """Any listing, for those who run the marketplace. Raises NotFound."""
    rows = await tx.lock(Listing, [listing_id])
    if not rows:
        raise NotFound("listing")
    return rows[0]


async def lock_own_listing(tx: Tx, listing_id: UUID, actor: Actor) -> Listing:
    """A listing of the shop acted for. Raises NotFound for anyone else's."""
    seller_id = actor.seller()
    rows = await tx.lock(Listing, [listing_id])
    if not rows or rows[0].seller_id != seller_id:
        raise NotFound("listing")
    return rows[0]


async def lock_own_variant(tx: Tx, variant_id: UUID, actor: Actor) -> tuple[Listing, Variant]:
    """A variant and its locked listing, which may be edited. Raises NotFound, ListingNotEditable."""
    listing_id = await tx.reads.scalar(_LISTING_OF, variant_id=variant_id)
    if listing_id is None:
        raise NotFound("variant")
    try:
        listing = await lock_own_listing(tx, listing_id, actor)
    except NotFound as fault:
        raise NotFound("variant") from fault
    check_editable(listing)
    variant = await tx.get(Variant, variant_id)
    assert variant is not None
    return listing, variant


def check_editable(listing: Listing) -> None:
    if listing.status not in EDITABLE:
        raise ListingNotEditable(listing.status)


def check_version(listing: Listing, version: int) -> None:
    """Raises ListingChanged when the actor saw another version."""
    if listing.version != version:
        raise ListingChanged(listing.id)


async def changed(tx: Tx, *listings: Listing) -> None:
    """The listings are other ones from now on; search is told unless it never knew them."""
    for listing in listings:
        listing.version += 1
        listing.updated_at = tx.now
    await note_changes(tx, [listing.id for listing in listings if listing.published_at is not None])
