"""The one place where the numbers of a stock item change.

Invariant: a number changes only under the item's row lock and together with its movement, so the movements of an item
always sum to its numbers. Items are locked in id order, whatever order they are asked for in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import set_committed_value

from domain.catalog.model import Variant
from domain.inventory.events import StockChanged
from domain.inventory.model import GENERAL_POOL, SHOWN_MAX, MovementKind, StockItem, StockMovement
from domain.shared.columns import TIME
from domain.shared.database import Given, Tx, Write, table
from domain.shared.ids import new_id

_items = table(StockItem)
_movements = table(StockMovement)
_variants = table(Variant)


@dataclass(frozen=True, slots=True)
class _Moved:
    variant_id: UUID
    listing_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much one item's numbers move, and as what."""

    item: StockItem
    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who moves stock and why: stands in every movement."""

    actor: str
    reason: str = ""
    cause_id: UUID | None = None


async def lock_stock_of(tx: Tx, variant_ids: Iterable[UUID]) -> dict[UUID, StockItem]:
    """Variant -> its locked stock item in the general pool; a variant that never had stock is left out."""
    rows = await tx.lock(StockItem, list(variant_ids), by="variant_id")
    return {row.variant_id: row for row in rows if row.pool == GENERAL_POOL}


async def lock_or_make(tx: Tx, variant_ids: Sequence[UUID]) -> dict[UUID, StockItem]:
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


async def lock_items(tx: Tx, stock_item_ids: Iterable[UUID]) -> dict[UUID, StockItem]:
    """Stock item id -> the locked item."""
    return {row.id: row for row in await tx.lock(StockItem, list(stock_item_ids))}


_given = Given("change", item=Uuid, movement=Uuid, kind=Text, on_hand=Integer, reserved=Integer)
_change = select(_given.rows).cte("given_change")
_moved = (
    update(_items)
    .values(
        on_hand=_items.c.on_hand + _change.c.on_hand,
        reserved=_items.c.reserved + _change.c.reserved,
        updated_at=bindparam("at", type_=TIME),
    )
    .where(_items.c.id == _change.c.item)
    .returning(_items.c.variant_id)
    .cte("moved")
)
_written = (
    insert(_movements)
    .from_select(
        ["id", "stock_item_id", "kind", "on_hand_delta", "reserved_delta", "reason", "actor", "cause_id", "at"],
        select(
            _change.c.movement,
            _change.c.item,
            _change.c.kind,
            _change.c.on_hand,
            _change.c.reserved,
            bindparam("reason", type_=Text),
            bindparam("actor", type_=Text),
            bindparam("cause_id", type_=Uuid),
            bindparam("at", type_=TIME),
        ),
    )
    .cte("written")
)
# One statement, because the rows are locked meanwhile, and everybody who wants the same thing waits.
_MOVE = Write(
    select(_variants.c.id, _variants.c.listing_id)
    .join(_moved, _moved.c.variant_id == _variants.c.id)
    .add_cte(_written),
    _Moved,
)


async def move_stock(tx: Tx, changes: Sequence[Change], cause: Cause) -> None:
    """Apply changes to locked items, write their movements, and tell when what browsers see is no longer true.

    At most one change per item.
    """
    if not changes:
        return
    rows = [(each.item.id, new_id(), each.kind.value, each.on_hand, each.reserved) for each in changes]
    by = {"reason": cause.reason, "actor": cause.actor, "cause_id": cause.cause_id}
    moved = await tx.write(_MOVE, **_given.parameters(rows), **by, at=tx.now)
    told = set()
    for change in changes:
        row, shown = change.item, _shown(change.item)
        # As the statement has just written them; set as loaded, or the next flush would write them again.
        set_committed_value(row, "on_hand", row.on_hand + change.on_hand)
        set_committed_value(row, "reserved", row.reserved + change.reserved)
        set_committed_value(row, "updated_at", tx.now)
        if _shown(row) != shown:
            told.add(row.variant_id)
    for each in moved:
        if each.variant_id in told:
            tx.record(StockChanged(at=tx.now, variant_id=each.variant_id, listing_id=each.listing_id))


def _shown(item: StockItem) -> int:
    """What the projection makes of the item: above SHOWN_MAX nobody can tell a difference, so nobody is told."""
    return min(item.available, SHOWN_MAX)
