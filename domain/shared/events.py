"""Events: what happened, as ids. Recorded in a transaction, they leave as jobs of the same commit.

Invariant: an event carries references only, never personal data or amounts to act upon: a handler reads the
present state. Each noun defines its events in `domain/<noun>/events.py`.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. Subclasses add ids (UUID or str fields) and set `kind` (`order.shipped`)."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1

    at: datetime
    trace: str = ""
    event_id: UUID = field(default_factory=new_id)

    def topics(self) -> tuple[str, ...]:
        """The feeds that may have something new after this commit (`order:<id>`): hints, without data."""
        return ()

    def payload(self) -> dict[str, str]:
        """Flat text for a job."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: _text(value) for name, value in values if value is not None}

    @classmethod
    def parse(cls, payload: dict[str, str]) -> Self:
        """The inverse of `payload`. Raises KeyError or ValueError for a payload of another shape."""
        values: dict[str, Any] = {}
        for each in fields(cls):
            if each.name in payload:
                values[each.name] = _value(each.type, payload[each.name])
        return cls(**values)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _value(type_: object, text: str) -> object:
    if type_ is UUID or type_ == (UUID | None):
        return UUID(text)
    if type_ is datetime or type_ == (datetime | None):
        return datetime.fromisoformat(text)
    if type_ is int:
        return int(text)
    return text
