"""Pieces of a file into its lines, each with its number and place, in bounded memory whatever the file holds.

Invariant: the lines lie end to end from the first byte to the last, so the place of one is enough to go on from it.
"""

from dataclasses import dataclass
from typing import Final

from domain.imports.errors import FileRefused

LINE_BYTES_MAX: Final = 256 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_FOREIGN: Final = {
    b"\xff\xfe": ("NOT_UTF8", "The file is UTF-16; save it as UTF-8."),
    b"\xfe\xff": ("NOT_UTF8", "The file is UTF-16; save it as UTF-8."),
    b"\x1f\x8b": ("PACKED", "The file is packed; unpack it first."),
    b"PK\x03\x04": ("NOT_TEXT", "This is a spreadsheet or an archive; save it as CSV in UTF-8."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """`content` with its line end. `cut`: it was longer than LINE_BYTES_MAX, and only its beginning is here."""

    number: int
    start: int
    end: int
    content: bytes
    cut: bool = False


class LineSplitter:
    """Takes the file's pieces in order, gives its lines. `finish` gives a last one that has no line end."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 1
        self._start = 0
        self._swallowed = 0
        """Bytes of a line that is too long, beyond its kept beginning."""

    def split(self, chunk: bytes) -> list[Line]:
        """Raises FileRefused when the beginning shows that this is no text in UTF-8."""
        if self._start == 0 and not self._swallowed:
            chunk, self._rest = self._rest + chunk, b""
            _refuse_foreign(chunk)
        *whole, rest = chunk.split(b"\n")
        lines = [self._line(part + b"\n") for part in whole]
        self._keep(rest)
        return lines

    def finish(self) -> list[Line]:
        return [self._line(b"")] if self._rest else []

    def _keep(self, more: bytes) -> None:
        room = LINE_BYTES_MAX + 1 - len(self._rest)
        self._rest += more[:room]
        self._swallowed += max(0, len(more) - room)

    def _line(self, ending: bytes) -> Line:
        self._keep(ending)
        content, length = self._rest, len(self._rest) + self._swallowed
        line = Line(self._number, self._start, self._start + length, content, cut=length > LINE_BYTES_MAX)
        if line.number == 1 and content.startswith(_BOM):
            line = Line(line.number, line.start, line.end, content[len(_BOM) :], cut=line.cut)
        self._number += 1
        self._start = line.end
        self._rest, self._swallowed = b"", 0
        return line


def _refuse_foreign(beginning: bytes) -> None:
    for mark, (reason, message) in _FOREIGN.items():
        if beginning.startswith(mark):
            raise FileRefused(reason, message)
