"""Holds: what keeps an order's money where it is while somebody quarrels about it.

Invariant: a hold is opened and closed under the order's row lock, and whoever completes or cancels an order looks for
holds under the same lock; so once a hold stands, no money of the order moves, without any message in between.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.orders.errors import NothingHeld, OrderOnHold
from domain.orders.model import EscrowState, HoldKind, Order, OrderEventKind, OrderHold
from domain.orders.parties import lock_order
from domain.orders.timeline import append
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, Reason, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound
from domain.shared.idempotency import is_repeated
from domain.shared.ids import OrderId, new_id
from domain.shared.transitions import Party

_holds = table(OrderHold)
_OPEN = select(_holds.c.id).where(_holds.c.order_id == bindparam("order_id"), _holds.c.closed_at.is_(None)).limit(1)
_EVER_FOR = (
    select(_holds.c.id)
    .where(
        _holds.c.order_id == bindparam("order_id"),
        _holds.c.kind == bindparam("kind"),
        _holds.c.cause_id == bindparam("cause_id"),
    )
    .limit(1)
)
_OPEN_FOR = _EVER_FOR.where(_holds.c.closed_at.is_(None))

_JUDGED_BY_ADMINISTRATORS: Final = (HoldKind.ADMIN, HoldKind.CHARGEBACK)
"""The marketplace's own (by an administrator, or by the system for a lost parcel), and those of the buyer's bank.

A refund's hold is not among them: it goes with the refund.
"""


@command
class OpenHold:
    """By an administrator; both sides of the order see the reason."""

    order_id: OrderId
    reason: Reason
    idempotency_key: IdempotencyKey


@command
class CloseHold:
    """Every hold on the order that an administrator judges: the marketplace's own, and those of chargebacks."""

    order_id: OrderId
    idempotency_key: IdempotencyKey


async def is_on_hold(tx: Tx, order_id: UUID) -> bool:
    """Certain only for a caller who holds the order's lock."""
    return await tx.reads.scalar(_OPEN, order_id=order_id) is not None


async def refuse_on_hold(tx: Tx, order_id: UUID) -> None:
    """Raises OrderOnHold while one is open. The caller holds the order's lock."""
    if await is_on_hold(tx, order_id):
        raise OrderOnHold(order_id)


async def place_hold(tx: Tx, order: Order, *, kind: HoldKind, cause_id: UUID, actor: Actor, reason: str = "") -> UUID:
    """The hold's id; the one that stands, when this cause has opened one already. The caller holds the order's lock."""
    standing: UUID | None = await tx.reads.scalar(_OPEN_FOR, order_id=order.id, kind=kind.value, cause_id=cause_id)
    if standing is not None:
        return standing
    hold_id = new_id()
    await tx.add(OrderHold(id=hold_id, order_id=order.id, kind=kind, cause_id=cause_id, opened_at=tx.now))
    await append(
        tx, order, OrderEventKind.HOLD_OPENED, actor, cause_id=hold_id, details={"hold": kind.value, "reason": reason}
    )
    return hold_id


async def place_hold_once(tx: Tx, order: Order, *, kind: HoldKind, cause_id: UUID, actor: Actor) -> None:
    """The same, but what was lifted once stays lifted. The caller holds the order's lock."""
    if await tx.reads.scalar(_EVER_FOR, order_id=order.id, kind=kind.value, cause_id=cause_id) is None:
        await place_hold(tx, order, kind=kind, cause_id=cause_id, actor=actor)


async def lift_holds(tx: Tx, order: Order, *, kind: HoldKind, cause_id: UUID | None = None, actor: Actor) -> int:
    """Close the open holds of a kind (of one cause, if given); how many. The caller holds the order's lock."""
    placed = [hold for hold in await tx.load(OrderHold, [order.id], by="order_id") if hold.kind is kind]
    open_holds = [hold for hold in placed if hold.closed_at is None and cause_id in {None, hold.cause_id}]
    for hold in open_holds:
        hold.closed_at = tx.now
        await append(tx, order, OrderEventKind.HOLD_CLOSED, actor, cause_id=hold.id, details={"hold": kind.value})
    return len(open_holds)


async def open_hold(command: OpenHold, *, actor: Actor, db: Database) -> UUID:
    """The order's id. Raises NotFound, NothingHeld (the money is not in escrow), IdempotencyConflict."""
    admin_id = actor.admin()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "open_hold", command, actor_id=admin_id, about=command.order_id):
            order, _ = await lock_order(tx, command.order_id, actor, Party.ADMIN, acting_as=Party.ADMIN)
            if order.escrow is not EscrowState.HELD:
                raise NothingHeld(order.id)
            await place_hold(tx, order, kind=HoldKind.ADMIN, cause_id=new_id(), actor=actor, reason=command.reason)
        return command.order_id

    return await db.run(step)


async def close_hold(command: CloseHold, *, actor: Actor, db: Database) -> UUID:
    """The order's id. Raises NotFound (also when none that an administrator lifts is open), IdempotencyConflict."""
    admin_id = actor.admin()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "close_hold", command, actor_id=admin_id, about=command.order_id):
            order, _ = await lock_order(tx, command.order_id, actor, Party.ADMIN, acting_as=Party.ADMIN)
            lifted = [await lift_holds(tx, order, kind=kind, actor=actor) for kind in _JUDGED_BY_ADMINISTRATORS]
            if not any(lifted):
                raise NotFound("hold")
        return command.order_id

    return await db.run(step)
