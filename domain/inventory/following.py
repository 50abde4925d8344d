"""Watching a variant's stock status: the present one first, then each change of it.

Invariant: the last status that a watcher got is the one that stands, at most a poll late; those in between that nobody
could act on any more may be left out.
"""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from domain.inventory.events import stock_topic
from domain.inventory.reads import ShownStock, shown_stock_by_variant_ids
from domain.shared.database import Reads
from domain.shared.feeds import Hints, follow


def follow_stock(
    variant_id: UUID, *, after: int | None, primary: Reads, hints: Hints
) -> AsyncGenerator[ShownStock, None]:
    """For ever. `after` is the last revision that the watcher has; without it the present one comes first."""

    async def read(cursor: int) -> Sequence[tuple[int, ShownStock]]:
        shown = (await shown_stock_by_variant_ids(primary, [variant_id])).get(variant_id)
        return [(shown.revision, shown)] if shown is not None and shown.revision > cursor else []

    return follow(read, after or 0, topic=stock_topic(variant_id), hints=hints)
