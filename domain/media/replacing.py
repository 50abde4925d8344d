"""A whole gallery put in place at once, as files of listings say it.

Invariant: as `attaching`: a picture belongs to one thing at most. Stored contents are held while they get a picture, so
that nothing that a gallery shows is swept away meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, update

from domain.media.attaching import USABLE, Owner
from domain.media.model import AssetState, ContentState, MediaAsset, MediaContent, OwnerKind, Slot
from domain.media.processing import ready_asset
from domain.media.reads import Picture
from domain.media.uploading import arrive
from domain.shared.database import Tx, table

_assets, _contents = table(MediaAsset), table(MediaContent)
Wanted = MediaAsset | Picture


async def lock_galleries(tx: Tx, kind: OwnerKind, owner_ids: Sequence[UUID]) -> dict[UUID, list[MediaAsset]]:
    """The pictures of each owner in their order, refused ones aside. The caller holds the owners' locks."""
    mine = select(_assets.c.id).where(
        _assets.c.owner_kind == kind, _assets.c.owner_id.in_(owner_ids), _assets.c.slot == Slot.GALLERY
    )
    found: dict[UUID, list[MediaAsset]] = {owner_id: [] for owner_id in owner_ids}
    ids = list((await tx.execute(mine)).scalars()) if owner_ids else []
    for asset in sorted(await tx.lock(MediaAsset, ids), key=lambda each: (each.position, each.id)):
        if asset.owner_id in found and asset.state is not AssetState.REFUSED:
            found[asset.owner_id].append(asset)
    return found


async def lock_uploads(tx: Tx, ids: Collection[UUID], *, uploader_id: UUID) -> dict[UUID, MediaAsset]:
    """Those of them that this person uploaded and that can be shown."""
    rows = await tx.lock(MediaAsset, list(ids)) if ids else []
    return {row.id: row for row in rows if row.uploader_id == uploader_id and row.state in USABLE}


async def hold_contents(tx: Tx, keys: Collection[str]) -> Mapping[str, Picture]:
    """Stored pictures by their keys, kept from being taken away until the transaction has given them an owner."""
    if not keys:
        return {}
    chosen = (
        select(_contents.c.key, _contents.c.width, _contents.c.height, _contents.c.widths)
        .where(_contents.c.key.in_(keys), _contents.c.state == ContentState.READY)
        .order_by(_contents.c.key)
        .with_for_update()
    )
    found = {row.key: Picture(*row) for row in await tx.execute(chosen)}
    await tx.execute(update(_contents).where(_contents.c.key.in_(found)).values(unused_since=tx.now))
    return found


def shows(there: Sequence[MediaAsset], wanted: Sequence[Wanted]) -> bool:
    """The gallery is already as it shall be."""
    return len(there) == len(wanted) and all(map(_is_same, there, wanted))


def replace_gallery(
    tx: Tx, owner: Owner, there: Sequence[MediaAsset], wanted: Sequence[Wanted], *, uploader_id: UUID
) -> list[MediaAsset]:
    """The gallery as it is now, on rows in hand; those without a row yet are to be added by the caller."""
    left, gallery = list(there), []
    for position, each in enumerate(wanted):
        asset = next((known for known in left if _is_same(known, each)), None)
        if asset is not None:
            left.remove(asset)
        elif isinstance(each, Picture):
            asset = ready_asset(each, owner, uploader_id=uploader_id, tx=tx)
        else:
            asset = each
            asset.owner_kind, asset.owner_id, asset.slot = owner.kind, owner.id, Slot.GALLERY
            if asset.state is AssetState.UPLOADING:
                arrive(tx, asset)
        asset.position = position
        gallery.append(asset)
    for asset in left:
        asset.owner_kind = asset.owner_id = None
        asset.touched_at = tx.now
    return gallery


def _is_same(there: MediaAsset, wanted: Wanted) -> bool:
    if isinstance(wanted, Picture):
        return there.content_key == wanted.content_key
    return there.id == wanted.id
