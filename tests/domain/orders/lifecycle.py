"""Steps of an order's life, as short calls for tests."""

from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from app.container import Container
from domain.ledger.reads import escrow_by_orders, payable_of
from domain.orders.cancellation import CancelOrder, cancel_order
from domain.orders.delivery import ConfirmDelivery, HandOverOrder, confirm_delivery, hand_over
from domain.orders.holds import CloseHold, OpenHold, close_hold, open_hold
from domain.orders.pickup import pickups_by_orders
from domain.orders.shipping import ShipOrder, ShippedLine, ship_order
from domain.shared.actor import Actor
from domain.shared.database import Tx
from tests.sales import Sale


def a_key() -> str:
    return uuid4().hex


async def ship(container: Container, sale: Sale, *lines: tuple[UUID, int], **more: Any) -> UUID:
    command = ShipOrder(
        order_id=sale.order_id,
        lines=tuple(ShippedLine(order_line_id=line_id, quantity=quantity) for line_id, quantity in lines),
        **({"idempotency_key": a_key()} | more),
    )
    return await ship_order(command, actor=sale.seller, db=container.ports.db)


async def confirm(container: Container, sale: Sale, actor: Actor | None = None, key: str | None = None) -> UUID:
    command = ConfirmDelivery(order_id=sale.order_id, idempotency_key=key or a_key())
    return await confirm_delivery(command, actor=actor or sale.buyer, db=container.ports.db)


async def give(container: Container, sale: Sale, code: str | None = None) -> UUID:
    """With the code that the buyer shows, unless another is given."""
    pickups = await pickups_by_orders(container.ports.db.primary, [sale.order_id])
    shown = pickups[sale.order_id].code if pickups else ""
    command = HandOverOrder(
        order_id=sale.order_id, pickup_code=shown if code is None else code, idempotency_key=a_key()
    )
    return await hand_over(command, actor=sale.seller, db=container.ports.db)


async def cancel(container: Container, sale: Sale, actor: Actor, **more: Any) -> UUID:
    command = CancelOrder(order_id=sale.order_id, **({"idempotency_key": a_key()} | more))
    return await cancel_order(command, actor=actor, db=container.ports.db)


async def hold(container: Container, sale: Sale, admin: Actor) -> UUID:
    command = OpenHold(order_id=sale.order_id, reason="looks odd", idempotency_key=a_key())
    return await open_hold(command, actor=admin, db=container.ports.db)


async def unhold(container: Container, sale: Sale, admin: Actor) -> UUID:
    command = CloseHold(order_id=sale.order_id, idempotency_key=a_key())
    return await close_hold(command, actor=admin, db=container.ports.db)


async def held_for(container: Container, sale: Sale) -> int:
    return (await escrow_by_orders(container.ports.db.primary, [sale.order_id])).get(sale.order_id, 0)


async def owed_to(container: Container, sale: Sale) -> int:
    owed = await payable_of(container.ports.db.primary, sale.seller.seller())
    return sum(amount.amount_minor for amount in owed)


async def timeline(container: Container, order_id: UUID) -> list[tuple[int, str]]:
    """(sequence, kind) of every event."""
    rows = await rows_of(
        container, "SELECT sequence, kind FROM order_event WHERE order_id = :id ORDER BY sequence", id=order_id
    )
    return [(row.sequence, row.kind) for row in rows]


async def rows_of(container: Container, statement: str, **parameters: Any) -> list[Any]:
    async def step(tx: Tx) -> list[Any]:
        return list((await tx.execute(sa.text(statement), parameters)).all())

    return await container.ports.db.run(step)
