"""The work of an import: batch after batch, each in one transaction together with how far the file is taken.

Invariant: a batch is written only if the import stands exactly where the batch begins. So whoever is killed is followed
by someone who goes on behind the last commit, and two that work on one import at once never take a row twice.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from domain.imports.batching import BATCH_ROWS, Batch, batches, reader_of
from domain.imports.errors import FileRefused
from domain.imports.events import ImportDue
from domain.imports.model import (
    FAULTS_SHOWN_MAX,
    IMPORT_TRANSITIONS,
    ImportFault,
    ImportFormat,
    ImportStatus,
    ListingImport,
)
from domain.imports.pictures import Folder
from domain.imports.records import Fault
from domain.imports.starting import read_options
from domain.imports.writing import Tally, Terms, write_batch
from domain.media.errors import ObjectMissing, ObjectTooLarge
from domain.shared.clock import Clock
from domain.shared.database import Database, Tx
from domain.shared.errors import Busy, OutcomeUnknown
from domain.shared.ids import new_id
from domain.shared.policy import Policy
from domain.shared.transitions import Party

ATTEMPTS_MAX: Final = 6
FAULTS_PER_ROW_MAX: Final = 10
SLICE_SECONDS: Final = 30.0
"""A worker gives an import so long at a time, so that it can stop, and others have their turn."""

Chunks = AsyncIterator[bytes]
Progress = Callable[[int, int], None]
"""(bytes taken, bytes in all), after each batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPorts:
    """What the work needs besides the file."""

    db: Database
    clock: Clock
    policy: Policy
    folder: Folder = field(default_factory=dict)
    """Pictures that lie beside the file; those of the marketplace need not stand in it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An import as it stands when somebody sets to work on it."""

    id: UUID
    format: ImportFormat
    source: str
    size_bytes: int
    position_bytes: int
    terms: Terms


class _Standing(Enum):
    TAKEN = "taken"
    OVER = "over"
    """Cancelled, or somebody else has gone on: this worker has nothing more to do here."""


async def run_import(
    import_id: UUID,
    *,
    open_file: Callable[[Begun], Chunks],
    ports: ImportPorts,
    seconds_max: float | None = None,
    batch_rows: int = BATCH_ROWS,
    progress: Progress | None = None,
) -> None:
    """Take what is left of the file; with `seconds_max` only for that long, then a job for the rest is enqueued.

    Raises StorageUnavailable and Busy: what is committed stays, and the same call goes on behind it.
    """
    begun = await _begin(import_id, ports)
    if begun is None:
        return
    until = None if seconds_max is None else ports.clock.now() + timedelta(seconds=seconds_max)
    try:
        reader = reader_of(begun.format, begun.terms.options, begun.position_bytes)
        found = batches(open_file(begun), reader, rows_max=batch_rows)
        async with aclosing(found):
            await _take_file(begun, found, ports, until, progress)
    except FileRefused as fault:
        await _fail(begun.id, fault.reason, fault.message, ports.db)
    except (ObjectMissing, ObjectTooLarge) as fault:
        await _fail(begun.id, fault.code, fault.message, ports.db)


async def _take_file(
    begun: Begun,
    found: AsyncIterator[Batch],
    ports: ImportPorts,
    until: datetime | None,
    progress: Progress | None,
) -> None:
    position = begun.position_bytes
    async for batch in found:
        if await _take(batch, position, begun.terms, ports.db) is _Standing.OVER:
            return
        position = batch.end
        if progress is not None:
            progress(position, begun.size_bytes)
        if until is not None and ports.clock.now() >= until:
            await _hand_on(begun.id, ports.db)
            return
    await _complete(begun.id, position, ports.db)


async def _begin(import_id: UUID, ports: ImportPorts) -> Begun | None:
    async def step(tx: Tx) -> Begun | None:
        row = await _locked(tx, import_id)
        if row.status is ImportStatus.QUEUED:
            IMPORT_TRANSITIONS.check(row.status, ImportStatus.RUNNING, Party.SYSTEM)
            row.status, row.started_at, row.updated_at = ImportStatus.RUNNING, tx.now, tx.now
        if row.status is not ImportStatus.RUNNING:
            return None
        terms = Terms(
            import_id=row.id,
            seller_id=row.seller_id,
            options=read_options(row.options),
            policy=ports.policy,
            actor=row.created_by,
            folder=ports.folder,
        )
        return Begun(row.id, row.format, row.source, row.size_bytes, row.position_bytes, terms)

    return await ports.db.run(step)


async def _take(batch: Batch, position: int, terms: Terms, db: Database) -> _Standing:
    """One batch. Tried again while others are in the way, and when nobody knows whether it was committed."""

    async def step(tx: Tx) -> _Standing:
        row = await _locked(tx, terms.import_id)
        if row.status is not ImportStatus.RUNNING:
            return _Standing.OVER
        if row.position_bytes != position:
            return _Standing.TAKEN if row.position_bytes == batch.end else _Standing.OVER
        if batch.end > row.size_bytes:
            raise FileRefused("FILE_CHANGED", "The file is another one than at the start; begin a new import.")
        tally = await write_batch(tx, batch.listings, terms)
        await _note_faults(tx, row, tally)
        row.position_bytes, row.updated_at = batch.end, tx.now
        row.rows_created += tally.created
        row.rows_updated += tally.updated
        row.rows_unchanged += tally.unchanged
        row.rows_faulty += tally.faulty
        return _Standing.TAKEN

    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return await db.run(step)
        except (Busy, OutcomeUnknown):
            if attempt == ATTEMPTS_MAX:
                raise
            await asyncio.sleep(random.uniform(0.05, 0.2) * attempt)  # noqa: S311  # jitter, not a secret
    raise AssertionError("the loop returns or raises")


async def _note_faults(tx: Tx, row: ListingImport, tally: Tally) -> None:
    """The faults of the first faulty rows are kept; all of them are counted."""
    kept: dict[int, int] = {}
    faults = []
    for fault in sorted(tally.faults, key=lambda each: each.line):
        kept[fault.line] = kept.get(fault.line, 0) + 1
        if row.rows_faulty + len(kept) <= FAULTS_SHOWN_MAX and kept[fault.line] <= FAULTS_PER_ROW_MAX:
            faults.append(_fault_row(row.id, fault))
    await tx.add(*faults)


def _fault_row(import_id: UUID, fault: Fault) -> ImportFault:
    """Names and messages may quote the file: what nobody can read is shown as such."""
    place, message = (
        "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
        for text in (fault.place, fault.message)
    )
    return ImportFault(
        id=new_id(),
        import_id=import_id,
        line=fault.line,
        place=place[:120],
        code=fault.code[:40],
        message=message[:500],
    )


async def _hand_on(import_id: UUID, db: Database) -> None:
    async def step(tx: Tx) -> None:
        tx.record(ImportDue(at=tx.now, import_id=import_id))

    await db.run(step)


async def _complete(import_id: UUID, position: int, db: Database) -> None:
    async def step(tx: Tx) -> None:
        row = await _locked(tx, import_id)
        if row.status is ImportStatus.RUNNING and row.position_bytes == position:
            IMPORT_TRANSITIONS.check(row.status, ImportStatus.COMPLETED, Party.SYSTEM)
            row.status, row.position_bytes = ImportStatus.COMPLETED, row.size_bytes
            row.updated_at = row.finished_at = tx.now

    await db.run(step)


async def _fail(import_id: UUID, code: str, message: str, db: Database) -> None:
    async def step(tx: Tx) -> None:
        row = await _locked(tx, import_id)
        if row.status is ImportStatus.RUNNING:
            IMPORT_TRANSITIONS.check(row.status, ImportStatus.FAILED, Party.SYSTEM)
            row.status, row.failure_code, row.failure_message = ImportStatus.FAILED, code[:40], message[:500]
            row.updated_at = row.finished_at = tx.now

    await db.run(step)


async def _locked(tx: Tx, import_id: UUID) -> ListingImport:
    rows = await tx.lock(ListingImport, [import_id])
    assert rows, "imports are never deleted"
    return rows[0]
