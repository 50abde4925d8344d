"""Everything that waits brought into the index at once: an empty index is built from the catalogue, not note by note.

Invariant: only notes whose commits the building has seen are forgotten without being drained one by one.
"""

from functools import partial
from typing import Final

from sqlalchemy import bindparam, delete, func, select, text

from domain.catalog.model import ListingChange
from domain.search.indexing import Progress, drain, rebuild
from domain.search.ports import SearchIndex
from domain.shared.database import Database, Tx, table

BATCHES_AT_ONCE: Final = 4
"""Of changes, between two words about the progress."""
FORGOTTEN_AT_ONCE: Final = 20_000

_changes = table(ListingChange)
_LAST = select(func.max(_changes.c.id))
_FIRST = select(func.min(_changes.c.id)).where(_changes.c.id <= bindparam("last"))
_TIME = select(func.clock_timestamp())
_QUIET = text("LOCK TABLE listing_change IN SHARE MODE")


async def catch_up(*, db: Database, index: SearchIndex, progress: Progress | None = None) -> int:
    """Drain all there is without waiting for a worker; how many documents and notes were dealt with.

    Raises Busy when others write so much that no moment is quiet.
    """
    done = 0
    if not await index.older_than(await db.primary.scalar(_TIME), 1):
        last = await db.run(_last_note)
        done = await rebuild(db=db, index=index, progress=progress)
        if last is not None:
            while await db.run(partial(_forget, last)):
                pass
    while drained := await drain(db=db, index=index, batches_max=BATCHES_AT_ONCE):
        done += drained
        if progress is not None:
            progress(done)
    await index.tidy()
    return done


async def _last_note(tx: Tx) -> int | None:
    """Numbers are given before commits, so all who are about to note something are waited for: none is below it."""
    await tx.execute(_QUIET)
    last: int | None = await tx.reads.scalar(_LAST)
    return last


async def _forget(last: int, tx: Tx) -> int:
    """A bounded number of notes up to that one. Those that a drainer holds are its own business."""
    first = await tx.reads.scalar(_FIRST, last=last)
    if first is None:
        return 0
    upto = min(last, first + FORGOTTEN_AT_ONCE - 1)
    forgotten: int = (await tx.execute(delete(_changes).where(_changes.c.id <= upto))).rowcount
    return forgotten
