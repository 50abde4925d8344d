"""Errors of the domain: each states a business fact and carries its data.

    DomainError
    ├── MalformedId, NotFound, NotPermitted, NotSignedIn
    ├── InvalidInput (all faults at once)
    ├── IllegalTransition, IdempotencyConflict
    └── Busy, OutcomeUnknown (the caller may try again, or has to read first)

TooEarly is none of them: no client sees it.

`code` is the stable word that clients see; the text is for people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class DomainError(Exception):
    """What the marketplace refuses to do, as a fact. Subclasses set `code` and carry data as attributes."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MalformedId(DomainError):
    code = "MALFORMED_ID"

    def __init__(self, noun: str, text: str) -> None:
        super().__init__(f"This is not the id of a {noun.replace('_', ' ')}: {text[:80]!r}")
        self.noun = noun


class NotFound(DomainError):
    """There is none, or it is not the actor's: the two look the same on purpose."""

    code = "NOT_FOUND"

    def __init__(self, noun: str) -> None:
        super().__init__(f"There is no such {noun.replace('_', ' ')}.")
        self.noun = noun


class NotPermitted(DomainError):
    code = "NOT_PERMITTED"


class NotSignedIn(DomainError):
    code = "UNAUTHENTICATED"

    def __init__(self, message: str = "Sign in first.") -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault of an input: where (`["lines", "0", "quantity"]`), which (`OUT_OF_RANGE`), and what to say."""

    path: tuple[str, ...]
    code: str
    message: str


class InvalidInput(DomainError):
    """Everything that is wrong with an input, at once."""

    code = "INVALID_INPUT"

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("; ".join(issue.message for issue in issues[:5]))
        self.issues = tuple(issues)

    @classmethod
    def at(cls, path: str, code: str, message: str) -> "InvalidInput":
        """One fault at a dotted path of snake_case names."""
        return cls([Issue(tuple(path.split(".")), code, message)])


class IllegalTransition(DomainError):
    """The state machine has no such step from where the thing stands, or not for this actor."""

    code = "ILLEGAL_TRANSITION"

    def __init__(self, noun: str, current: str, wanted: str) -> None:
        super().__init__(f"A {noun} that is {current} cannot become {wanted}.")
        self.noun, self.current, self.wanted = noun, current, wanted


class IdempotencyConflict(DomainError):
    code = "IDEMPOTENCY_CONFLICT"

    def __init__(self) -> None:
        super().__init__("This idempotency key was used with another command.")


class Busy(DomainError):
    """A lock was not to be had in time. Nothing was changed; the same request may be sent again."""

    code = "BUSY"

    def __init__(self) -> None:
        super().__init__("Too many are at this at once; try again in a moment.")


class OutcomeUnknown(DomainError):
    """The answer to a commit was lost. The caller must read by its key before it tries again."""

    code = "OUTCOME_UNKNOWN"

    def __init__(self) -> None:
        super().__init__("It is not known whether this was done; repeat it with the same idempotency key.")


class TooEarly(Exception):
    """Raised by a job whose matter somebody is at just now: it is put back for a while; nothing has failed."""
