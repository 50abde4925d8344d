"""Imports: a seller's file on its way into the catalogue.

Invariant: `position_bytes`, the counters and what they count are written by one transaction, so an import that stops
anywhere goes on exactly behind the last row that it took. It moves only along IMPORT_TRANSITIONS.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import TIME, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step

FILE_BYTES_MAX: Final = 200 * 1024 * 1024
FAULTS_SHOWN_MAX: Final = 1_000
"""The first faults are kept to be read; all of them are counted."""
OPEN_MAX: Final = 5
"""So many unfinished imports a shop may have at once."""


class ImportStatus(StrEnum):
    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_S, _P = ImportStatus, Party

IMPORT_TRANSITIONS: Final = TransitionTable(
    "import",
    [
        step(_S.CREATED, _S.QUEUED, _P.SELLER, action="START"),
        step(_S.QUEUED, _S.RUNNING, _P.SYSTEM),
        step(_S.RUNNING, _S.COMPLETED, _P.SYSTEM),
        step(_S.QUEUED, _S.FAILED, _P.SYSTEM),
        step(_S.RUNNING, _S.FAILED, _P.SYSTEM),
        step(_S.CREATED, _S.CANCELLED, _P.SELLER, _P.SYSTEM, action="CANCEL", timer="a day without its file"),
        step(_S.QUEUED, _S.CANCELLED, _P.SELLER, action="CANCEL"),
        step(_S.RUNNING, _S.CANCELLED, _P.SELLER, action="CANCEL"),
    ],
)

OPEN: Final = frozenset({_S.CREATED, _S.QUEUED, _S.RUNNING})


class ImportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


class UnknownAttributes(StrEnum):
    """What becomes of an attribute that the listing's category does not have."""

    REFUSE = "refuse"
    DESCRIBE = "describe"
    """It becomes a line at the end of the description, so that nothing is lost."""
    IGNORE = "ignore"


class ListingImport(TableRow, table=True):
    """One file. `source` is where it lies: a key of the object storage, or the fingerprint of a local file.

    Empty: the uploaded file was taken away, because the import has ended.
    """

    __tablename__ = "listing_import"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id")
    created_by: str = Field(max_length=80)
    source: str = Field(max_length=200)
    file_name: str = Field(default="", max_length=200)
    format: ImportFormat = Field(sa_type=one_of(ImportFormat))
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    status: ImportStatus = Field(default=ImportStatus.CREATED, sa_type=one_of(ImportStatus))
    size_bytes: int = Field(default=0, sa_type=BigInteger)
    position_bytes: int = Field(default=0, sa_type=BigInteger)
    rows_created: int = Field(default=0)
    rows_updated: int = Field(default=0)
    rows_unchanged: int = Field(default=0)
    rows_faulty: int = Field(default=0)
    failure_code: str = Field(default="", max_length=40)
    failure_message: str = Field(default="", max_length=500)
    created_at: datetime = Field(sa_type=TIME)
    started_at: datetime | None = Field(default=None, sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        Index("ix_listing_import_seller", "seller_id", "id"),
        Index("ix_listing_import_uploaded", "created_at", postgresql_where=text("starts_with(source, 'uploads/')")),
        CheckConstraint("0 <= position_bytes AND position_bytes <= size_bytes", name="position"),
    )


class ImportFault(TableRow, table=True):
    """Why a row of the file was not taken. `place` is the column; empty: the row as a whole."""

    __tablename__ = "import_fault"

    id: UUID = Field(primary_key=True)
    import_id: UUID = Field(foreign_key="listing_import.id")
    line: int = Field(sa_type=BigInteger)
    place: str = Field(default="", max_length=120)
    code: str = Field(max_length=40)
    message: str = Field(max_length=500)

    __table_args__ = (Index("ix_import_fault_import", "import_id", "id"),)


class ListingReference(TableRow, table=True):
    """The seller's own name for a whole listing: rows that bear it are variants of that listing, in every file."""

    __tablename__ = "listing_reference"

    seller_id: UUID = Field(foreign_key="seller.id", primary_key=True)
    reference: str = Field(primary_key=True, max_length=100)
    listing_id: UUID = Field(foreign_key="listing.id", ondelete="CASCADE", index=True)


class ExportStatus(StrEnum):
    QUEUED = "queued"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    """The file was taken away."""


_E: Final = ExportStatus
EXPORT_TRANSITIONS: Final = TransitionTable(
    "export",
    [
        step(_E.QUEUED, _E.COMPLETED, _P.SYSTEM),
        step(_E.QUEUED, _E.FAILED, _P.SYSTEM, timer="an hour without its file"),
        step(_E.COMPLETED, _E.EXPIRED, _P.SYSTEM, timer="a day after it was written, or sooner when newer ones come"),
    ],
)


class ListingExport(TableRow, table=True):
    """A shop's listings written to a file of the object storage, from where its members fetch it for a day."""

    __tablename__ = "listing_export"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id")
    created_by: str = Field(max_length=80)
    format: ImportFormat = Field(sa_type=one_of(ImportFormat))
    status: ExportStatus = Field(default=ExportStatus.QUEUED, sa_type=one_of(ExportStatus))
    created_at: datetime = Field(sa_type=TIME)
    completed_at: datetime | None = Field(default=None, sa_type=TIME)
    expires_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        Index("ix_listing_export_seller", "seller_id", "id"),
        Index("ix_listing_export_open", "created_at", postgresql_where=text("status IN ('queued', 'completed')")),
        CheckConstraint("(status IN ('completed', 'expired')) = (expires_at IS NOT NULL)", name="expiry"),
    )
