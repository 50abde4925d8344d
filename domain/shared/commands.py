"""Commands: what someone asks for, as a frozen value that cannot be malformed.

`@command` makes a pydantic dataclass: building one from raw input checks every field and reports all faults at
once. Two commands are the same for an idempotency key when their fingerprints are equal.
"""

import hashlib
from dataclasses import asdict
from enum import Enum
from typing import Annotated, Any, Final, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass as pydantic_dataclass

T = TypeVar("T")


class Keep(Enum):
    """What a partial update leaves as it is; None is a value of its own there. No input can name the member."""

    KEEP = object()


KEEP: Final = Keep.KEEP


@dataclass_transform(frozen_default=True, kw_only_default=True)
def command(cls: type[T]) -> type[T]:
    """Frozen, slotted, keyword-only, unknown fields refused, text stripped of outer space."""
    decorate: Any = pydantic_dataclass(
        frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid", str_strip_whitespace=True)
    )
    made: type[T] = decorate(cls)
    return made


def fingerprint(value: object) -> str:
    """SHA-256 over a command's class and fields (hex): the same command, the same text."""
    content = f"{type(value).__name__}:{asdict(value)!r}"  # type: ignore[call-overload]  # a command is a dataclass
    return hashlib.sha256(content.encode()).hexdigest()


def kept(value: T | Keep, current: T) -> T:
    """The value asked for, or the current one."""
    return current if isinstance(value, Keep) else value


Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
"""One line of text, 1 to 200 characters."""
OptionalLine = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
"""One line of text of up to 200 characters, or none."""
PostalCode = Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00-\x1f]*$")]
"""Of any country, or none: some have no postal codes."""
Text = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
"""Free text of up to 10,000 characters; newlines allowed, NUL not (PostgreSQL cannot store it)."""
ShortText = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
"""Free text of up to 500 characters, or none."""
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
"""Why somebody decided something, 1 to 500 characters; newlines allowed."""
IdempotencyKey = Annotated[str, StringConstraints(min_length=8, max_length=100, pattern=r"^[\x21-\x7e]+$")]
"""8 to 100 printable characters without spaces; a UUID made by the client is the usual choice."""
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2, upper case."""
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
