"""The one place where the numbers of a stock item change.

Invariant: a number changes only under the item's row lock and together with its movement, so the movements of an item
always sum to its numbers. Items are locked in id order, whatever order they are asked for in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import set_committed_value

from domain.catalog.model import Variant
from domain.inventory.events import StockChanged
from domain.inventory.model import GENERAL_POOL, SHOWN_MAX, MovementKind, StockItem
from domain.shared.database import Query, Tx, table
from domain.shared.ids import new_id

_items = table(StockItem)
_variants = table(Variant)


@dataclass(frozen=True, slots=True)
class _Place:
    stock_item_id: UUID
    listing_id: UUID


@dataclass(frozen=True, slots=True)
class LockedItem:
    """A stock item whose row lock this transaction holds, and the listing it belongs to."""

    row: StockItem
    listing_id: UUID

    @property
    def available(self) -> int:
        return self.row.on_hand - self.row.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much one item's numbers move, and as what."""

    item: LockedItem
    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who moves stock and why: stands in every movement."""

    actor: str
    reason: str = ""
    cause_id: UUID | None = None


def _places() -> Select[tuple[UUID, UUID]]:
    return select(_items.c.id, _variants.c.listing_id).join(_variants, _variants.c.id == _items.c.variant_id)


_PLACES_OF_VARIANTS = Query(
    _places().where(_items.c.variant_id == func.any(bindparam("variant_ids")), _items.c.pool == GENERAL_POOL), _Place
)
_PLACES = Query(_places().where(_items.c.id == func.any(bindparam("ids"))), _Place)


async def lock_stock_of(tx: Tx, variant_ids: Iterable[UUID]) -> dict[UUID, LockedItem]:
    """Variant -> its locked stock item in the general pool; a variant that never had stock is left out."""
    places = await tx.reads.all(_PLACES_OF_VARIANTS, variant_ids=list(set(variant_ids)))
    return {item.row.variant_id: item for item in await _lock(tx, places)}


async def lock_or_make(tx: Tx, variant_ids: Sequence[UUID]) -> dict[UUID, LockedItem]:
    """Variant -> its locked stock item; those that never had one get it, empty.

    Two that make the first one at once end up with the same; made in one order, so that they never wait in a circle.
    """
    if not variant_ids:
        return {}
    rows = [
        {"id": new_id(), "variant_id": each, "pool": GENERAL_POOL, "on_hand": 0, "reserved": 0, "updated_at": tx.now}
        for each in sorted(variant_ids)
    ]
    await tx.execute(insert(_items).on_conflict_do_nothing(), rows)
    return await lock_stock_of(tx, variant_ids)


async def lock_items(tx: Tx, stock_item_ids: Iterable[UUID]) -> dict[UUID, LockedItem]:
    """Stock item id -> the locked item."""
    places = await tx.reads.all(_PLACES, ids=list(set(stock_item_ids)))
    return {item.row.id: item for item in await _lock(tx, places)}


async def _lock(tx: Tx, places: Sequence[_Place]) -> list[LockedItem]:
    if not places:
        return []
    listing_of = {place.stock_item_id: place.listing_id for place in places}
    return [LockedItem(row, listing_of[row.id]) for row in await tx.lock(StockItem, list(listing_of))]


# One statement, because the rows are locked meanwhile, and everybody who wants the same thing waits.
_MOVE = text(
    """
    WITH change AS (
        SELECT * FROM unnest(
            CAST(:items AS uuid[]), CAST(:movements AS uuid[]), CAST(:kinds AS text[]),
            CAST(:on_hand AS int[]), CAST(:reserved AS int[])
        ) AS change (item, movement, kind, on_hand, reserved)
    ), moved AS (
        UPDATE stock_item
        SET on_hand = stock_item.on_hand + change.on_hand,
            reserved = stock_item.reserved + change.reserved,
            updated_at = CAST(:at AS timestamptz)
        FROM change WHERE stock_item.id = change.item
    )
    INSERT INTO stock_movement
        (id, stock_item_id, kind, on_hand_delta, reserved_delta, reason, actor, cause_id, at)
    SELECT movement, item, kind, on_hand, reserved,
        CAST(:reason AS text), CAST(:actor AS text), CAST(:cause_id AS uuid), CAST(:at AS timestamptz)
    FROM change
    """
)


async def move_stock(tx: Tx, changes: Sequence[Change], cause: Cause) -> None:
    """Apply changes to locked items, write their movements, and tell when what browsers see is no longer true.

    At most one change per item.
    """
    if not changes:
        return
    await tx.execute(
        _MOVE,
        {
            "items": [change.item.row.id for change in changes],
            "movements": [new_id() for _ in changes],
            "kinds": [change.kind.value for change in changes],
            "on_hand": [change.on_hand for change in changes],
            "reserved": [change.reserved for change in changes],
            "reason": cause.reason,
            "actor": cause.actor,
            "cause_id": cause.cause_id,
            "at": tx.now,
        },
    )
    for change in changes:
        row, shown = change.item.row, _shown(change.item)
        # As the statement has just written them; set as loaded, or the next flush would write them again.
        set_committed_value(row, "on_hand", row.on_hand + change.on_hand)
        set_committed_value(row, "reserved", row.reserved + change.reserved)
        set_committed_value(row, "updated_at", tx.now)
        if _shown(change.item) != shown:
            tx.record(StockChanged(at=tx.now, variant_id=row.variant_id, listing_id=change.item.listing_id))


def _shown(item: LockedItem) -> int:
    """What the projection makes of the item: above SHOWN_MAX nobody can tell a difference, so nobody is told."""
    return min(item.available, SHOWN_MAX)
