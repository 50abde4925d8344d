"""Time as a port, so that fourteen days pass in a test.

Invariant: whatever processes compare with each other's times (leases, deadlines) is measured by the database's clock,
which they share: `Tx.now`. The clocks of their own machines only say when to look.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC by this machine, always with its zone."""
        ...

    def shifted(self, instant: datetime) -> datetime:
        """A time that another clock tells, moved as this one is moved on purpose (by a test; otherwise not at all)."""
        ...


class SystemClock:
    """The machine's clock, shifted by a fixed offset where a test asks for it."""

    def __init__(self, offset_seconds: float = 0) -> None:
        self._offset = timedelta(seconds=offset_seconds)

    def now(self) -> datetime:
        return self.shifted(datetime.now(UTC))

    def shifted(self, instant: datetime) -> datetime:
        return instant + self._offset
