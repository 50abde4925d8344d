"""A file's pieces into batches: as many listings as one transaction writes.

Invariant: each article number and each listing's name stands in a batch once, so that its listings can be decided one
by one; what comes again waits for the next batch. Memory is bounded by a batch and a piece of the file.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from domain.imports.columns import ColumnNames, ImportOptions
from domain.imports.lines import LineSplitter
from domain.imports.model import ImportFormat
from domain.imports.parsing import Grouping, ListingRows
from domain.imports.records import CsvRows, JsonRows, Rows

BATCH_ROWS: Final = 300
BATCH_BYTES: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class Batch:
    """Listings that are written together, and the place in the file behind them."""

    listings: list[ListingRows] = field(default_factory=list)
    rows: int = 0
    size: int = 0
    skus: set[str] = field(default_factory=set)
    references: set[str | None] = field(default_factory=set)

    @property
    def end(self) -> int:
        return self.listings[-1].end

    def takes(self, rows: ListingRows, rows_max: int) -> bool:
        if not self.listings:
            return True
        full = self.rows + len(rows.variants) > rows_max or self.size + rows.size > BATCH_BYTES
        known = rows.reference is not None and rows.reference in self.references
        return not (full or known or self.skus & rows.skus)

    def add(self, rows: ListingRows) -> None:
        self.listings.append(rows)
        self.rows += len(rows.variants)
        self.size += rows.size
        self.skus |= rows.skus
        self.references.add(rows.reference)


def reader_of(form: ImportFormat, options: ImportOptions, after: int) -> Rows:
    """Raises FileRefused for options that name no column."""
    names = ColumnNames.of(options)
    return CsvRows(names, after=after) if form is ImportFormat.CSV else JsonRows(names, after=after)


async def batches(
    chunks: AsyncIterator[bytes], reader: Rows, *, rows_max: int = BATCH_ROWS
) -> AsyncGenerator[Batch, None]:
    """Everything behind the reader's place, in order. Raises FileRefused, and what `chunks` raises."""
    splitter, grouping, batch = LineSplitter(), Grouping(), Batch()
    async for chunk in chunks:
        for rows in grouping.take(reader.read(splitter.split(chunk))):
            if not batch.takes(rows, rows_max):
                yield batch
                batch = Batch()
            batch.add(rows)
    last = [*reader.read(splitter.finish()), *reader.finish()]
    for rows in (*grouping.take(last), *grouping.finish()):
        if not batch.takes(rows, rows_max):
            yield batch
            batch = Batch()
        batch.add(rows)
    if batch.listings:
        yield batch
