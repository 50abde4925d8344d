"""Time as a port, so that fourteen days pass in a test."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC, always with its zone."""
        ...


class SystemClock:
    """The machine's clock, shifted by a fixed offset where a test asks for it."""

    def __init__(self, offset_seconds: float = 0) -> None:
        self._offset = timedelta(seconds=offset_seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset
