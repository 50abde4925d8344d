"""Lines into rows: what a file says, cell by cell, before anybody asks what it means.

Invariant: every line that is not blank belongs to one row, and a row that cannot be read is a row with its fault, after
which reading goes on with the next line. So one stray quote costs a row and not the rest of the file.
"""

import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Protocol

from domain.imports.columns import ATTRIBUTE, IMAGES, OPTION, ColumnNames
from domain.imports.errors import FileRefused
from domain.imports.lines import LINE_BYTES_MAX, Line

RECORD_LINES_MAX: Final = 500
RECORD_BYTES_MAX: Final = LINE_BYTES_MAX
_DELIMITERS: Final = (",", ";", "\t")
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is not taken. `place` is the column in the file's own spelling; empty: the row as a whole."""

    line: int
    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: column -> text, and where it begins and ends in the file. With faults it is not to be taken."""

    line: int
    start: int
    end: int
    cells: Mapping[str, str]
    faults: tuple[Fault, ...] = field(default=())


class Rows(Protocol):
    """The reader of one format."""

    def read(self, lines: Iterable[Line]) -> list[Row]:
        """The rows that end in these lines. Raises FileRefused."""
        ...

    def finish(self) -> list[Row]:
        """What waited for more. Raises FileRefused for a file that never said what it needs to."""
        ...


class CsvRows:
    """RFC 4180, with commas, semicolons or tabs as the header has them. Rows before `after` are passed over."""

    def __init__(self, names: ColumnNames, *, after: int = 0) -> None:
        self._names = names
        self._after = after
        self._columns: list[str | None] | None = None
        self._delimiter = ","
        self._waiting: deque[Line] = deque()

    def read(self, lines: Iterable[Line]) -> list[Row]:
        for line in lines:
            if self._columns is None:
                self._read_header(line)
            elif line.start >= self._after:
                self._waiting.append(line)
        return list(self._taken(last=False))

    def finish(self) -> list[Row]:
        if self._columns is None:
            raise FileRefused("EMPTY", "The file has no header.")
        return list(self._taken(last=True))

    def _read_header(self, line: Line) -> None:
        if line.cut:
            raise FileRefused("HEADER_TOO_LONG", f"The header is longer than {LINE_BYTES_MAX} bytes.")
        try:
            text = line.content.decode()
        except UnicodeDecodeError as fault:
            raise FileRefused("NOT_UTF8", "The header is not UTF-8; save the file as UTF-8.") from fault
        if not text.strip():
            return
        self._delimiter = max(_DELIMITERS, key=text.count)
        try:
            [cells] = csv.reader([text], delimiter=self._delimiter, strict=True)
        except (csv.Error, ValueError) as fault:
            raise FileRefused("HEADER_UNREADABLE", "The header is no row of CSV.") from fault
        self._columns = self._names.header([cell.strip() for cell in cells])

    def _taken(self, *, last: bool) -> Iterator[Row]:
        while self._waiting:
            try:
                cells, used = self._next(last=last)
            except _MoreLines:
                return
            except _Unreadable as fault:
                yield _broken(self._waiting.popleft(), fault.code, str(fault))
                continue
            first = self._waiting[0]
            for _ in range(used):
                end = self._waiting.popleft().end
            if any(cell.strip() for cell in cells):
                yield self._row(first, end, cells)

    def _next(self, *, last: bool) -> tuple[list[str], int]:
        """The cells of the next record, and of how many lines it consists."""
        used = size = 0

        def lines() -> Iterator[str]:
            nonlocal used, size
            for line in self._waiting:
                size += len(line.content)
                if line.cut or size > RECORD_BYTES_MAX or used == RECORD_LINES_MAX:
                    _refuse_length(used)
                used += 1
                yield _decoded(line)
            if last:
                raise _Unreadable("UNCLOSED_QUOTE", "A quote is opened here and never closed.")
            raise _MoreLines

        try:
            cells = next(csv.reader(lines(), delimiter=self._delimiter, strict=True), [])
        except csv.Error as fault:
            raise _Unreadable("NOT_CSV", f"This is no row of CSV: {fault}.") from fault
        return cells, used

    def _row(self, first: Line, end: int, cells: Sequence[str]) -> Row:
        assert self._columns is not None
        if len(cells) != len(self._columns):
            code = "TOO_MANY_CELLS" if len(cells) > len(self._columns) else "TOO_FEW_CELLS"
            message = f"The row has {len(cells)} cells, the header {len(self._columns)}."
            return Row(first.number, first.start, end, {}, (Fault(first.number, "", code, message),))
        said = {
            column: _unescaped(text.strip())
            for column, text in zip(self._columns, cells, strict=True)
            if column is not None
        }
        return Row(first.number, first.start, end, self._names.complete(said))


class JsonRows:
    """JSON Lines: one object per line, numbers taken as they are spelled. Rows before `after` are passed over."""

    def __init__(self, names: ColumnNames, *, after: int = 0) -> None:
        self._names = names
        self._after = after

    def read(self, lines: Iterable[Line]) -> list[Row]:
        return [self._row(line) for line in lines if line.start >= self._after and line.content.strip()]

    def finish(self) -> list[Row]:
        return []

    def _row(self, line: Line) -> Row:
        try:
            if line.cut:
                _refuse_length(0)
            said, faults = self._said(line.number, _object(_decoded(line)))
        except _Unreadable as fault:
            return _broken(line, fault.code, str(fault))
        return Row(line.number, line.start, line.end, self._names.complete(said), tuple(faults))

    def _said(self, line: int, given: Mapping[str, Any]) -> tuple[dict[str, str], list[Fault]]:
        said: dict[str, str] = {}
        faults = []
        for name, value in _flat(given):
            try:
                column = self._names.column(name)
            except KeyError:
                faults.append(Fault(line, name[:120], "UNKNOWN_COLUMN", "The format has no such column."))
                continue
            if column is None or value is None:
                continue
            text = _text(value)
            if text is None:
                faults.append(Fault(line, name[:120], "NOT_A_TEXT", "A text, a number, true, false or null."))
            elif column in said:
                faults.append(Fault(line, name[:120], "DUPLICATE_COLUMN", f"{column} stands there twice."))
            else:
                said[column] = text.strip()
        return said, faults


class _MoreLines(Exception):
    """The record goes on in a line that has not come yet."""


class _Unreadable(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _refuse_length(lines_before: int) -> NoReturn:
    if lines_before:
        message = f"A quote is opened here and not closed within {RECORD_LINES_MAX} lines and {RECORD_BYTES_MAX} bytes."
        raise _Unreadable("UNCLOSED_QUOTE", message)
    raise _Unreadable("LINE_TOO_LONG", f"A line has at most {LINE_BYTES_MAX} bytes.")


def _decoded(line: Line) -> str:
    try:
        return line.content.decode()
    except UnicodeDecodeError as fault:
        raise _Unreadable("NOT_UTF8", f"Byte {fault.start + 1} of line {line.number} is not UTF-8.") from fault


def _broken(line: Line, code: str, message: str) -> Row:
    return Row(line.number, line.start, line.end, {}, (Fault(line.number, "", code, message),))


def _unescaped(text: str) -> str:
    """Without the apostrophe that keeps spreadsheets from taking a text for a formula; see `spelling.py`."""
    return text[1:] if text.startswith("'") and _ESCAPED.match(text) else text


def _object(text: str) -> dict[str, Any]:
    try:
        found = _DECODER.decode(text)
        if "\\u" in text:
            # Half a character (a lone surrogate) can be escaped, but neither stored nor shown.
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as fault:
        raise _Unreadable("NOT_JSON", f"This is no JSON: {fault}.") from fault
    if not isinstance(found, dict):
        raise _Unreadable("NOT_AN_OBJECT", "Each line is one JSON object.")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands there twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=_no_constant)


def _flat(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """`attributes` and `options` may be objects; further GTINs are attributes of that name; pictures may be a list."""
    for name, value in given.items():
        if isinstance(value, dict) and name in ("attributes", "options"):
            prefix = ATTRIBUTE if name == "attributes" else OPTION
            yield from ((f"{prefix}{inner}", each) for inner, each in value.items())
        elif isinstance(value, list) and name == "gtin":
            yield name, value[0] if value else None
            if len(value) > 1:
                yield f"{ATTRIBUTE}other_gtins", ", ".join(map(str, value[1:]))
        elif isinstance(value, list) and name == IMAGES and all(isinstance(each, str) for each in value):
            yield name, ";".join(value)
        else:
            yield name, value


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
