"""The stock that browsing sees, made again from the present state whenever it may have changed.

Invariant: the last job to run leaves the truth. The projection's row is locked before stock is read, so a slow job can
not write an older number over a newer one; run twice or late, it does the same.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.catalog.changes import note_changes
from domain.catalog.model import Variant
from domain.inventory.events import StockStatusChanged
from domain.inventory.model import (
    GENERAL_POOL,
    LOW_STOCK_MAX,
    SHOWN_MAX,
    StockItem,
    StockStatus,
    VariantStock,
)
from domain.shared.database import Database, Query, Tx, table

_items = table(StockItem)
_shown = table(VariantStock)


@dataclass(frozen=True, slots=True)
class _Numbers:
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class _Shown:
    status: StockStatus
    available: int
    revision: int


_NOTHING: Final = _Numbers(0, 0)
_NUMBERS = Query(
    select(_items.c.on_hand, _items.c.reserved).where(
        _items.c.variant_id == bindparam("variant_id"), _items.c.pool == GENERAL_POOL
    ),
    _Numbers,
)
_LOCK_SHOWN = Query(
    select(_shown.c.status, _shown.c.available, _shown.c.revision)
    .where(_shown.c.variant_id == bindparam("variant_id"))
    .with_for_update(),
    _Shown,
)


def status_of(available: int) -> StockStatus:
    if available <= 0:
        return StockStatus.OUT_OF_STOCK
    return StockStatus.LOW_STOCK if available <= LOW_STOCK_MAX else StockStatus.IN_STOCK


async def show_stock(variant_id: UUID, *, db: Database) -> None:
    """Bring `variant_stock` up to date; search is told when the status that it shows has changed."""

    async def step(tx: Tx) -> None:
        before = await _lock_shown(tx, variant_id)
        # A statement of its own after the lock: it sees everything that was committed until now.
        numbers = await tx.reads.first(_NUMBERS, variant_id=variant_id) or _NOTHING
        available = min(numbers.on_hand - numbers.reserved, SHOWN_MAX)
        status = status_of(available)
        after = _Shown(status, available, before.revision + (status is not before.status))
        if after == before:
            return
        await tx.execute(
            update(_shown)
            .where(_shown.c.variant_id == variant_id)
            .values(status=after.status, available=after.available, revision=after.revision, updated_at=tx.now)
        )
        if after.status is not before.status:
            variant = await tx.get(Variant, variant_id)
            assert variant is not None, "stock refers to its variant"
            await note_changes(tx, [variant.listing_id])
            tx.record(StockStatusChanged(at=tx.now, variant_id=variant_id))

    await db.run(step)


async def _lock_shown(tx: Tx, variant_id: UUID) -> _Shown:
    await tx.execute(
        insert(_shown)
        .values(variant_id=variant_id, status=StockStatus.OUT_OF_STOCK, available=0, revision=1, updated_at=tx.now)
        .on_conflict_do_nothing()
    )
    shown = await tx.reads.first(_LOCK_SHOWN, variant_id=variant_id)
    assert shown is not None
    return shown
