"""How much each client has open in this process, so that nobody holds all of it.

Invariant: what was taken is given back when its block ends, however it ends; a key without anything open takes no
memory.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class TooManyOpen(Exception):
    """A client has `maximum` of them open already."""

    def __init__(self, what: str, maximum: int) -> None:
        super().__init__(f"A client may have {maximum} {what} open at once; close some first.")
        self.message = str(self)
        self.maximum = maximum


class Occupancy:
    """Counts `what` by client key, at most `maximum` each. An empty key is nobody's and not counted."""

    def __init__(self, what: str, maximum: int) -> None:
        assert maximum > 0
        self._what = what
        self._maximum = maximum
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, key: str) -> Iterator[None]:
        """Holds one for the block. Raises TooManyOpen."""
        self.check(key)
        if not key:
            yield
            return
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    def check(self, key: str) -> None:
        """Raises TooManyOpen where there is no room for one more."""
        if key and self._open[key] >= self._maximum:
            raise TooManyOpen(self._what, self._maximum)

    @property
    def clients(self) -> int:
        """How many clients have anything open."""
        return len(self._open)
