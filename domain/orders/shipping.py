"""Shipping: parcels leave, in one or several shipments.

Invariant: of every line no more is shipped than was bought and not cancelled; SHIPPED means that the last open line
left, or was cancelled after others had. The lines are counted under the order's row lock.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import func, select

from domain.catalog.model import Fulfilment
from domain.orders.errors import WrongFulfilment
from domain.orders.model import (
    ORDER_TRANSITIONS,
    LineKind,
    Order,
    OrderEventKind,
    OrderLine,
    OrderStatus,
    Shipment,
    ShipmentLine,
    ShipmentStatus,
)
from domain.orders.parties import lock_order
from domain.orders.payment import set_release
from domain.orders.timeline import append, move
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, Issue
from domain.shared.idempotency import claim
from domain.shared.ids import OrderId, OrderLineId, new_id
from domain.shared.transitions import Party

SHIPMENTS_MAX: Final = 50
LINES_MAX: Final = 200

_lines, _shipments = table(OrderLine), table(Shipment)

CarrierName = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f]*$", to_lower=True)]
TrackingNumber = Annotated[str, StringConstraints(max_length=60, pattern=r"^[A-Za-z0-9 .-]*$", to_upper=True)]


@command
class ShippedLine:
    order_line_id: OrderLineId
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


@command
class ShipOrder:
    """One parcel. Without `lines` it holds everything that is still open; without a number it is not tracked."""

    order_id: OrderId
    lines: Annotated[tuple[ShippedLine, ...], Field(max_length=LINES_MAX)] = ()
    carrier: CarrierName = ""
    tracking_number: TrackingNumber = ""
    idempotency_key: IdempotencyKey


async def ship_order(command: ShipOrder, *, actor: Actor, db: Database) -> UUID:
    """The shipment's id. With the last open line the order becomes SHIPPED.

    Raises NotFound, IllegalTransition, WrongFulfilment, InvalidInput (lines not of this order, or not open any more),
    IdempotencyConflict.
    """
    user_id, shipment_id = actor.user(), new_id()
    if command.tracking_number and not command.carrier:
        raise InvalidInput.at("carrier", "MISSING", "A tracking number means nothing without its carrier.")

    async def step(tx: Tx) -> UUID:
        known = await claim(
            tx,
            actor_id=user_id,
            operation="ship_order",
            key=command.idempotency_key,
            command=command,
            outcome_id=shipment_id,
        )
        if known is not None:
            return known
        order, party = await lock_order(tx, command.order_id, actor, Party.SELLER)
        ORDER_TRANSITIONS.check(order.status, OrderStatus.SHIPPED, party)
        if order.fulfilment != Fulfilment.SHIP.value:
            raise WrongFulfilment(order.fulfilment)
        await _refuse_too_many(tx, order)
        open_lines = await open_lines_of(tx, order.id)
        chosen = _choose(command.lines, open_lines)
        await _write_shipment(tx, order, command, shipment_id, chosen, actor)
        if all(line.shipped + line.cancelled == line.quantity for line in open_lines):
            await mark_shipped(tx, order, actor, party)
        return shipment_id

    return await db.run(step)


async def open_lines_of(tx: Tx, order_id: UUID) -> list[OrderLine]:
    """Item lines of which something has not left yet. The caller holds the order's lock."""
    items = [line for line in await tx.load(OrderLine, [order_id], by="order_id") if line.kind is LineKind.ITEM]
    left = [line for line in items if line.shipped + line.cancelled < line.quantity]
    return sorted(left, key=lambda line: line.position)


async def _refuse_too_many(tx: Tx, order: Order) -> None:
    count = (await tx.execute(select(func.count()).where(_shipments.c.order_id == order.id))).scalar_one()
    if count >= SHIPMENTS_MAX:
        raise InvalidInput.at("lines", "TOO_MANY", f"An order has at most {SHIPMENTS_MAX} shipments.")


def _choose(wanted: Sequence[ShippedLine], open_lines: Sequence[OrderLine]) -> dict[UUID, int]:
    """Line -> units of this parcel. Raises InvalidInput with every line that cannot be shipped as wanted."""
    left = {line.id: line.quantity - line.shipped - line.cancelled for line in open_lines}
    if not wanted:
        return left
    chosen: Counter[UUID] = Counter()
    issues: list[Issue] = []
    for index, line in enumerate(wanted):
        chosen[line.order_line_id] += line.quantity
        at = ("lines", str(index))
        if line.order_line_id not in left:
            issues.append(Issue((*at, "order_line_id"), "NOT_OPEN", "Nothing of this line is left to be shipped."))
        elif chosen[line.order_line_id] > left[line.order_line_id]:
            issues.append(Issue((*at, "quantity"), "TOO_MANY", f"Only {left[line.order_line_id]} are left."))
    if issues:
        raise InvalidInput(issues)
    return chosen


async def _write_shipment(
    tx: Tx, order: Order, command: ShipOrder, shipment_id: UUID, chosen: dict[UUID, int], actor: Actor
) -> None:
    await tx.add(
        Shipment(
            id=shipment_id,
            order_id=order.id,
            status=ShipmentStatus.LABEL,
            carrier=command.carrier,
            tracking_number=command.tracking_number,
            created_at=tx.now,
            shipped_at=tx.now,
        )
    )
    for line_id, quantity in chosen.items():
        await tx.add(ShipmentLine(shipment_id=shipment_id, order_line_id=line_id, quantity=quantity))
        line = await tx.get(OrderLine, line_id)
        assert line is not None
        line.shipped += quantity
    details = {"carrier": command.carrier, "trackingNumber": command.tracking_number}
    await append(tx, order, OrderEventKind.SHIPMENT_CREATED, actor, cause_id=shipment_id, details=details)


async def mark_shipped(tx: Tx, order: Order, actor: Actor, party: Party) -> None:
    """Nothing is open any more, as the last of it left or was cancelled. The caller holds the order's lock."""
    move(order, OrderStatus.SHIPPED, party)
    order.shipped_at = tx.now
    # The latest estimate counts: a parcel that leaves late arrives late.
    estimate = tx.now + timedelta(days=order.transit_days)
    order.estimated_delivery_at = max(order.estimated_delivery_at or estimate, estimate)
    set_release(order, order.estimated_delivery_at)
    await append(tx, order, OrderEventKind.SHIPPED, actor)
