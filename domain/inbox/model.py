"""The inbox of messages from outside: stored before it is answered, worked by a job.

Invariant: one row per (source, external id), so a message that comes ten times is worked once.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import TIME
from domain.shared.table_row import TableRow


class InboxMessage(TableRow, table=True):
    __tablename__ = "inbox_message"

    source: str = Field(primary_key=True, max_length=20)
    external_id: str = Field(primary_key=True, max_length=200)
    id: UUID = Field(unique=True)
    kind: str = Field(max_length=100)
    object_ref: str = Field(max_length=200)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    received_at: datetime = Field(sa_type=TIME)
    worked_at: datetime | None = Field(default=None, sa_type=TIME)
    sweeps: int = Field(default=0)
    due_at: datetime | None = Field(default=None, sa_type=TIME)
    """When a sweep takes it up again, should it not be worked by then. None: never again by itself."""

    __table_args__ = (
        Index("ix_inbox_message_due", "due_at", postgresql_where=text("worked_at IS NULL AND due_at IS NOT NULL")),
        # For whoever asks what was never worked; jobs find their message by its id.
        Index("ix_inbox_message_unworked", "received_at", postgresql_where=text("worked_at IS NULL")),
    )
