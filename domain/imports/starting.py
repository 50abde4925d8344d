"""How an import begins and is called off: a place to upload to, the word to start, the word to stop.

Invariant: an import belongs to the shop that began it, and moves only along IMPORT_TRANSITIONS under its row lock.
"""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import StringConstraints, TypeAdapter
from sqlalchemy import bindparam, func, or_, select

from domain.imports.columns import ColumnNames, ImportOptions
from domain.imports.errors import FileRefused, TooManyImports
from domain.imports.events import ImportDue
from domain.imports.model import (
    FILE_BYTES_MAX,
    IMPORT_TRANSITIONS,
    OPEN,
    OPEN_MAX,
    ImportFormat,
    ImportStatus,
    ListingImport,
)
from domain.imports.writing import take_turn
from domain.media.errors import ObjectTooLarge, UploadNotArrived
from domain.media.ports import ObjectStorage, UploadTicket, upload_key
from domain.shared.actor import Actor
from domain.shared.commands import command, fingerprint
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import ImportId, new_id
from domain.shared.transitions import Party

UPLOAD_SECONDS: Final = 3600
FileName = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]

_imports = table(ListingImport)
_OPEN_COUNT = select(func.count()).where(
    _imports.c.seller_id == bindparam("seller_id"), or_(*(_imports.c.status == status.value for status in OPEN))
)
_UNFINISHED = (
    select(_imports.c.id)
    .where(
        _imports.c.seller_id == bindparam("seller_id"),
        _imports.c.source == bindparam("source"),
        or_(_imports.c.status == ImportStatus.QUEUED.value, _imports.c.status == ImportStatus.RUNNING.value),
    )
    .order_by(_imports.c.id.desc())
    .limit(1)
)
_OPTIONS: Final = TypeAdapter(ImportOptions)


@command
class CreateImport:
    """A file that is about to be uploaded."""

    format: ImportFormat
    file_name: FileName = ""
    options: ImportOptions = ImportOptions()


@command
class NamedImport:
    import_id: ImportId


def read_options(stored: dict[str, Any]) -> ImportOptions:
    return _OPTIONS.validate_python(stored)


def write_options(options: ImportOptions) -> dict[str, Any]:
    written: dict[str, Any] = _OPTIONS.dump_python(options, mode="json")
    return written


async def create_import(
    command: CreateImport, *, actor: Actor, db: Database, storage: ObjectStorage
) -> tuple[UUID, UploadTicket]:
    """The new import, and where to put its file. Raises InvalidInput, TooManyImports, StorageUnavailable."""
    seller_id, import_id = actor.seller(), new_id()
    try:
        ColumnNames.of(command.options)
    except FileRefused as fault:
        raise InvalidInput.at("options", fault.reason, fault.message) from fault
    ticket = await storage.upload_ticket(
        upload_key("import", import_id), content_type=_TYPES[command.format], bytes_max=FILE_BYTES_MAX,
        seconds=UPLOAD_SECONDS,
    )  # fmt: skip

    async def step(tx: Tx) -> UUID:
        await _refuse_too_many(tx, seller_id)
        row = _row(tx, import_id, seller_id, command, actor=actor.name, source=upload_key("import", import_id))
        await tx.add(row)
        return import_id

    return await db.run(step), ticket


_TYPES: Final = {ImportFormat.CSV: "text/csv", ImportFormat.JSONL: "application/x-ndjson"}


async def start_import(command: NamedImport, *, actor: Actor, db: Database, storage: ObjectStorage) -> UUID:
    """The import's id; a second call finds it started. Raises NotFound, IllegalTransition, UploadNotArrived,
    ObjectTooLarge, StorageUnavailable.
    """
    stored = await storage.head(upload_key("import", command.import_id))

    async def step(tx: Tx) -> UUID:
        row = await _own(tx, command.import_id, actor)
        if row.status in (ImportStatus.QUEUED, ImportStatus.RUNNING, ImportStatus.COMPLETED):
            return row.id
        IMPORT_TRANSITIONS.check(row.status, ImportStatus.QUEUED, Party.SELLER)
        if stored is None:
            raise UploadNotArrived()
        if stored.size > FILE_BYTES_MAX:
            raise ObjectTooLarge(FILE_BYTES_MAX)
        row.status, row.size_bytes, row.updated_at = ImportStatus.QUEUED, stored.size, tx.now
        tx.record(ImportDue(at=tx.now, trace=actor.trace, import_id=row.id))
        return row.id

    return await db.run(step)


async def cancel_import(command: NamedImport, *, actor: Actor, db: Database) -> UUID:
    """What is taken stays taken; no further row is. Raises NotFound, IllegalTransition."""

    async def step(tx: Tx) -> UUID:
        row = await _own(tx, command.import_id, actor)
        IMPORT_TRANSITIONS.check(row.status, ImportStatus.CANCELLED, Party.SELLER)
        row.status, row.updated_at, row.finished_at = ImportStatus.CANCELLED, tx.now, tx.now
        return row.id

    return await db.run(step)


async def take_up_file(
    command: CreateImport, *, seller_id: UUID, source: str, size_bytes: int, actor: Actor, db: Database
) -> UUID:
    """For a file that lies on this machine: its unfinished import with the same options, or a new one, ready to run.

    `source` is the fingerprint of the content. Raises FileRefused (options), TooManyImports.
    """
    ColumnNames.of(command.options)
    import_id, source = new_id(), f"{source}:{fingerprint(command.options)[:16]}"

    async def step(tx: Tx) -> UUID:
        await take_turn(tx, seller_id)
        found: UUID | None = await tx.reads.scalar(_UNFINISHED, seller_id=seller_id, source=source)
        if found is not None:
            return found
        await _refuse_too_many(tx, seller_id)
        row = _row(tx, import_id, seller_id, command, actor=actor.name, source=source)
        row.status, row.size_bytes = ImportStatus.QUEUED, size_bytes
        await tx.add(row)
        return import_id

    return await db.run(step)


def _row(tx: Tx, import_id: UUID, seller_id: UUID, command: CreateImport, *, actor: str, source: str) -> ListingImport:
    return ListingImport(
        id=import_id,
        seller_id=seller_id,
        created_by=actor,
        source=source,
        file_name=command.file_name,
        format=command.format,
        options=write_options(command.options),
        created_at=tx.now,
        updated_at=tx.now,
    )


async def _refuse_too_many(tx: Tx, seller_id: UUID) -> None:
    await take_turn(tx, seller_id)
    if await tx.reads.scalar(_OPEN_COUNT, seller_id=seller_id) >= OPEN_MAX:
        raise TooManyImports()


async def _own(tx: Tx, import_id: UUID, actor: Actor) -> ListingImport:
    seller_id = actor.seller()
    rows = await tx.lock(ListingImport, [import_id])
    if not rows or rows[0].seller_id != seller_id:
        raise NotFound("import")
    return rows[0]
