"""Inputs about imports."""

import strawberry

from resolvers.imports.enums import ImportFormat, UnknownAttributes


@strawberry.input(description="The file's own name of a column.")
class RenameInput:
    column: str = strawberry.field(description="The format's column, as `title`.")
    source: str = strawberry.field(description="What the file calls it, as `Product name`.")


@strawberry.input(description="What rows that say nothing of a column say.")
class ConstantInput:
    column: str = strawberry.field(description="The format's column, as `category`.")
    value: str = strawberry.field(description="Its value, as `home/lamps`.")


@strawberry.input(description="How a file is read.")
class ImportOptionsInput:
    renames: list[RenameInput] = strawberry.field(default_factory=list, description="At most 100.")
    constants: list[ConstantInput] = strawberry.field(default_factory=list, description="At most 100.")
    ignored: list[str] = strawberry.field(default_factory=list, description="Columns of the file to pass over.")
    unknown_attributes: UnknownAttributes = strawberry.field(
        default=UnknownAttributes.REFUSE, description="What becomes of attributes that the category does not have."
    )
    submit: bool = strawberry.field(
        default=False, description="New listings are submitted, as by `submitListing`; else they stay drafts."
    )


@strawberry.input(description="A file that is about to be uploaded.")
class CreateImportInput:
    format: ImportFormat = strawberry.field(description="The file's format.")
    file_name: str = strawberry.field(default="", description="To recognise it by, at most 200 characters.")
    options: ImportOptionsInput = strawberry.field(
        default_factory=ImportOptionsInput, description="How it is to be read."
    )


@strawberry.input(description="The shop's listings as a file.")
class CreateExportInput:
    format: ImportFormat = strawberry.field(description="The file's format.")


@strawberry.input(description="An import of the shop.")
class ImportInput:
    import_id: strawberry.ID = strawberry.field(description="As `createImport` gave it.")
