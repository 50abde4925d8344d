"""What a seller does to their stock: goods come in, a count is corrected, a shelf is counted anew.

Invariant: what buyers were promised stays. On hand never goes below reserved, and every change has a movement that
says who and why. An idempotency key that comes again changes nothing.
"""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import bindparam, select

from domain.catalog.model import Listing, Variant
from domain.inventory.errors import StockBelowReserved
from domain.inventory.model import QUANTITY_MAX, MovementKind, StockItem
from domain.inventory.movements import Cause, Change, lock_or_make, move_stock
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.idempotency import is_repeated
from domain.shared.ids import VariantId

Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]

_variants = table(Variant)
_listings = table(Listing)

_OWNED = (
    select(_variants.c.id)
    .join(_listings, _listings.c.id == _variants.c.listing_id)
    .where(_variants.c.id == bindparam("variant_id"), _listings.c.seller_id == bindparam("seller_id"))
)


@command
class RestockVariant:
    """Goods came in: so many more are there."""

    variant_id: VariantId
    quantity: Quantity
    reason: Reason = "restocked"
    idempotency_key: IdempotencyKey


@command
class AdjustStock:
    """A correction by a difference, as `-2` for two broken ones."""

    variant_id: VariantId
    delta: Annotated[int, Field(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]
    reason: Reason
    idempotency_key: IdempotencyKey


@command
class SetStock:
    """A count: exactly so many are there, the reserved ones among them."""

    variant_id: VariantId
    on_hand: Annotated[int, Field(ge=0, le=QUANTITY_MAX)]
    reason: Reason
    idempotency_key: IdempotencyKey


async def restock_variant(command: RestockVariant, *, actor: Actor, db: Database) -> UUID:
    """The variant's id. Raises NotFound, InvalidInput (more than QUANTITY_MAX), IdempotencyConflict."""
    return await _set(
        command, MovementKind.RESTOCK, lambda on_hand: on_hand + command.quantity, "quantity", actor=actor, db=db
    )


async def adjust_stock(command: AdjustStock, *, actor: Actor, db: Database) -> UUID:
    """The variant's id. Raises NotFound, StockBelowReserved, InvalidInput, IdempotencyConflict."""
    if command.delta == 0:
        raise InvalidInput.at("delta", "ZERO", "An adjustment by nothing changes nothing.")
    return await _set(
        command, MovementKind.ADJUSTMENT, lambda on_hand: on_hand + command.delta, "delta", actor=actor, db=db
    )


async def set_stock(command: SetStock, *, actor: Actor, db: Database) -> UUID:
    """The variant's id. Raises NotFound, StockBelowReserved, IdempotencyConflict."""
    return await _set(command, MovementKind.ADJUSTMENT, lambda _: command.on_hand, "on_hand", actor=actor, db=db)


async def _set(
    command: RestockVariant | AdjustStock | SetStock,
    kind: MovementKind,
    wanted: Callable[[int], int],
    path: str,
    *,
    actor: Actor,
    db: Database,
) -> UUID:
    seller_id, user_id = actor.seller(), actor.user()

    async def step(tx: Tx) -> UUID:
        if await tx.reads.scalar(_OWNED, variant_id=command.variant_id, seller_id=seller_id) is None:
            raise NotFound("variant")
        operation = f"stock_{type(command).__name__}"
        if await is_repeated(tx, operation, command, actor_id=user_id, about=command.variant_id):
            return command.variant_id
        item = (await lock_or_make(tx, [command.variant_id]))[command.variant_id]
        delta = _checked(item, wanted(item.on_hand), path) - item.on_hand
        if delta:
            cause = Cause(actor=actor.name, reason=command.reason)
            await move_stock(tx, [Change(item=item, kind=kind, on_hand=delta)], cause)
        return command.variant_id

    return await db.run(step)


def _checked(item: StockItem, on_hand: int, path: str) -> int:
    if on_hand < item.reserved:
        raise StockBelowReserved(item.on_hand, item.reserved, on_hand)
    if on_hand > QUANTITY_MAX:
        raise InvalidInput.at(path, "TOO_MANY", f"At most {QUANTITY_MAX} of a variant can be in stock.")
    return on_hand
