"""What is left of imports: places to upload to that nobody used, and files that nobody needs any more.

Invariant: a file is taken away only when its import has ended, and the import forgets it only when it is gone.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, update

from domain.imports.model import IMPORT_TRANSITIONS, OPEN, ImportStatus, ListingImport
from domain.media.ports import ObjectStorage
from domain.shared.database import Database, Query, Tx, table
from domain.shared.transitions import Party

BATCH_MAX: Final = 100
UPLOAD_WAIT_SECONDS: Final = 24 * 3600

_imports = table(ListingImport)


@dataclass(frozen=True, slots=True)
class _Left:
    id: UUID
    source: str


_UPLOADED = func.starts_with(_imports.c.source, "uploads/")
_UNUSED = Query(
    select(_imports.c.id, _imports.c.source)
    .where(_UPLOADED, _imports.c.status == ImportStatus.CREATED.value, _imports.c.created_at < bindparam("before"))
    .limit(BATCH_MAX),
    _Left,
)
_ENDED = Query(
    select(_imports.c.id, _imports.c.source)
    .where(_UPLOADED, or_(*(_imports.c.status == each.value for each in ImportStatus if each not in OPEN)))
    .order_by(_imports.c.created_at)
    .limit(BATCH_MAX),
    _Left,
)


async def tidy_imports(*, db: Database, storage: ObjectStorage) -> int:
    """How many files were taken away. Raises StorageUnavailable; what is left comes again."""

    async def cancel(tx: Tx) -> None:
        before = tx.now - timedelta(seconds=UPLOAD_WAIT_SECONDS)
        unused = await tx.reads.all(_UNUSED, before=before)
        for row in await tx.lock(ListingImport, [each.id for each in unused], skip_locked=True):
            if row.status is ImportStatus.CREATED:
                IMPORT_TRANSITIONS.check(row.status, ImportStatus.CANCELLED, Party.SYSTEM)
                row.status, row.updated_at, row.finished_at = ImportStatus.CANCELLED, tx.now, tx.now

    await db.run(cancel)
    ended = await db.primary.all(_ENDED)
    if not ended:
        return 0
    await storage.delete(*(each.source for each in ended))

    async def forget(tx: Tx) -> None:
        ids = [each.id for each in ended]
        await tx.execute(update(_imports).where(_imports.c.id.in_(ids)).values(source=""))

    await db.run(forget)
    return len(ended)
