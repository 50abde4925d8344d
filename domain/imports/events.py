"""What happens to imports and exports."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDue(Event):
    """There is more of the file to take: at the start, and after each slice that a worker gave to it."""

    kind: ClassVar[str] = "import.due"
    import_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequested(Event):
    """A shop wants its listings as a file."""

    kind: ClassVar[str] = "export.requested"
    export_id: UUID
