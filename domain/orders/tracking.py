"""Tracking: what carriers report of parcels, through the inbox.

Invariant: reports may come twice, late and in any order: each is written once, and a shipment's status is that of the
latest scan by the carrier's own time. A report never pays anyone; a parcel that is lost or on its way back stops the
money until somebody has looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.inbox.receiving import Incoming, Message, mark_worked, message_by_id
from domain.orders.delivery import deliver
from domain.orders.events import CarrierMessageReceived
from domain.orders.holds import place_hold
from domain.orders.model import (
    EscrowState,
    HoldKind,
    Order,
    OrderEventKind,
    OrderStatus,
    Shipment,
    ShipmentStatus,
    TrackingEvent,
)
from domain.orders.ports import CarrierReport
from domain.orders.timeline import append
from domain.shared.actor import CARRIER, SYSTEM
from domain.shared.database import Database, Query, Tx, table
from domain.shared.transitions import Party

SOURCE: Final = "carrier"
SHIPMENTS_MAX: Final = 20
"""Shipments that one number may stand for; sellers mistype, and some send many orders in one parcel."""
_ASTRAY: Final = frozenset({ShipmentStatus.LOST, ShipmentStatus.RETURNED})

_shipments, _scans = table(Shipment), table(TrackingEvent)


@dataclass(frozen=True, slots=True)
class _Parcel:
    id: UUID
    order_id: UUID


_PARCELS = Query(
    select(_shipments.c.id, _shipments.c.order_id)
    .where(_shipments.c.carrier == bindparam("carrier"), _shipments.c.tracking_number == bindparam("number"))
    .order_by(_shipments.c.id.desc())
    .limit(SHIPMENTS_MAX),
    _Parcel,
)


def incoming(report: CarrierReport) -> Incoming:
    """A report as a message of the inbox."""
    return Incoming(
        event=CarrierMessageReceived,
        source=SOURCE,
        external_id=f"{report.carrier}:{report.external_id}",
        kind=report.status.value,
        object_ref=report.tracking_number,
        details={"carrier": report.carrier, "note": report.note, "at": report.at.isoformat()},
    )


async def apply_report(message_id: UUID, *, db: Database) -> None:
    """Handler of a carrier's message. A number that no shipment bears is left alone."""
    message = await message_by_id(db.primary, message_id)
    if message is None:
        return
    parcels = await db.primary.all(_PARCELS, carrier=message.details["carrier"], number=message.object_ref)
    for parcel in parcels:
        await db.run(partial(_apply, parcel=parcel, message=message))
    await db.run(lambda tx: mark_worked(tx, message_id))


async def _apply(tx: Tx, *, parcel: _Parcel, message: Message) -> None:
    (order,) = await tx.lock(Order, [parcel.order_id])
    status, at = ShipmentStatus(message.kind), min(datetime.fromisoformat(message.details["at"]), tx.now)
    scan = insert(_scans).values(
        id=uuid5(message.id, parcel.id.hex),
        shipment_id=parcel.id,
        status=status,
        note=message.details["note"],
        at=at,
    )
    fresh = await tx.execute(scan.on_conflict_do_nothing().returning(_scans.c.id))
    if fresh.scalar_one_or_none() is None:
        return
    shipment = await _update_shipment(tx, parcel.id, status, at)
    await append(
        tx, order, OrderEventKind.TRACKING, CARRIER, cause_id=shipment.id, details={"parcel": shipment.status.value}
    )
    if shipment.status in _ASTRAY and order.escrow is EscrowState.HELD:
        reason = f"a parcel is reported {shipment.status.value}"
        await place_hold(tx, order, kind=HoldKind.ADMIN, cause_id=shipment.id, actor=SYSTEM, reason=reason)
    if order.status is OrderStatus.SHIPPED and await _all_delivered(tx, order.id):
        await deliver(tx, order, actor=CARRIER, party=Party.CARRIER, at=at)


async def _update_shipment(tx: Tx, shipment_id: UUID, status: ShipmentStatus, at: datetime) -> Shipment:
    """The shipment with the status of its latest scan."""
    (shipment,) = await tx.lock(Shipment, [shipment_id])
    latest = select(func.max(_scans.c.at)).where(_scans.c.shipment_id == shipment_id)
    if at >= (await tx.execute(latest)).scalar_one():
        shipment.status = status
        shipment.delivered_at = at if status is ShipmentStatus.DELIVERED else shipment.delivered_at
    return shipment


async def _all_delivered(tx: Tx, order_id: UUID) -> bool:
    statuses: Sequence[ShipmentStatus] = (
        (await tx.execute(select(_shipments.c.status).where(_shipments.c.order_id == order_id))).scalars().all()
    )
    return bool(statuses) and all(status is ShipmentStatus.DELIVERED for status in statuses)
