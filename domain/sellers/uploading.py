"""Uploads by whoever acts for a shop: a catalogue comes with more pictures than one person has at hand.

Invariant: the higher limit is for members of approved shops. Whoever only applied, or no longer works there, has a
person's.
"""

from typing import Final

from sqlalchemy import bindparam, select

from domain.media.ports import ObjectStorage
from domain.media.uploading import UPLOADS_OPEN_MAX, CreateImageUpload, ImageUpload, create_image_upload
from domain.sellers.model import Seller, SellerMember, SellerStatus
from domain.shared.actor import Actor
from domain.shared.database import Database, Query, table

SHOP_UPLOADS_OPEN_MAX: Final = 1_000
"""Pictures of one member that belong to nothing yet: what an import over the API may bring along at once."""

_members, _sellers = table(SellerMember), table(Seller)
_SHOP = Query(
    select(_sellers.c.status)
    .join(_members, _members.c.seller_id == _sellers.c.id)
    .where(_members.c.seller_id == bindparam("seller_id"), _members.c.user_id == bindparam("user_id")),
    SellerStatus,
)


async def create_upload(
    command: CreateImageUpload, *, actor: Actor, db: Database, storage: ObjectStorage
) -> ImageUpload:
    """Where to send one picture. Raises InvalidInput (too large), TooManyUploads, StorageUnavailable."""
    most = UPLOADS_OPEN_MAX
    if actor.seller_id is not None:
        status = await db.primary.first(_SHOP, seller_id=actor.seller_id, user_id=actor.user())
        if status in (SellerStatus.ACTIVE, SellerStatus.RESTRICTED):
            most = SHOP_UPLOADS_OPEN_MAX
    return await create_image_upload(command, actor=actor, db=db, storage=storage, open_max=most)
