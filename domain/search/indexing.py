"""Keeping the index in step: noted changes are drained, old documents looked at again, everything rebuilt on demand.

Invariant: a note is deleted only after its listing's present state is in the index. So a crash costs a repetition,
never a change, and because each document carries the time of its reading, a late writer cannot undo a newer one.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select

from domain.catalog.model import Listing, ListingChange, ListingStatus
from domain.search.documents import documents_by_ids
from domain.search.errors import SearchUnavailable
from domain.search.ports import Rebuild, SearchIndex
from domain.shared.database import Database, Query, Tx, table
from domain.shared.errors import Busy, OutcomeUnknown

BATCH_CHANGES: Final = 250
BATCHES_MAX: Final = 20
BATCH_LISTINGS: Final = 250
"""A batch takes a fraction of a second, far from the five that a transaction has."""
ATTEMPTS_MAX: Final = 6
PAUSE_SECONDS: Final = 0.2
AFRESH_SECONDS: Final = 24 * 3600
"""Signals fade with time: a document older than this is written anew."""
_WRITER_LOCK: Final = 7_316_008

_changes, _listings = table(ListingChange), table(Listing)


@dataclass(frozen=True, slots=True)
class _Note:
    id: int
    listing_id: UUID


@dataclass(frozen=True, slots=True)
class _Listed:
    id: UUID


_NOTES = Query(
    select(_changes.c.id, _changes.c.listing_id)
    .order_by(_changes.c.id)
    .limit(BATCH_CHANGES)
    .with_for_update(skip_locked=True),
    _Note,
)
_LISTED = Query(
    select(_listings.c.id)
    .where(_listings.c.status == ListingStatus.ACTIVE.value, _listings.c.id > bindparam("after"))
    .order_by(_listings.c.id)
    .limit(BATCH_LISTINGS),
    _Listed,
)
_TRY_TO_WRITE = select(func.pg_try_advisory_xact_lock(_WRITER_LOCK))
_WAIT_TO_WRITE = select(func.pg_advisory_xact_lock(_WRITER_LOCK))
_TIME = select(func.clock_timestamp())

Progress = Callable[[int], None]
"""Listings written so far."""


async def drain(*, db: Database, index: SearchIndex, batches_max: int = BATCHES_MAX) -> int:
    """Bring noted changes into the index; how many notes were dealt with. At most `batches_max` batches.

    A second drainer finds the lock taken and leaves with 0. The index is called while the transaction is open, against
    the rule for steps: its locks are the drainer's own notes, which nobody waits for, and repeating it does no harm.
    """
    drained = 0
    for _ in range(batches_max):
        done = await db.run(lambda tx: _drain_batch(tx, index))
        drained += done
        if done < BATCH_CHANGES:
            break
    return drained


async def _drain_batch(tx: Tx, index: SearchIndex) -> int:
    if not await tx.reads.scalar(_TRY_TO_WRITE):
        return 0
    notes = await tx.reads.all(_NOTES)
    if notes:
        ids = list({note.listing_id for note in notes})
        as_of = await tx.reads.scalar(_TIME)
        documents = await documents_by_ids(tx.reads, ids, now=tx.now, as_of=as_of)
        await index.write(list(documents.values()))
        await index.remove([id_ for id_ in ids if id_ not in documents], as_of)
        await tx.execute(delete(_changes).where(_changes.c.id.in_([note.id for note in notes])))
    return len(notes)


async def rebuild(
    *, db: Database, index: SearchIndex, progress: Progress | None = None, pause_seconds: float = PAUSE_SECONDS
) -> int:
    """Build the index from the catalogue, batch by batch; how many documents it holds.

    Drains go on between the batches, never during one: two readings of a listing are written in their order. A batch
    that the machine was too busy for comes again, the first time after some two `pause_seconds`.
    """
    written, after = 0, UUID(int=0)
    async with index.rebuild(await db.primary.scalar(_TIME)) as making:
        while listed := await db.primary.all(_LISTED, after=after):
            after = listed[-1].id
            written += await _rebuilt([each.id for each in listed], making, db, pause_seconds)
            if progress is not None:
                progress(written)
    await index.tidy()
    return written


async def _rebuilt(ids: list[UUID], making: Rebuild, db: Database, pause_seconds: float) -> int:
    """One batch, again when the machine is too busy for it: writing documents twice does no harm."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return await db.run(partial(_rebuild_batch, ids, making))
        except (Busy, OutcomeUnknown, SearchUnavailable):
            if attempt == ATTEMPTS_MAX:
                raise
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause_seconds * 2**attempt)  # noqa: S311  # jitter, not a secret
    raise AssertionError("the loop returns or raises")


async def _rebuild_batch(ids: list[UUID], making: Rebuild, tx: Tx) -> int:
    await tx.reads.scalar(_WAIT_TO_WRITE)
    as_of = await tx.reads.scalar(_TIME)
    documents = await documents_by_ids(tx.reads, ids, now=tx.now, as_of=as_of)
    await making.write(list(documents.values()))
    return len(documents)


async def refresh(*, db: Database, index: SearchIndex, afresh_seconds: float = AFRESH_SECONDS) -> int:
    """Note the listings whose documents are oldest, so that fading signals fade; how many."""
    now = await db.primary.scalar(_TIME)
    old = await index.older_than(now - timedelta(seconds=afresh_seconds), BATCH_CHANGES)

    async def note(tx: Tx) -> None:
        await tx.execute(_changes.insert().values([{"listing_id": id_, "at": tx.now} for id_ in old]))

    if old:
        await db.run(note)
    return len(old)
