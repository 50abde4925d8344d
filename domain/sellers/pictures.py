"""A shop's logo and banner.

Invariant: each place holds one picture; a new one takes the place of the old in one step.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.media.attaching import AltText, AttachedImage, Owner, place
from domain.media.model import OwnerKind, Slot
from domain.sellers.membership import shop_of
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx
from domain.shared.ids import MediaAssetId


class ShopImagePlace(StrEnum):
    LOGO = "logo"
    BANNER = "banner"


SLOTS: Final = {ShopImagePlace.LOGO: Slot.LOGO, ShopImagePlace.BANNER: Slot.BANNER}


@command
class SetShopImage:
    """`upload_id` None: no picture from now on."""

    place: ShopImagePlace
    upload_id: MediaAssetId | None
    alt_text: AltText = ""


async def set_shop_image(command: SetShopImage, *, actor: Actor, db: Database) -> UUID:
    """The seller's id. Raises NotFound, ImageNotUsable, NotPermitted."""
    image = None
    if command.upload_id is not None:
        image = AttachedImage(upload_id=command.upload_id, alt_text=command.alt_text)

    async def step(tx: Tx) -> UUID:
        seller = await shop_of(tx, actor)
        owner = Owner(OwnerKind.SELLER, seller.id)
        await place(tx, owner, SLOTS[command.place], image, uploader_id=actor.user())
        return seller.id

    return await db.run(step)
