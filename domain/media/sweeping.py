"""What nobody uses any more is taken away: uploads that came to nothing, pictures let go, contents without a picture.

Invariant: a file is deleted only after its row says so, and the row goes last; so a crash in between leaves a row that
the next sweep finishes, and never a file that nobody knows of.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from domain.media.model import ASSET_TRANSITIONS, AssetState, ContentState, MediaAsset, MediaContent
from domain.media.ports import ObjectStorage, public_key
from domain.media.processing import refuse
from domain.media.refusals import RefusalReason
from domain.shared.database import Database, Tx, table
from domain.shared.transitions import Party

BATCH_MAX: Final = 100
CONTENTS_MAX: Final = 20
"""Each has up to four files, and all go in one call."""
PROCESSING_MAX: Final = timedelta(hours=1)
LET_GO_KEPT: Final = timedelta(days=1)
REFUSED_KEPT: Final = timedelta(days=7)
LATE: Final = timedelta(hours=1)
"""So long after an address expired, an upload that began before may still be on its way."""

_assets = table(MediaAsset)
_contents = table(MediaContent)


async def sweep_media(*, db: Database, storage: ObjectStorage) -> int:
    """At most BATCH_MAX of each kind; how many of the most. Raises StorageUnavailable, having lost nothing."""
    counts = [await db.run(_refuse_stuck), await db.run(_expire)]
    counts.append(await _remove_expired(db, storage))
    counts.append(await _remove_late_sources(db, storage))
    # In batches of another size: as full a batch as it can be counts as a full one.
    counts.append(await _remove_contents(db, storage) * (BATCH_MAX // CONTENTS_MAX))
    return max(counts)


async def _refuse_stuck(tx: Tx) -> int:
    """Whose job was given up."""
    stuck = await _lock_where(
        tx, _assets.c.state == AssetState.PROCESSING, _assets.c.touched_at < tx.now - PROCESSING_MAX
    )
    for asset in stuck:
        refuse(tx, asset, RefusalReason.PROCESSING_FAILED)
    return len(stuck)


async def _expire(tx: Tx) -> int:
    """From here on nobody can take it up any more."""
    let_go = _assets.c.owner_id.is_(None) & _assets.c.state.in_([AssetState.UPLOADING, AssetState.READY])
    over = await _lock_where(tx, let_go, _assets.c.touched_at < tx.now - LET_GO_KEPT)
    refused = _assets.c.state == AssetState.REFUSED
    over += await _lock_where(tx, refused, _assets.c.touched_at < tx.now - REFUSED_KEPT)
    for asset in over:
        ASSET_TRANSITIONS.check(asset.state, AssetState.EXPIRED, Party.SYSTEM)
        asset.state = AssetState.EXPIRED
        asset.owner_kind = asset.owner_id = None
    return len(over)


async def _remove_expired(db: Database, storage: ObjectStorage) -> int:
    async def chosen(tx: Tx) -> list[tuple[UUID, str | None, str | None]]:
        columns = select(_assets.c.id, _assets.c.source_key, _assets.c.content_key)
        found = await tx.execute(columns.where(_assets.c.state == AssetState.EXPIRED).limit(BATCH_MAX))
        return [tuple(row) for row in found]

    async def gone(tx: Tx) -> None:
        contents = [content for _, _, content in over if content is not None]
        await tx.execute(delete(_assets).where(_assets.c.id.in_([id_ for id_, _, _ in over])))
        await tx.execute(update(_contents).where(_contents.c.key.in_(contents)).values(unused_since=tx.now))

    over = await db.run(chosen)
    if over:
        await storage.delete(*(source for _, source, _ in over if source is not None))
        await db.run(gone)
    return len(over)


async def _remove_late_sources(db: Database, storage: ObjectStorage) -> int:
    """Files as they were sent: deleted once processed, and once more when they cannot be sent again."""

    async def chosen(tx: Tx) -> list[tuple[UUID, str]]:
        found = await tx.execute(
            select(_assets.c.id, _assets.c.source_key)
            .where(
                _assets.c.source_key.is_not(None),
                _assets.c.source_expires_at < tx.now - LATE,
                _assets.c.state.in_([AssetState.READY, AssetState.REFUSED]),
            )
            .limit(BATCH_MAX)
        )
        return [tuple(row) for row in found]

    async def gone(tx: Tx) -> None:
        ids = [id_ for id_, _ in late]
        await tx.execute(update(_assets).where(_assets.c.id.in_(ids)).values(source_key=None))

    late = await db.run(chosen)
    if late:
        await storage.delete(*(source for _, source in late))
        await db.run(gone)
    return len(late)


async def _remove_contents(db: Database, storage: ObjectStorage) -> int:
    """Contents that were marked a day ago and have no picture. Those that have one are no longer marked."""

    async def chosen(tx: Tx) -> tuple[list[str], list[str], int]:
        marked = (
            select(_contents.c.key)
            .where(_contents.c.unused_since < tx.now - LET_GO_KEPT)
            .order_by(_contents.c.unused_since)
            .limit(CONTENTS_MAX)
            .with_for_update(skip_locked=True)
        )
        keys = list((await tx.execute(marked)).scalars())
        # A statement of its own after the lock: whoever gave it a picture meanwhile is seen.
        used = set((await tx.execute(select(_assets.c.content_key).where(_assets.c.content_key.in_(keys)))).scalars())
        unused = [key for key in keys if key not in used]
        await _set(tx, list(used), unused_since=None)
        await _set(tx, unused, state=ContentState.DELETING)
        found = await tx.execute(select(_contents.c.key, _contents.c.widths).where(_contents.c.key.in_(unused)))
        return unused, [public_key(key, width) for key, widths in found for width in widths], len(keys)

    keys, files, looked_at = await db.run(chosen)
    if keys:
        await storage.delete(*files)
        await db.run(lambda tx: _delete_contents(tx, keys))
    return looked_at


async def _set(tx: Tx, keys: Sequence[str], **values: Any) -> None:
    await tx.execute(update(_contents).where(_contents.c.key.in_(keys)).values(**values))


async def _delete_contents(tx: Tx, keys: Sequence[str]) -> None:
    await tx.execute(delete(_contents).where(_contents.c.key.in_(keys), _contents.c.state == ContentState.DELETING))


async def _lock_where(tx: Tx, *conditions: ColumnElement[bool]) -> list[MediaAsset]:
    # Locked by the same statement: what somebody took up a moment ago no longer fits and is left out.
    chosen = select(_assets.c.id).where(*conditions).limit(BATCH_MAX).with_for_update(skip_locked=True)
    return await tx.lock(MediaAsset, list((await tx.execute(chosen)).scalars()))
