"""Imports in the schema: how far a file is, what became of its rows, and which were not taken."""

from datetime import datetime
from uuid import UUID

import strawberry

from domain.imports import errors
from domain.imports.export_files import DOWNLOAD_SECONDS, ExportView, download_url
from domain.imports.model import FAULTS_SHOWN_MAX, IMPORT_TRANSITIONS, OPEN_MAX
from domain.imports.reads import FaultView, ImportView, count_faults, faults_keyset, faults_page
from domain.media.errors import ObjectTooLarge
from domain.shared.transitions import Party
from resolvers.context import Info
from resolvers.imports.enums import ExportStatus, ImportFormat, ImportStatus
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import APART, paged
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import Node, public_id


@strawberry.type(description="Why a row of the file was not taken.")
class ImportFault:
    line: int = strawberry.field(description="The line in which the row begins; the first is 1.")
    column: str = strawberry.field(description="The column; empty when it is about the row as a whole.")
    code: str = strawberry.field(description="Which fault, as `NOT_A_PRICE`. New ones may come.")
    message: str = strawberry.field(description="What to tell a person.")

    @classmethod
    def of(cls, view: FaultView) -> "ImportFault":
        return cls(line=view.line, column=view.place, code=view.code, message=view.message)


@strawberry.type(description="Why nothing, or no more, of a file could be taken.")
class ImportFailure:
    code: str = strawberry.field(description="Which, as `NOT_UTF8`. New ones may come.")
    message: str = strawberry.field(description="What to tell a person.")


@strawberry.type(description="A file of listings on its way into the catalogue.")
class ListingImport(Node):
    status: ImportStatus = strawberry.field(description="Where it stands.")
    format: ImportFormat = strawberry.field(description="The file's format.")
    file_name: str = strawberry.field(description="What its owner called the file; may be empty.")
    progress: float = strawberry.field(description="Which part of the file is taken, 0 to 1.")
    rows_created: int = strawberry.field(description="Rows that made a new variant.")
    rows_updated: int = strawberry.field(description="Rows that changed something.")
    rows_unchanged: int = strawberry.field(description="Rows that said what was there already.")
    rows_faulty: int = strawberry.field(description="Rows that were not taken.")
    failure: ImportFailure | None = strawberry.field(description="Why it failed; null unless it did.")
    allowed_actions: list[str] = strawberry.field(description="What its shop may do now: `START`, `CANCEL`.")
    created_at: datetime = strawberry.field(description="When it was created.")
    started_at: datetime | None = strawberry.field(description="When the first row was looked at.")
    updated_at: datetime = strawberry.field(description="When it last went on.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    import_id: strawberry.Private[UUID]

    @strawberry.field(
        description=f"Why rows were not taken, in the order of the file: of the first {FAULTS_SHOWN_MAX} faulty rows.",
        directives=[paged(20), APART],
    )
    async def faults(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ImportFault]:
        reads, import_id = info.context.reads, self.import_id
        page = await faults_page(reads, import_id, faults_keyset(import_id).request(first, after, last, before))
        return connection(page, ImportFault.of, lambda: count_faults(reads, import_id))

    @classmethod
    def of(cls, view: ImportView) -> "ListingImport":
        failed = ImportFailure(code=view.failure_code, message=view.failure_message) if view.failure_code else None
        return cls(
            id=public_id("import", view.id),
            import_id=view.id,
            status=view.status,
            format=view.format,
            file_name=view.file_name,
            progress=view.position_bytes / view.size_bytes if view.size_bytes else float(view.finished_at is not None),
            rows_created=view.rows_created,
            rows_updated=view.rows_updated,
            rows_unchanged=view.rows_unchanged,
            rows_faulty=view.rows_faulty,
            failure=failed,
            allowed_actions=list(IMPORT_TRANSITIONS.actions(view.status, Party.SELLER)),
            created_at=view.created_at,
            started_at=view.started_at,
            updated_at=view.updated_at,
            finished_at=view.finished_at,
        )


@strawberry.type(description="A shop's listings as a file, written by a worker.")
class ListingExport(Node):
    status: ExportStatus = strawberry.field(description="Where it stands.")
    format: ImportFormat = strawberry.field(description="The file's format.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    completed_at: datetime | None = strawberry.field(description="When it was written.")
    expires_at: datetime | None = strawberry.field(description="From then on the file is gone.")
    view: strawberry.Private[ExportView]

    @strawberry.field(
        description=f"Where to GET the file within {DOWNLOAD_SECONDS // 60} minutes, by whoever has the address;"
        " each reading gives another. Null until it is written, and once it is gone."
    )
    async def download_url(self, info: Info) -> str | None:
        ports = info.context.ports
        return await download_url(self.view, clock=ports.clock, storage=ports.storage)

    @classmethod
    def of(cls, view: ExportView) -> "ListingExport":
        return cls(
            id=public_id("export", view.id),
            view=view,
            status=view.status,
            format=view.format,
            created_at=view.created_at,
            completed_at=view.completed_at,
            expires_at=view.expires_at,
        )


@failure(errors.TooManyImports, f"A shop has at most {OPEN_MAX} imports open at once.")
class TooManyImports(UserError):
    pass


@failure(ObjectTooLarge, "The file is larger than it may be.")
class FileTooLarge(UserError):
    bytes_max: int = strawberry.field(description="How large it may be.")

    @classmethod
    def of(cls, error: ObjectTooLarge) -> "FileTooLarge":
        return cls(code=error.code, message=error.message, bytes_max=error.bytes_max)
