"""The words of imports and exports in the schema."""

from domain.imports.model import ExportStatus, ImportFormat, ImportStatus, UnknownAttributes
from resolvers.shared.enums import expose

__all__ = ["ExportStatus", "ImportFormat", "ImportStatus", "UnknownAttributes"]

expose(
    ImportStatus,
    "Where an import stands.",
    {
        ImportStatus.CREATED: "Waits for its file and for `startImport`.",
        ImportStatus.QUEUED: "Waits for a worker.",
        ImportStatus.RUNNING: "Rows are being taken.",
        ImportStatus.COMPLETED: "The file was read to its end; faulty rows are named.",
        ImportStatus.FAILED: "The file as a whole could not be taken; see `failure`.",
        ImportStatus.CANCELLED: "Called off. What was taken until then stays.",
    },
)
expose(
    ImportFormat,
    "The formats of a file.",
    {
        ImportFormat.CSV: "A header and rows, in UTF-8.",
        ImportFormat.JSONL: "JSON Lines: one object per line, in UTF-8.",
    },
)
expose(
    UnknownAttributes,
    "What becomes of attributes that a listing's category does not have.",
    {
        UnknownAttributes.REFUSE: "The row is faulty.",
        UnknownAttributes.DESCRIBE: "They become lines at the end of the description.",
        UnknownAttributes.IGNORE: "They are passed over.",
    },
)
expose(
    ExportStatus,
    "Where an export stands.",
    {
        ExportStatus.QUEUED: "Waits for a worker, or is being written.",
        ExportStatus.COMPLETED: "The file can be fetched from `downloadUrl`.",
        ExportStatus.FAILED: "It could not be written; ask for another.",
        ExportStatus.EXPIRED: "The file was taken away.",
    },
)
