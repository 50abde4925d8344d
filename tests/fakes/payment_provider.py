"""The state of a pretended payment provider: answers by idempotency key, failures on demand, events told.

It keeps to what the port promises: the same key and command give the same outcome, a failure after the effect leaves
the effect behind.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from domain.payments.errors import ProviderRefused, ProviderUnavailable, RefusalReason
from domain.payments.ports import ProviderEventKind
from domain.shared.errors import DomainError

T = TypeVar("T")

SIGNATURE = "fake-signature"


@dataclass
class Failure:
    operation: str
    when: str
    times: int


@dataclass
class Outcome:
    command: Any
    result: Any = None
    error: DomainError | None = None


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class FakeProvider:
    """`calls` counts every call by operation, also those that fail."""

    now: Callable[[], datetime] = wall_clock
    calls: dict[str, int] = field(default_factory=dict)
    webhooks: list[tuple[bytes, str]] = field(default_factory=list)
    _failures: list[Failure] = field(default_factory=list)
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _mark: str = field(default_factory=lambda: uuid4().hex[:12])
    _numbers: Any = field(default_factory=lambda: count(1))

    def fail(self, operation: str, when: str = "before", times: int = 1) -> None:
        """The next calls of that method (`*` is any) are ProviderUnavailable, before their effect or after it."""
        self._failures.append(Failure(operation, when, times))

    def ref(self, prefix: str) -> str:
        return f"{prefix}_fake{self._mark}{next(self._numbers)}"

    def do(self, operation: str, effect: Callable[[], T], key: str | None = None, command: Any = None) -> T:
        """Run one call; what moves money gives its key and the command that the key stands for."""
        self.calls[operation] = self.calls.get(operation, 0) + 1
        self._strike(operation, "before")
        outcome = self._outcomes.get(key) if key is not None else None
        if outcome is None:
            outcome = self._run((operation, command), effect)
            if key is not None:
                self._outcomes[key] = outcome
        elif outcome.command != (operation, command):
            raise ProviderRefused(RefusalReason.KEY_REUSED, str(key))
        self._strike(operation, "after")
        if outcome.error is not None:
            raise outcome.error
        result: T = outcome.result
        return result

    def _run(self, command: Any, effect: Callable[[], Any]) -> Outcome:
        try:
            return Outcome(command, result=effect())
        except DomainError as error:
            return Outcome(command, error=error)

    def _strike(self, operation: str, when: str) -> None:
        for failure in self._failures:
            if failure.times > 0 and failure.when == when and failure.operation in ("*", operation):
                failure.times -= 1
                raise ProviderUnavailable("told to fail")

    def tell(self, kind: ProviderEventKind, ref: str, account_ref: str | None = None) -> None:
        event = {
            "id": self.ref("evt"),
            "kind": kind.value,
            "ref": ref,
            "account": account_ref,
            "at": self.now().timestamp(),
        }
        self.webhooks.append((json.dumps(event).encode(), SIGNATURE))
