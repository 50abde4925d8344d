"""A circuit breaker: whoever does not answer is not asked again for a while."""

import time
from collections.abc import Callable
from typing import Final

PAUSE_SECONDS: Final = 5.0


class CircuitBreaker:
    """One failure opens it; after the pause a single caller may try, and its success closes it."""

    def __init__(self, *, pause_seconds: float = PAUSE_SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self._pause_seconds = pause_seconds
        self._now = now
        self._open_until: float | None = None

    def allows(self) -> bool:
        """Whether to ask now. True after a pause makes the others wait for another pause."""
        if self._open_until is None:
            return True
        if self._now() < self._open_until:
            return False
        self.failed()
        return True

    def failed(self) -> None:
        self._open_until = self._now() + self._pause_seconds

    def succeeded(self) -> None:
        self._open_until = None
