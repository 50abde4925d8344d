"""Importing a file of this machine from the command line: the same work as a worker's, with a bar to look at.

Invariant: which import a file belongs to follows from its content and the options, so the same command after a crash
goes on where the last one stopped.
"""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast
from uuid import UUID

from app.container import open_container
from app.jobs import handlers_of
from app.picture_folder import store_folder
from app.settings import Settings
from domain.imports.columns import Constant, ImportOptions, Rename
from domain.imports.errors import FileRefused
from domain.imports.model import ImportFormat, ImportStatus, UnknownAttributes
from domain.imports.pictures import Folder, names_of
from domain.imports.reads import FaultView, ImportView, faults_keyset, faults_page, imports_by_ids
from domain.imports.running import ImportPorts, run_import
from domain.imports.starting import CreateImport, take_up_file
from domain.sellers.reads import shop_by_slug
from domain.shared.actor import Actor, ActorKind
from domain.shared.database import Reads
from domain.shared.ids import encode_id

CHUNK_BYTES: Final = 256 * 1024
SHOWN_FAULTS: Final = 20
_FORMATS: Final = {".csv": ImportFormat.CSV, ".jsonl": ImportFormat.JSONL, ".ndjson": ImportFormat.JSONL}
_GZIP: Final = ".gz"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The import as it ended, and the first of its faults."""

    view: ImportView
    faults: Sequence[FaultView]
    has_more_faults: bool

    @property
    def id(self) -> str:
        """As the API names it."""
        return encode_id("import", self.view.id)

    @property
    def completed(self) -> bool:
        return self.view.status is ImportStatus.COMPLETED


def options_of(
    renames: Mapping[str, str],
    constants: Mapping[str, str],
    ignored: Sequence[str],
    unknown: str,
    *,
    submit: bool,
) -> ImportOptions:
    """From what the command line says: format's column -> file's column, and column -> value. Raises FileRefused."""
    if unknown not in list(UnknownAttributes):
        raise FileRefused("UNKNOWN_OPTION", f"Unknown attributes are refused, described or ignored, not {unknown!r}.")
    return ImportOptions(
        renames=tuple(Rename(column=column, source=source) for column, source in renames.items()),
        constants=tuple(Constant(column=column, value=value) for column, value in constants.items()),
        ignored=tuple(ignored),
        unknown_attributes=UnknownAttributes(unknown),
        submit=submit,
    )


async def import_file(
    settings: Settings,
    path: Path,
    slug: str,
    options: ImportOptions,
    progress: Callable[[int, int], None],
    pictures: Path | None = None,
) -> ImportReport | None:
    """None when there is no such shop. Raises OSError, and FileRefused for a file that cannot be taken at all.

    `pictures` is the folder in which those that the file names lie.
    """
    form = format_of(path)
    async with open_container(settings, handlers_of=handlers_of()) as container:
        ports = container.ports
        shop = await shop_by_slug(ports.db.primary, slug)
        if shop is None:
            return None
        digest, size = await asyncio.to_thread(fingerprint, path)
        import_id = await take_up_file(
            CreateImport(format=form, file_name=path.name[:200], options=options),
            seller_id=shop.id,
            source=f"file:{digest}",
            size_bytes=size,
            actor=Actor(ActorKind.SYSTEM, seller_id=shop.id),
            db=ports.db,
        )
        folder: Folder = {}
        if pictures is not None:
            folder = await store_folder(pictures, await names_of(chunks_of(path), form, options), container)
        work = ImportPorts(db=ports.db, clock=ports.clock, policy=ports.policy, folder=folder)
        await run_import(import_id, open_file=lambda _: chunks_of(path), ports=work, progress=progress)
        reads = ports.db.primary
        return await _report(reads, import_id)


async def _report(reads: Reads, import_id: UUID) -> ImportReport:
    view = (await imports_by_ids(reads, [import_id]))[import_id]
    page = await faults_page(reads, import_id, faults_keyset(import_id).request(SHOWN_FAULTS))
    return ImportReport(view, page.items, page.has_next)


def format_of(path: Path) -> ImportFormat:
    """By the ending, `.gz` aside. Raises FileRefused."""
    name = path.name.removesuffix(_GZIP)
    form = _FORMATS.get(Path(name).suffix.lower())
    if form is None:
        raise FileRefused("UNKNOWN_FORMAT", f"A file is called something.csv or something.jsonl, not {path.name}.")
    return form


def fingerprint(path: Path) -> tuple[str, int]:
    """SHA-256 of the unpacked content, and how long that is."""
    digest, size = hashlib.sha256(), 0
    with _opened(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


async def chunks_of(path: Path) -> AsyncIterator[bytes]:
    with _opened(path) as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.name.endswith(_GZIP) else path.open("rb")
