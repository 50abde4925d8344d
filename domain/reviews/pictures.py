"""The pictures of a review: given with it, and replaced by an edit.

Invariant: at most IMAGES_MAX, uploaded by whoever writes; they are changed under the review's row lock.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from domain.media.attaching import AttachedImage, Owner, arrange, attach, describe, detach
from domain.media.model import OwnerKind
from domain.media.reads import images_by_owners
from domain.shared.database import Tx

IMAGES_MAX: Final = 5

Images = Annotated[tuple[AttachedImage, ...], Field(max_length=IMAGES_MAX)]


def owner_of(review_id: UUID) -> Owner:
    return Owner(OwnerKind.REVIEW, review_id)


async def give(tx: Tx, review_id: UUID, images: Sequence[AttachedImage], *, uploader_id: UUID) -> None:
    """For a review that has just been written. Raises NotFound, ImageNotUsable, InvalidInput (one picture twice)."""
    if images:
        await attach(tx, owner_of(review_id), images, uploader_id=uploader_id, images_max=IMAGES_MAX)


async def replace(tx: Tx, review_id: UUID, images: Sequence[AttachedImage], *, uploader_id: UUID) -> bool:
    """These and no others from now on, in this order; whether anything changed. Raises as `give`."""
    owner = owner_of(review_id)
    there = {image.id: image for image in (await images_by_owners(tx.reads, [owner]))[owner]}
    wanted = {image.upload_id: image for image in images}
    if [(id_, image.alt_text) for id_, image in there.items()] == [(i.upload_id, i.alt_text) for i in images]:
        return False
    for id_ in there.keys() - wanted.keys():
        await detach(tx, owner, id_)
    await attach(tx, owner, images, uploader_id=uploader_id, images_max=IMAGES_MAX)
    for id_ in there.keys() & wanted.keys():
        await describe(tx, owner, id_, wanted[id_].alt_text)
    await arrange(tx, owner, list(wanted))
    return True
