"""A shop's listings as a stored file: asked for, written by a job, fetched from a signed address, taken away.

Invariant: an export is COMPLETED only when its whole file is stored, and says so until the file is gone. The address is
made when it is read, for a member of the shop, and ends by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select

from domain.imports.events import ExportRequested
from domain.imports.exporting import export_listings
from domain.imports.model import EXPORT_TRANSITIONS, ExportStatus, ImportFormat, ListingExport
from domain.imports.writing import take_turn
from domain.media.ports import ObjectStorage
from domain.shared.actor import Actor
from domain.shared.clock import Clock
from domain.shared.commands import command
from domain.shared.database import Database, Query, Reads, Tx, table
from domain.shared.ids import new_id
from domain.shared.transitions import Party

KEPT_MAX: Final = 10
"""So many files of one shop are kept; the oldest makes room."""
KEPT: Final = timedelta(days=1)
WRITING_MAX: Final = timedelta(hours=1)
DOWNLOAD_SECONDS: Final = 900
BATCH_MAX: Final = 100

_exports = table(ListingExport)
MEDIA_TYPES: Final = {ImportFormat.CSV: "text/csv", ImportFormat.JSONL: "application/x-ndjson"}


@command
class CreateExport:
    """All listings of the shop, archived ones aside."""

    format: ImportFormat


@dataclass(frozen=True, slots=True)
class ExportView:
    id: UUID
    seller_id: UUID
    format: ImportFormat
    status: ExportStatus
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None

    @property
    def key(self) -> str:
        return f"exports/{self.id.hex}.{self.format.value}"


_EXPORT = select(*(_exports.c[name] for name in ExportView.__dataclass_fields__))
_BY_ID = Query(_EXPORT.where(_exports.c.id == bindparam("id")), ExportView)
_OF_SHOP = Query(
    _EXPORT.where(_exports.c.seller_id == bindparam("seller_id")).order_by(_exports.c.id.desc()).limit(KEPT_MAX),
    ExportView,
)
_STORED = Query(
    _EXPORT.where(
        _exports.c.seller_id == bindparam("seller_id"), _exports.c.status == ExportStatus.COMPLETED.value
    ).order_by(_exports.c.id.desc()),
    ExportView,
)
_WAITING = (
    select(_exports.c.id)
    .where(
        _exports.c.seller_id == bindparam("seller_id"),
        _exports.c.status == ExportStatus.QUEUED.value,
        _exports.c.format == bindparam("format"),
    )
    .limit(1)
)
_OVER = Query(
    _EXPORT.where(
        or_(
            and_(_exports.c.status == ExportStatus.COMPLETED.value, _exports.c.expires_at < bindparam("now")),
            and_(_exports.c.status == ExportStatus.QUEUED.value, _exports.c.created_at < bindparam("stuck")),
        )
    )
    .order_by(_exports.c.created_at)
    .limit(BATCH_MAX),
    ExportView,
)


async def export_by_id(reads: Reads, id_: UUID) -> ExportView | None:
    """Anybody's: callers compare `seller_id`."""
    return await reads.first(_BY_ID, id=id_)


async def exports_of_shop(reads: Reads, seller_id: UUID) -> Sequence[ExportView]:
    """The newest first, KEPT_MAX at most."""
    return await reads.all(_OF_SHOP, seller_id=seller_id)


async def create_export(command: CreateExport, *, actor: Actor, db: Database) -> UUID:
    """The export's id: of one in this format that waits already, or of a new one."""
    seller_id, export_id = actor.seller(), new_id()

    async def step(tx: Tx) -> UUID:
        await take_turn(tx, seller_id)
        waiting: UUID | None = await tx.reads.scalar(_WAITING, seller_id=seller_id, format=command.format.value)
        if waiting is not None:
            return waiting
        stored = await tx.reads.all(_STORED, seller_id=seller_id)
        for row in await tx.lock(ListingExport, [each.id for each in stored[KEPT_MAX - 1 :]]):
            row.expires_at = tx.now
        await tx.add(
            ListingExport(
                id=export_id,
                seller_id=seller_id,
                created_by=actor.name,
                format=command.format,
                created_at=tx.now,
            )
        )
        tx.record(ExportRequested(at=tx.now, trace=actor.trace, export_id=export_id))
        return export_id

    return await db.run(step)


async def write_export(export_id: UUID, *, db: Database, reads: Reads, storage: ObjectStorage) -> None:
    """Handler: the file, then the word that it is there. Done again, it is written anew. Raises StorageUnavailable."""
    export = await export_by_id(db.primary, export_id)
    if export is None or export.status is not ExportStatus.QUEUED:
        if export is not None and export.status is ExportStatus.FAILED:
            await storage.delete(export.key)
        return
    pieces = export_listings(export.seller_id, export.format, reads)
    await storage.put_chunks(export.key, pieces, content_type=MEDIA_TYPES[export.format])

    async def step(tx: Tx) -> bool:
        [row] = await tx.lock(ListingExport, [export_id])
        if row.status is ExportStatus.QUEUED:
            EXPORT_TRANSITIONS.check(row.status, ExportStatus.COMPLETED, Party.SYSTEM)
            row.status, row.completed_at, row.expires_at = ExportStatus.COMPLETED, tx.now, tx.now + KEPT
        return row.status is ExportStatus.COMPLETED

    if not await db.run(step):
        await storage.delete(export.key)


async def download_url(export: ExportView, *, clock: Clock, storage: ObjectStorage) -> str | None:
    """A signed address for DOWNLOAD_SECONDS; None when there is no file. Raises StorageUnavailable."""
    if export.status is not ExportStatus.COMPLETED or export.expires_at is None or export.expires_at <= clock.now():
        return None
    name = f"listings.{export.format.value}"
    return await storage.download_url(export.key, seconds=DOWNLOAD_SECONDS, file_name=name)


async def tidy_exports(*, db: Database, storage: ObjectStorage) -> int:
    """Files whose day is over are taken away, and what was never written is given up; how many.

    Raises StorageUnavailable; what is left comes again.
    """

    async def over(tx: Tx) -> Sequence[ExportView]:
        """Given up before its file goes: a job that is still at it then takes away what it writes."""
        found = await tx.reads.all(_OVER, now=tx.now, stuck=tx.now - WRITING_MAX)
        await _move(tx, found, ExportStatus.QUEUED, ExportStatus.FAILED)
        return found

    async def close(tx: Tx) -> None:
        await _move(tx, gone, ExportStatus.COMPLETED, ExportStatus.EXPIRED)

    gone = await db.run(over)
    if gone:
        await storage.delete(*(each.key for each in gone))
        await db.run(close)
    return len(gone)


async def _move(tx: Tx, exports: Sequence[ExportView], source: ExportStatus, target: ExportStatus) -> None:
    """Those that stood there when they were read, and still do."""
    for row in await tx.lock(ListingExport, [each.id for each in exports if each.status is source]):
        if row.status is source:
            EXPORT_TRANSITIONS.check(source, target, Party.SYSTEM)
            row.status = target
