"""Delivery: what the carrier, the seller at the counter, or the buyer says of it.

Invariant: only the buyer's own word completes an order at once. A carrier's scan or the seller's hand-over starts the
fourteen days in which the buyer can complain, counted from when we learnt of it, and never pays anyone by itself.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from domain.catalog.model import Fulfilment
from domain.orders.completion import complete
from domain.orders.errors import WrongFulfilment
from domain.orders.model import ORDER_TRANSITIONS, LineKind, Order, OrderEventKind, OrderLine, OrderStatus
from domain.orders.parties import lock_order
from domain.orders.payment import set_release
from domain.orders.pickup import PickupCode, check_code
from domain.orders.timeline import append, move
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, command
from domain.shared.database import Database, Tx, table
from domain.shared.idempotency import is_repeated
from domain.shared.ids import OrderId
from domain.shared.transitions import Party

_lines = table(OrderLine)


@command
class ConfirmDelivery:
    """The buyer has it and is content: the seller is paid."""

    order_id: OrderId
    idempotency_key: IdempotencyKey


@command
class HandOverOrder:
    """The seller handed it over: picked up (then with the code that the buyer showed), sent as a download, or done on
    site."""

    order_id: OrderId
    pickup_code: PickupCode = ""
    idempotency_key: IdempotencyKey


async def confirm_delivery(command: ConfirmDelivery, *, actor: Actor, db: Database) -> UUID:
    """The order's id; it is COMPLETED. Raises NotFound, IllegalTransition, OrderOnHold, IdempotencyConflict."""
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "confirm_delivery", command, actor_id=user_id, about=command.order_id):
            order, party = await lock_order(tx, command.order_id, actor, Party.BUYER)
            order.delivered_at = order.delivered_at or tx.now
            await complete(tx, order, actor=actor, party=party)
        return command.order_id

    return await db.run(step)


async def hand_over(command: HandOverOrder, *, actor: Actor, db: Database) -> UUID:
    """The order's id; it is DELIVERED.

    Raises NotFound, IllegalTransition, WrongFulfilment, WrongPickupCode, IdempotencyConflict.
    """
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "hand_over", command, actor_id=user_id, about=command.order_id):
            order, party = await lock_order(tx, command.order_id, actor, Party.SELLER)
            if order.fulfilment == Fulfilment.SHIP.value:
                raise WrongFulfilment(order.fulfilment)
            ORDER_TRANSITIONS.check(order.status, OrderStatus.DELIVERED, party)
            await check_code(tx, order, command.pickup_code)
            await deliver(tx, order, actor=actor, party=party, at=tx.now)
            await tx.execute(
                update(_lines)
                .where(_lines.c.order_id == order.id, _lines.c.kind == LineKind.ITEM)
                .values(shipped=_lines.c.quantity - _lines.c.cancelled)
            )
        return command.order_id

    return await db.run(step)


async def deliver(tx: Tx, order: Order, *, actor: Actor, party: Party, at: datetime) -> None:
    """DELIVERED at `at`; from now on the buyer has fourteen days. The caller holds the order's lock.

    Raises IllegalTransition.
    """
    move(order, OrderStatus.DELIVERED, party)
    order.delivered_at = min(at, tx.now)
    set_release(order, tx.now)
    await append(tx, order, OrderEventKind.DELIVERED, actor)
