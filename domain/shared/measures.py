"""What the marketplace counts about itself, as a port.

Invariant: a name or outcome given here comes from the code (a step, a state, a part), never from a client, so that
the number of series stays bounded.
"""

from typing import Protocol


class Measures(Protocol):
    """Each call is cheap, never blocks and never fails."""

    def operation(self, name: str, outcome: str, seconds: float) -> None:
        """One GraphQL operation; the one name that clients choose, so the adapter bounds how many it keeps."""
        ...

    def subscription(self, name: str) -> None:
        """One GraphQL subscription that has ended."""
        ...

    def job(self, name: str, outcome: str, seconds: float) -> None:
        """One run of a job: `done` or `failed`."""
        ...

    def sweep(self, name: str, faults: int) -> None:
        """One run of a sweep, and how many of what it found it could not work."""
        ...

    def saga(self, step: str, outcome: str) -> None:
        """One step of a purchase, or the state in which it ended."""
        ...

    def fallback(self, part: str) -> None:
        """A part that was down or too slow was answered for in another way."""
        ...


class NoMeasures:
    """Counts nothing."""

    def operation(self, name: str, outcome: str, seconds: float) -> None:
        """See Measures."""

    def subscription(self, name: str) -> None:
        """See Measures."""

    def job(self, name: str, outcome: str, seconds: float) -> None:
        """See Measures."""

    def sweep(self, name: str, faults: int) -> None:
        """See Measures."""

    def saga(self, step: str, outcome: str) -> None:
        """See Measures."""

    def fallback(self, part: str) -> None:
        """See Measures."""
