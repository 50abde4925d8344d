"""The pictures of a listing: attached, put in order, described and taken away by its seller.

Invariant: they change as the rest of a listing does, under its row lock and in a state that allows it, and its version
rises.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from domain.catalog.access import changed, check_editable, lock_own_listing
from domain.media import attaching
from domain.media.attaching import AltText, AttachedImage, Owner
from domain.media.model import IMAGES_MAX, OwnerKind
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx
from domain.shared.ids import ListingId, MediaAssetId

IMAGES_GIVEN_MAX: Final = 4 * IMAGES_MAX
"""More than a gallery holds, so that too many are answered by name."""


@command
class AttachListingImages:
    listing_id: ListingId
    images: Annotated[tuple[AttachedImage, ...], Field(min_length=1, max_length=IMAGES_GIVEN_MAX)]


@command
class ArrangeListingImages:
    listing_id: ListingId
    image_ids: Annotated[tuple[MediaAssetId, ...], Field(max_length=IMAGES_GIVEN_MAX)]


@command
class DescribeListingImage:
    listing_id: ListingId
    image_id: MediaAssetId
    alt_text: AltText


@command
class RemoveListingImage:
    listing_id: ListingId
    image_id: MediaAssetId


def owner_of(listing_id: UUID) -> Owner:
    return Owner(OwnerKind.LISTING, listing_id)


async def attach_listing_images(command: AttachListingImages, *, actor: Actor, db: Database) -> UUID:
    """The listing's id; buyers see each picture once it is ready. What is attached already stays as it is.

    Raises NotFound, ListingNotEditable, ImageNotUsable, TooManyImages, InvalidInput.
    """
    return await _change(
        command.listing_id,
        lambda tx, owner: attaching.attach(tx, owner, command.images, uploader_id=actor.user()),
        actor=actor,
        db=db,
    )


async def arrange_listing_images(command: ArrangeListingImages, *, actor: Actor, db: Database) -> UUID:
    """The listing's id. Raises NotFound, ListingNotEditable, InvalidInput (not exactly its pictures)."""
    return await _change(
        command.listing_id,
        lambda tx, owner: attaching.arrange(tx, owner, command.image_ids),
        actor=actor,
        db=db,
    )


async def describe_listing_image(command: DescribeListingImage, *, actor: Actor, db: Database) -> UUID:
    """The listing's id. Raises NotFound, ListingNotEditable."""
    return await _change(
        command.listing_id,
        lambda tx, owner: attaching.describe(tx, owner, command.image_id, command.alt_text),
        actor=actor,
        db=db,
    )


async def remove_listing_image(command: RemoveListingImage, *, actor: Actor, db: Database) -> UUID:
    """The listing's id. Raises NotFound, ListingNotEditable."""
    return await _change(
        command.listing_id,
        lambda tx, owner: attaching.detach(tx, owner, command.image_id),
        actor=actor,
        db=db,
    )


async def _change(
    listing_id: UUID, change: Callable[[Tx, Owner], Awaitable[None]], *, actor: Actor, db: Database
) -> UUID:
    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, listing_id, actor)
        check_editable(listing)
        await change(tx, owner_of(listing.id))
        await changed(tx, listing)
        return listing.id

    return await db.run(step)
