"""Which product a listing is of: found by its GTIN when it goes on sale, or decided by an administrator.

Invariant: what an administrator decided is never matched anew, every decision leaves an event, and a merged product has
no listings: whoever links takes a shared lock on the product, whoever merges an exclusive one.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select, update

from domain.catalog.access import changed, lock_listing
from domain.catalog.changes import note_changes_of_product
from domain.catalog.model import Listing, MatchedBy, Product, ProductEvent, ProductEventKind
from domain.catalog.products import existing_product, is_worldwide, match_product
from domain.shared.actor import Actor
from domain.shared.commands import Reason, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import ListingId, ProductId, new_id

MERGED_LISTINGS_MAX: Final = 10_000
"""So many are moved within a transaction's time."""

_listings, _products = table(Listing), table(Product)


@command
class LinkListing:
    """This listing is of that product, whatever its GTIN says."""

    listing_id: ListingId
    product_id: ProductId
    reason: Reason


@command
class UnlinkListing:
    """This listing is of no known product, whatever its GTIN says."""

    listing_id: ListingId
    reason: Reason


@command
class MergeProducts:
    """Two products are one: what is known as `product_id` counts as `into_id` from now on."""

    product_id: ProductId
    into_id: ProductId
    reason: Reason


async def match_listing(tx: Tx, listing: Listing) -> None:
    """Find or make the product of a listing's GTIN, unless somebody has said which it is. Holds the listing's lock."""
    if listing.gtin is None or listing.product_id is not None or listing.matched_by is MatchedBy.ADMIN:
        return
    if is_worldwide(listing.gtin):
        listing.product_id = await match_product(
            tx, gtin=listing.gtin, title=listing.title, brand=listing.brand, category_id=listing.category_id
        )
        listing.matched_by = MatchedBy.GTIN


async def link_listing(command: LinkListing, *, actor: Actor, db: Database) -> UUID:
    """For administrators. The listing's id. Raises NotFound (listing, product)."""
    actor.admin()

    async def step(tx: Tx) -> UUID:
        listing = await lock_listing(tx, command.listing_id)
        product_id = await existing_product(tx, command.product_id)
        if listing.product_id is not None and listing.product_id != product_id:
            await tx.add(_event(tx, listing.product_id, ProductEventKind.UNLINKED, command.reason, actor, listing.id))
        listing.product_id, listing.matched_by = product_id, MatchedBy.ADMIN
        await tx.add(_event(tx, product_id, ProductEventKind.LINKED, command.reason, actor, listing.id))
        await changed(tx, listing)
        return listing.id

    return await db.run(step)


async def unlink_listing(command: UnlinkListing, *, actor: Actor, db: Database) -> UUID:
    """For administrators. The listing's id. Raises NotFound, also for a listing of no product."""
    actor.admin()

    async def step(tx: Tx) -> UUID:
        listing = await lock_listing(tx, command.listing_id)
        if listing.product_id is None:
            raise NotFound("product")
        await tx.add(_event(tx, listing.product_id, ProductEventKind.UNLINKED, command.reason, actor, listing.id))
        listing.product_id, listing.matched_by = None, MatchedBy.ADMIN
        await changed(tx, listing)
        return listing.id

    return await db.run(step)


async def merge_products(command: MergeProducts, *, actor: Actor, db: Database) -> UUID:
    """For administrators. The id of the one that stays; its listings, and whatever is looked up by the other's id or
    GTIN, are its own from now on. Raises NotFound (also for a product that was merged before), InvalidInput."""
    actor.admin()
    if command.product_id == command.into_id:
        raise InvalidInput.at("into_id", "SAME", "A product is not merged into itself.")

    async def step(tx: Tx) -> UUID:
        locked = await tx.lock(Product, [command.product_id, command.into_id])
        if len([product for product in locked if product.merged_into_id is None]) < 2:
            raise NotFound("product")
        moved = await tx.execute(select(func.count()).where(_listings.c.product_id == command.product_id))
        if moved.scalar_one() > MERGED_LISTINGS_MAX:
            raise InvalidInput.at("product_id", "TOO_MANY", f"It has more than {MERGED_LISTINGS_MAX} listings.")
        await _move(tx, command)
        event = _event(tx, command.into_id, ProductEventKind.MERGED, command.reason, actor)
        event.other_id = command.product_id
        await tx.add(event)
        return command.into_id

    return await db.run(step)


async def _move(tx: Tx, command: MergeProducts) -> None:
    """Listings, and the products that had been merged into the one that goes."""
    await tx.execute(
        update(_listings)
        .where(_listings.c.product_id == command.product_id)
        .values(product_id=command.into_id, version=_listings.c.version + 1, updated_at=tx.now)
    )
    await tx.execute(
        update(_products)
        .where(or_(_products.c.id == command.product_id, _products.c.merged_into_id == command.product_id))
        .values(merged_into_id=command.into_id)
    )
    await note_changes_of_product(tx, command.into_id)


def _event(
    tx: Tx, product_id: UUID, kind: ProductEventKind, reason: str, actor: Actor, listing_id: UUID | None = None
) -> ProductEvent:
    return ProductEvent(
        id=new_id(),
        product_id=product_id,
        kind=kind,
        listing_id=listing_id,
        reason=reason,
        actor=actor.name,
        at=tx.now,
    )
