"""From the file that came to pictures that can be shown: looked at, made, stored, and told.

Invariant: files are stored under a content's keys only while its row stands and is not being deleted; and a picture is
ready only once all files of its content are stored.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.media.attaching import Owner
from domain.media.errors import ImageRefused, ObjectMissing, ObjectTooLarge, StorageUnavailable
from domain.media.model import (
    ASSET_TRANSITIONS,
    AssetState,
    ContentState,
    MediaAsset,
    MediaContent,
    Slot,
)
from domain.media.ports import ImageRenderer, ObjectStorage, Rendered, public_key
from domain.media.reads import Picture
from domain.media.recipe import content_key
from domain.media.refusals import IMAGE_BYTES_MAX, RefusalReason
from domain.shared.database import Database, Query, Tx, table
from domain.shared.ids import new_id
from domain.shared.transitions import Party

WEBP: Final = "image/webp"

_contents = table(MediaContent)


@dataclass(frozen=True, slots=True)
class _Content:
    key: str
    width: int
    height: int
    widths: list[int]
    state: ContentState


_CONTENT = Query(
    select(_contents.c.key, _contents.c.width, _contents.c.height, _contents.c.widths, _contents.c.state).where(
        _contents.c.key == bindparam("key")
    ),
    _Content,
)


async def process_image(asset_id: UUID, *, db: Database, storage: ObjectStorage, renderer: ImageRenderer) -> None:
    """Bring a picture from processing to ready or refused. Done again, nothing happens.

    Raises StorageUnavailable and RenderingFailed: the job comes again.
    """
    source_key = await db.run(lambda tx: _source_of(tx, asset_id))
    if source_key is None:
        return
    try:
        source = await storage.read(source_key, bytes_max=IMAGE_BYTES_MAX)
        picture = await store_picture(source, db=db, storage=storage, renderer=renderer)
    except ObjectMissing:
        await db.run(lambda tx: _settle(tx, asset_id, RefusalReason.NEVER_ARRIVED))
    except ObjectTooLarge:
        await db.run(lambda tx: _settle(tx, asset_id, RefusalReason.FILE_TOO_LARGE))
    except ImageRefused as refused:
        reason = refused.reason
        await db.run(lambda tx: _settle(tx, asset_id, reason))
    else:
        await db.run(lambda tx: _settle(tx, asset_id, picture))
    # The file as it was sent may tell where its maker lives. Should it be sent once more, a sweep finds it.
    await storage.delete(source_key)


async def store_picture(source: bytes, *, db: Database, storage: ObjectStorage, renderer: ImageRenderer) -> Picture:
    """Make and store all renditions of a file, unless that was done before. Belongs to nothing yet: see `ready_asset`.

    Raises ImageRefused, RenderingFailed, StorageUnavailable.
    """
    key = content_key(source)
    known = await db.run(lambda tx: _hold(tx, key))
    return known or await store_rendered(key, await renderer.render(source), db=db, storage=storage)


async def store_rendered(key: str, rendered: Rendered, *, db: Database, storage: ObjectStorage) -> Picture:
    """Store renditions under a content's key (`recipe.content_key`). Raises StorageUnavailable."""
    picture = Picture(key, rendered.width, rendered.height, [each.width for each in rendered.renditions])
    await db.run(lambda tx: _claim(tx, picture))
    await asyncio.gather(
        *(storage.put(public_key(key, each.width), each.content, content_type=WEBP) for each in rendered.renditions)
    )
    await db.run(lambda tx: _stored(tx, key))
    return picture


def ready_asset(
    picture: Picture, owner: Owner, *, uploader_id: UUID, position: int = 0, alt_text: str = "", tx: Tx
) -> MediaAsset:
    """A row that shows a stored picture at its owner's, to be added by the caller within a day of storing it."""
    return MediaAsset(
        id=new_id(),
        uploader_id=uploader_id,
        owner_kind=owner.kind,
        owner_id=owner.id,
        slot=Slot.GALLERY,
        position=position,
        alt_text=alt_text,
        state=AssetState.READY,
        content_key=picture.content_key,
        width=picture.width,
        height=picture.height,
        widths=list(picture.widths),
        created_at=tx.now,
        touched_at=tx.now,
    )


async def _source_of(tx: Tx, asset_id: UUID) -> str | None:
    asset = await tx.get(MediaAsset, asset_id)
    return asset.source_key if asset is not None and asset.state is AssetState.PROCESSING else None


async def _hold(tx: Tx, key: str) -> Picture | None:
    """A content whose files are there, kept from being taken away for as long as this takes."""
    held = update(_contents).where(_contents.c.key == key, _contents.c.state == ContentState.READY)
    if (await tx.execute(held.values(unused_since=tx.now))).rowcount == 0:
        return None
    found = await tx.reads.first(_CONTENT, key=key)
    assert found is not None, "just updated"
    return Picture(found.key, found.width, found.height, found.widths)


async def _claim(tx: Tx, picture: Picture) -> None:
    """The row comes before the files, so that whatever is stored is known. Raises StorageUnavailable while it goes."""
    values = {
        "state": ContentState.MAKING,
        "width": picture.width,
        "height": picture.height,
        "widths": list(picture.widths),
        "unused_since": tx.now,
    }
    claimed = (
        insert(_contents)
        .values(key=picture.content_key, **values)
        .on_conflict_do_update(
            index_elements=[_contents.c.key],
            set_={"unused_since": tx.now},
            where=_contents.c.state != ContentState.DELETING,
        )
    )
    if (await tx.execute(claimed)).rowcount == 0:
        raise StorageUnavailable()


async def _stored(tx: Tx, key: str) -> None:
    await tx.execute(update(_contents).where(_contents.c.key == key).values(state=ContentState.READY))


async def _settle(tx: Tx, asset_id: UUID, outcome: Picture | RefusalReason) -> None:
    rows = await tx.lock(MediaAsset, [asset_id])
    if not rows or rows[0].state is not AssetState.PROCESSING:
        return
    asset = rows[0]
    if isinstance(outcome, RefusalReason):
        refuse(tx, asset, outcome)
        return
    ASSET_TRANSITIONS.check(asset.state, AssetState.READY, Party.SYSTEM)
    asset.state = AssetState.READY
    asset.content_key, asset.width, asset.height = outcome.content_key, outcome.width, outcome.height
    asset.widths = list(outcome.widths)


def refuse(tx: Tx, asset: MediaAsset, reason: RefusalReason) -> None:
    """A locked picture that is being processed will not be shown."""
    ASSET_TRANSITIONS.check(asset.state, AssetState.REFUSED, Party.SYSTEM)
    asset.state, asset.refusal, asset.touched_at = AssetState.REFUSED, reason, tx.now
