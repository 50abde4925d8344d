"""Keyset pages: a page starts after a key, never at an offset, so it is stable while rows come and go.

A `Cursor` names the sort and filter it belongs to; used with another it is refused, not silently misread.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar
from uuid import UUID

from domain.shared.errors import DomainError

PAGE_MAX: Final = 100
COUNT_MAX: Final = 10_000
_VERSION: Final = 1

T = TypeVar("T")
KeyValue = str | int | float | bool | None


class CursorMismatch(DomainError):
    code = "CURSOR_MISMATCH"

    def __init__(self) -> None:
        super().__init__("This cursor belongs to another list, sort or filter; start again without it.")


class PageOutOfRange(DomainError):
    code = "PAGE_OUT_OF_RANGE"

    def __init__(self) -> None:
        super().__init__(f"Ask for 1 to {PAGE_MAX} with `first` (and `after`) or `last` (and `before`), not both.")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many, from where. `key` holds the sort values and the id after (or before) which the page starts."""

    first: int = 20
    key: tuple[KeyValue, ...] | None = None
    backwards: bool = False

    def key_id(self) -> UUID:
        """The id that ends the key. Raises CursorMismatch when there is none: somebody wrote the cursor by hand."""
        try:
            return UUID(str(self.key[-1] if self.key else None))
        except ValueError as fault:
            raise CursorMismatch() from fault

    def key_number(self) -> int:
        """The same where it ends with a whole number."""
        last = self.key[-1] if self.key else None
        if type(last) is not int:
            raise CursorMismatch()
        return last


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in list order. `cursors` stands beside them, one each."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Keyset:
    """One list with one sort and one filter: it makes and reads the cursors of exactly that list."""

    sort: str
    filter_hash: str = ""
    ends_with_id: bool = True
    """Else the last value is a number that is unique in the list."""

    @classmethod
    def of(cls, sort: str, *filters: object, ends_with_id: bool = True) -> "Keyset":
        """Equal filters give equal hashes; they are compared by their repr, so pass plain values."""
        digest = hashlib.sha256(repr(filters).encode()).hexdigest()[:12]
        return cls(sort, digest, ends_with_id)

    def encode(self, key: Sequence[object]) -> str:
        values = [self._plain(value) for value in key]
        text = json.dumps([_VERSION, self.sort, self.filter_hash, *values], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    def decode(self, cursor: str) -> tuple[KeyValue, ...]:
        """The key values, the last of them the id (or the number). Raises CursorMismatch where it is none, and for
        another list's cursor. The others are as somebody may have written them by hand.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            version, sort, filter_hash, *values = json.loads(raw)
        except (ValueError, TypeError, binascii.Error, RecursionError) as fault:
            raise CursorMismatch() from fault
        if (version, sort, filter_hash) != (_VERSION, self.sort, self.filter_hash) or not values:
            raise CursorMismatch()
        if not all(value is None or isinstance(value, str | int | float) for value in values):
            raise CursorMismatch()
        request = PageRequest(key=tuple(values))
        _ = request.key_id() if self.ends_with_id else request.key_number()
        return tuple(values)

    @staticmethod
    def _plain(value: object) -> KeyValue:
        if isinstance(value, UUID):
            return value.hex
        if isinstance(value, datetime):
            return value.isoformat()
        if value is None or isinstance(value, str | int | float):
            return value
        raise TypeError(f"a cursor cannot hold {type(value).__name__}")

    def request(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        default: int = 20,
    ) -> PageRequest:
        """The arguments of a Relay connection as a request. Raises PageOutOfRange or CursorMismatch."""
        backwards = last is not None or (before is not None and first is None)
        if (first is not None and last is not None) or (after is not None and before is not None):
            raise PageOutOfRange()
        if (backwards and after is not None) or (not backwards and before is not None):
            raise PageOutOfRange()
        count = (last if backwards else first) or (default if first is None and last is None else 0)
        if not 1 <= count <= PAGE_MAX:
            raise PageOutOfRange()
        cursor = before if backwards else after
        return PageRequest(count, self.decode(cursor) if cursor is not None else None, backwards)

    def page(self, request: PageRequest, rows: Sequence[T], key: Callable[[T], Sequence[object]]) -> Page[T]:
        """A page of rows that were read with one row more than asked for (the proof that there is more)."""
        more = len(rows) > request.first
        items = tuple(rows[: request.first])
        if request.backwards:
            items = items[::-1]
        return Page(
            items=items,
            cursors=tuple(self.encode(key(item)) for item in items),
            has_next=more if not request.backwards else request.key is not None,
            has_previous=more if request.backwards else request.key is not None,
        )
