"""Mutations by which a shop imports a file: a place for it, the word to start, the word to stop."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.imports.export_files import CreateExport, create_export
from domain.imports.starting import CreateImport, NamedImport, cancel_import, create_import, start_import
from resolvers.context import Info
from resolvers.imports.inputs import CreateExportInput, CreateImportInput, ImportInput
from resolvers.imports.queries import own_export, own_import
from resolvers.imports.types import FileTooLarge, ListingExport, ListingImport, TooManyImports
from resolvers.media.types import StorageUnavailable, UploadNotArrived, UploadTicketType
from resolvers.shared.errors import IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="There is a place for the file. Send it there, then call `startImport`.")
class CreateImportSuccess:
    ticket: UploadTicketType = strawberry.field(description="Where and how to send the file.")
    listing_import: ListingImport = strawberry.field(description="The import, waiting for its file.", name="import")


@strawberry.type(description="The import waits for a worker, or runs already.")
class StartImportSuccess:
    listing_import: ListingImport = strawberry.field(description="As it is now.", name="import")


@strawberry.type(description="No further row is taken.")
class CancelImportSuccess:
    listing_import: ListingImport = strawberry.field(description="As it is now.", name="import")


@strawberry.type(description="A worker writes the file; ask for `export(id:)` until it is there.")
class CreateExportSuccess:
    export: ListingExport = strawberry.field(description="The export: a new one, or the one that waits already.")


CreateExportResult = Annotated[
    CreateExportSuccess | InvalidInput,
    strawberry.union("CreateExportResult", description="What became of the wish to export."),
]
CreateImportResult = Annotated[
    CreateImportSuccess | TooManyImports | StorageUnavailable | InvalidInput,
    strawberry.union("CreateImportResult", description="What became of the wish to import."),
]
StartImportResult = Annotated[
    StartImportSuccess | NotFound | IllegalTransition | UploadNotArrived | FileTooLarge | StorageUnavailable,
    strawberry.union("StartImportResult", description="What became of the word to start."),
]
CancelImportResult = Annotated[
    CancelImportSuccess | NotFound | IllegalTransition,
    strawberry.union("CancelImportResult", description="What became of the word to stop."),
]


@strawberry.type
class SellerImportMutations:
    @mutation(AccessLevel.SELLER, "Ask for a place to send a file of listings to, of at most 200 MB.")
    async def create_import(self, info: Info, input: CreateImportInput) -> CreateImportResult:
        actor, ports = info.context.actor, info.context.ports
        command = parse(CreateImport, input)
        import_id, ticket = await create_import(command, actor=actor, db=ports.db, storage=ports.storage)
        return CreateImportSuccess(ticket=UploadTicketType.of(ticket), listing_import=await _shown(info, import_id))

    @mutation(AccessLevel.SELLER, "The file is sent: take its rows. Repeating the call does no harm.")
    async def start_import(self, info: Info, input: ImportInput) -> StartImportResult:
        actor, ports = info.context.actor, info.context.ports
        command = parse(NamedImport, input)
        import_id = await start_import(command, actor=actor, db=ports.db, storage=ports.storage)
        return StartImportSuccess(listing_import=await _shown(info, import_id))

    @mutation(AccessLevel.SELLER, "Call an import off. What it has taken stays taken.")
    async def cancel_import(self, info: Info, input: ImportInput) -> CancelImportResult:
        import_id = await cancel_import(parse(NamedImport, input), actor=info.context.actor, db=info.context.ports.db)
        return CancelImportSuccess(listing_import=await _shown(info, import_id))

    @mutation(AccessLevel.SELLER, "Have the shop's listings written to a file, in the format of imports.")
    async def create_export(self, info: Info, input: CreateExportInput) -> CreateExportResult:
        command = parse(CreateExport, input)
        export_id = await create_export(command, actor=info.context.actor, db=info.context.ports.db)
        found = await own_export(info.context, export_id)
        assert found is not None
        return CreateExportSuccess(export=found)


async def _shown(info: Info, import_id: UUID) -> ListingImport:
    found = await own_import(info.context, import_id)
    assert found is not None
    return found
