"""Rows into what they ask for: typed values, and the rows of one listing together.

Invariant: nothing here asks the database. A row that is faulty by itself keeps its place in its listing, so that the
others are judged without it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from domain.catalog.model import VARIANTS_MAX
from domain.catalog.variants import OPTIONS_MAX
from domain.imports.columns import (
    ATTRIBUTE,
    CLEARABLE,
    LISTING_SKU,
    OF_LISTING,
    OF_VARIANT,
    OPTION,
    SKU,
    CellFault,
    read_option,
    read_reference,
)
from domain.imports.records import Fault, Row

LISTING_ROWS_MAX: Final = 2 * VARIANTS_MAX
"""More rows under one name are looked at as a further group; the listing itself refuses what is too much."""


@dataclass(slots=True)
class VariantRow:
    """What a row says of its variant. `options` None: nothing of them."""

    line: int
    sku: str
    values: dict[str, Any]
    options: dict[str, str] | None
    faults: list[Fault]


@dataclass(slots=True)
class ListingWords:
    """What the first row of a listing says of it. An attribute that is empty is to be taken away.

    `read` is false for a row that nobody could read: there is nothing to miss in it.
    """

    line: int
    read: bool
    values: dict[str, Any]
    attributes: dict[str, str]
    faults: list[Fault]


@dataclass(slots=True)
class ListingRows:
    """The rows of one listing, in the order of the file. `end` is the place in the file behind the last of them."""

    reference: str | None
    words: ListingWords
    variants: list[VariantRow]
    end: int
    size: int = 0

    @property
    def skus(self) -> set[str]:
        return {row.sku for row in self.variants if row.sku}


@dataclass(slots=True)
class Grouping:
    """Rows one by one into listings: rows that stand together and bear one `listing_sku` are one listing."""

    _rows: list[Row] = field(default_factory=list)

    def take(self, rows: Iterable[Row]) -> Iterator[ListingRows]:
        for row in rows:
            if self._rows and not self._belongs(row):
                yield self._made()
            self._rows.append(row)

    def finish(self) -> Iterator[ListingRows]:
        if self._rows:
            yield self._made()

    def _belongs(self, row: Row) -> bool:
        name = row.cells.get(LISTING_SKU)
        same = bool(name) and name == self._rows[0].cells.get(LISTING_SKU)
        return same and len(self._rows) < LISTING_ROWS_MAX

    def _made(self) -> ListingRows:
        rows, self._rows = self._rows, []
        return group_of(rows)


def group_of(rows: list[Row]) -> ListingRows:
    """The rows of one listing, read."""
    first = rows[0]
    words = _words(first)
    variants = [_variant(row) for row in rows]
    for row, variant in zip(rows[1:], variants[1:], strict=True):
        variant.faults += _contradictions(first, row)
    _refuse_repeated(variants)
    reference = None
    if name := first.cells.get(LISTING_SKU):
        try:
            reference = read_reference(name)
        except CellFault as fault:
            words.faults.append(Fault(first.line, LISTING_SKU, fault.code, fault.message))
    return ListingRows(reference, words, variants, rows[-1].end, rows[-1].end - first.start)


def _words(row: Row) -> ListingWords:
    words = ListingWords(row.line, bool(row.cells), {}, {}, [])
    for column, text in row.cells.items():
        if column.startswith(ATTRIBUTE):
            words.attributes[column.removeprefix(ATTRIBUTE)] = text
        elif column in OF_LISTING and (text or column in CLEARABLE):
            _read(row.line, column, text, OF_LISTING[column], words.values, words.faults)
    return words


def _variant(row: Row) -> VariantRow:
    variant = VariantRow(row.line, "", {}, None, list(row.faults))
    if row.faults:
        return variant
    for column, text in row.cells.items():
        if column in OF_VARIANT and (text or column in CLEARABLE):
            _read(row.line, column, text, OF_VARIANT[column], variant.values, variant.faults)
        elif column.startswith(OPTION):
            variant.options = variant.options or {}
            if text:
                name = column.removeprefix(OPTION)
                _read(row.line, column, name, read_option, {}, variant.faults)
                _read(row.line, column, text, read_option, variant.options, variant.faults, name)
    variant.sku = variant.values.pop(SKU, "")
    if not row.cells.get(SKU):
        variant.faults.append(Fault(row.line, SKU, "REQUIRED", "Each row needs the seller's own article number."))
    if "price" in variant.values and "price_minor" in variant.values:
        variant.faults.append(Fault(row.line, "price", "CONFLICT", "Give price or price_minor, not both."))
    if variant.options is not None and len(variant.options) > OPTIONS_MAX:
        variant.faults.append(Fault(row.line, OPTION, "TOO_MANY", f"A variant has at most {OPTIONS_MAX} options."))
    return variant


def _read(
    line: int,
    column: str,
    text: str,
    read: Any,
    values: dict[str, Any],
    faults: list[Fault],
    name: str | None = None,
) -> None:
    try:
        values[name or column] = read(text)
    except CellFault as fault:
        faults.append(Fault(line, column[:120], fault.code[:40], fault.message[:500]))


def _contradictions(first: Row, row: Row) -> list[Fault]:
    """What a further row of a listing says of the listing otherwise than the first."""
    if row.faults or first.faults:
        return []
    return [
        Fault(row.line, column[:120], "CONFLICT", f"Line {first.line} says otherwise of the same listing.")
        for column, text in row.cells.items()
        if text and (column in OF_LISTING or column.startswith(ATTRIBUTE)) and text != first.cells.get(column)
    ]


def _refuse_repeated(variants: list[VariantRow]) -> None:
    lines: dict[str, int] = {}
    for row in variants:
        if row.sku in lines and row.sku:
            message = f"Line {lines[row.sku]} is about the same article number."
            row.faults.append(Fault(row.line, SKU, "DUPLICATE", message))
        lines.setdefault(row.sku, row.line)
