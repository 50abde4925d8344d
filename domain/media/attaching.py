"""Pictures and what they belong to: the same for listings, reviews, shops and returns.

Invariant: a picture belongs to one thing at most, in one place, and only its uploader can have given it there. Callers
hold the lock of the owner's row, so two of them never count or order one gallery at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import select, update

from domain.media.errors import ImageNotUsable, TooManyImages
from domain.media.model import ALT_TEXT_MAX, IMAGES_MAX, AssetState, MediaAsset, OwnerKind, Slot
from domain.media.uploading import arrive
from domain.shared.commands import command
from domain.shared.database import Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import MediaAssetId

AltText = Annotated[str, StringConstraints(max_length=ALT_TEXT_MAX, pattern=r"^[^\x00-\x1f]*$")]
USABLE: Final = frozenset({AssetState.UPLOADING, AssetState.PROCESSING, AssetState.READY})

_assets = table(MediaAsset)


@dataclass(frozen=True, slots=True)
class Owner:
    """What pictures belong to."""

    kind: OwnerKind
    id: UUID


@command
class AttachedImage:
    """A picture that was uploaded, and what to say to those who do not see it."""

    upload_id: MediaAssetId
    alt_text: AltText = ""


async def attach(
    tx: Tx,
    owner: Owner,
    images: Sequence[AttachedImage],
    *,
    uploader_id: UUID,
    slot: Slot = Slot.GALLERY,
    images_max: int = IMAGES_MAX,
) -> None:
    """Give uploaded pictures to an owner, behind those that it has; what is there already stays where it is.

    Nothing else is needed: a picture whose upload was not completed is completed by this, and processed by a job. It is
    seen by others once it is ready. Pictures of this place that were refused make room.

    Raises NotFound (no such upload of this person), ImageNotUsable (refused, or given to something else),
    TooManyImages, InvalidInput (one picture twice, at `images`).
    """
    ids = [image.upload_id for image in images]
    if len(set(ids)) != len(ids):
        raise InvalidInput.at("images", "DUPLICATE", "One picture stands there twice.")
    there = await _locked_gallery(tx, owner, slot)
    refused = [asset for asset in there if asset.state is AssetState.REFUSED]
    _let_go(tx, refused)
    kept = [asset for asset in there if asset not in refused]
    given = {asset.id: asset for asset in await tx.lock(MediaAsset, ids)}
    fresh = [image for image in images if _is_fresh(given.get(image.upload_id), owner, slot, uploader_id)]
    if len(kept) + len(fresh) > images_max:
        raise TooManyImages(images_max)
    position = max((asset.position for asset in kept), default=-1) + 1
    for offset, image in enumerate(fresh):
        asset = given[image.upload_id]
        asset.owner_kind, asset.owner_id, asset.slot = owner.kind, owner.id, slot
        asset.position, asset.alt_text = position + offset, image.alt_text
        if asset.state is AssetState.UPLOADING:
            arrive(tx, asset)


async def place(tx: Tx, owner: Owner, slot: Slot, image: AttachedImage | None, *, uploader_id: UUID) -> None:
    """The one picture of a place that holds one (a logo), or none; what was there is let go. Raises as `attach`."""
    there = await _locked_gallery(tx, owner, slot)
    _let_go(tx, [asset for asset in there if image is None or asset.id != image.upload_id])
    if image is not None:
        await attach(tx, owner, [image], uploader_id=uploader_id, slot=slot, images_max=1)


async def arrange(tx: Tx, owner: Owner, ids: Sequence[UUID], *, slot: Slot = Slot.GALLERY) -> None:
    """Put a gallery in this order. Raises InvalidInput (at `image_ids`) unless it has exactly these pictures."""
    there = {asset.id: asset for asset in await _locked_gallery(tx, owner, slot)}
    if len(ids) != len(there) or set(ids) != there.keys():
        raise InvalidInput.at("image_ids", "INCOMPLETE", "Name all of the pictures that are there, each once.")
    for position, id_ in enumerate(ids):
        there[id_].position = position


async def describe(tx: Tx, owner: Owner, id_: UUID, alt_text: str) -> None:
    """Say something else to those who do not see a picture. Raises NotFound."""
    (await _of_owner(tx, owner, id_)).alt_text = alt_text


async def detach(tx: Tx, owner: Owner, id_: UUID) -> None:
    """Let go of one picture; its files go when nothing else uses them. Raises NotFound."""
    _let_go(tx, [await _of_owner(tx, owner, id_)])


async def detach_all(tx: Tx, owner: Owner) -> None:
    """Let go of all pictures of an owner that is about to be deleted."""
    await tx.execute(
        update(_assets)
        .where(_assets.c.owner_kind == owner.kind, _assets.c.owner_id == owner.id)
        .values(owner_kind=None, owner_id=None, touched_at=tx.now)
    )


def _is_fresh(asset: MediaAsset | None, owner: Owner, slot: Slot, uploader_id: UUID) -> bool:
    """It is to be attached; False: it is there already. Raises NotFound, ImageNotUsable."""
    if asset is None or asset.uploader_id != uploader_id or asset.state is AssetState.EXPIRED:
        raise NotFound("media_asset")
    if asset.owner_id == owner.id and asset.owner_kind is owner.kind and asset.slot is slot:
        return False
    if asset.owner_id is not None or asset.state not in USABLE:
        raise ImageNotUsable()
    return True


async def _locked_gallery(tx: Tx, owner: Owner, slot: Slot) -> list[MediaAsset]:
    """In their order. Bounded by what `attach` lets in."""
    there = select(_assets.c.id).where(
        _assets.c.owner_kind == owner.kind, _assets.c.owner_id == owner.id, _assets.c.slot == slot
    )
    assets = await tx.lock(MediaAsset, list((await tx.execute(there)).scalars()))
    mine = [asset for asset in assets if (asset.owner_kind, asset.owner_id, asset.slot) == (owner.kind, owner.id, slot)]
    return sorted(mine, key=lambda asset: (asset.position, asset.id))


async def _of_owner(tx: Tx, owner: Owner, id_: UUID) -> MediaAsset:
    rows = await tx.lock(MediaAsset, [id_])
    if not rows or rows[0].owner_id != owner.id or rows[0].owner_kind is not owner.kind:
        raise NotFound("media_asset")
    return rows[0]


def _let_go(tx: Tx, assets: Sequence[MediaAsset]) -> None:
    for asset in assets:
        asset.owner_kind = asset.owner_id = None
        asset.touched_at = tx.now
