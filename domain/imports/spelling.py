"""How rows are spelled in a file, so that an import reads what was written, and a spreadsheet calculates none of it.

Invariant: `records.py` undoes what is done here: a text comes back as it was, whatever it holds.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from domain.imports.columns import ATTRIBUTE, OPTION
from domain.imports.model import ImportFormat

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def spell_header(form: ImportFormat, columns: Sequence[str]) -> bytes:
    return _csv([columns]) if form is ImportFormat.CSV else b""


def spell_rows(form: ImportFormat, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Columns that the header does not have are left out of CSV; JSON Lines have them all."""
    if form is ImportFormat.CSV:
        return _csv([harmless(row.get(column, "")) for column in columns] for row in rows)
    return b"".join(json.dumps(_nested(row), ensure_ascii=False).encode() + b"\n" for row in rows)


def harmless(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula; numbers are none."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def _nested(row: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for column, text in row.items():
        if column.startswith(ATTRIBUTE):
            made.setdefault("attributes", {})[column.removeprefix(ATTRIBUTE)] = text
        elif column.startswith(OPTION):
            made.setdefault("options", {})[column.removeprefix(OPTION)] = text
        else:
            made[column] = text
    return made
