"""The first stock of variants that are being made: nobody can know them yet, so nothing is locked and no job is needed.

Invariant: item, movement and what browsers are shown are one statement, and agree as if the goods had come in later.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text

from domain.inventory.model import SHOWN_MAX, MovementKind
from domain.inventory.movements import Cause
from domain.inventory.projection import status_of
from domain.shared.database import Tx
from domain.shared.ids import new_id

_OPEN = text(
    """
    WITH opened AS (
        SELECT * FROM unnest(
            CAST(:items AS uuid[]), CAST(:movements AS uuid[]), CAST(:variants AS uuid[]), CAST(:on_hand AS int[]),
            CAST(:statuses AS text[]), CAST(:shown AS int[])
        ) AS opened (item, movement, variant, on_hand, status, shown)
    ), made AS (
        INSERT INTO stock_item (id, variant_id, pool, on_hand, reserved, updated_at)
        SELECT item, variant, 'general', on_hand, 0, CAST(:at AS timestamptz) FROM opened
    ), moved AS (
        INSERT INTO stock_movement (id, stock_item_id, kind, on_hand_delta, reserved_delta, reason, actor, cause_id, at)
        SELECT movement, item, CAST(:kind AS text), on_hand, 0,
            CAST(:reason AS text), CAST(:actor AS text), CAST(:cause_id AS uuid), CAST(:at AS timestamptz)
        FROM opened WHERE on_hand > 0
    )
    INSERT INTO variant_stock (variant_id, status, available, revision, updated_at)
    SELECT variant, status, shown, 1, CAST(:at AS timestamptz) FROM opened
    """
)


async def open_stock(tx: Tx, counts: Mapping[UUID, int], cause: Cause) -> None:
    """Variant made by this transaction -> how many are there, 0 to QUANTITY_MAX."""
    if not counts:
        return
    shown = [min(on_hand, SHOWN_MAX) for on_hand in counts.values()]
    await tx.execute(
        _OPEN,
        {
            "items": [new_id() for _ in counts],
            "movements": [new_id() for _ in counts],
            "variants": list(counts),
            "on_hand": list(counts.values()),
            "statuses": [status_of(available).value for available in shown],
            "shown": shown,
            "kind": MovementKind.RESTOCK.value,
            "reason": cause.reason,
            "actor": cause.actor,
            "cause_id": cause.cause_id,
            "at": tx.now,
        },
    )
