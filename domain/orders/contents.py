"""What an order is made of: lines, taxes, parcels, its address, its holds and its money. Batch reads, for loaders."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select

from domain.orders.model import (
    PARTS_MAX,
    HoldKind,
    LineKind,
    OrderAddress,
    OrderHold,
    OrderLine,
    OrderLineTax,
    Shipment,
    ShipmentLine,
    ShipmentStatus,
    TrackingEvent,
)
from domain.payments.model import PaymentAllocation, Refund, RefundStatus
from domain.shared.database import Query, Reads, table

V = TypeVar("V")

_lines, _taxes, _addresses, _holds = table(OrderLine), table(OrderLineTax), table(OrderAddress), table(OrderHold)
_shipments, _parcels, _scans = table(Shipment), table(ShipmentLine), table(TrackingEvent)
_allocations, _refunds = table(PaymentAllocation), table(Refund)


@dataclass(frozen=True, slots=True)
class LineView:
    id: UUID
    order_id: UUID
    kind: LineKind
    listing_id: UUID | None
    variant_id: UUID | None
    title: str
    variant_title: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    commission_minor: int
    shipped: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class TaxView:
    order_line_id: UUID
    jurisdiction: str
    rate_ppm: int
    base_minor: int
    amount_minor: int
    included: bool


@dataclass(frozen=True, slots=True)
class AddressView:
    order_id: UUID
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str


@dataclass(frozen=True, slots=True)
class ShipmentView:
    id: UUID
    order_id: UUID
    status: ShipmentStatus
    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ParcelLineView:
    shipment_id: UUID
    order_line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class ScanView:
    shipment_id: UUID
    status: ShipmentStatus
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HoldView:
    order_id: UUID
    kind: HoldKind
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """`refundable_minor` leaves out what is on its way back already."""

    order_id: UUID
    paid_minor: int
    refunded_minor: int
    refundable_minor: int


@dataclass(frozen=True, slots=True)
class RefundView:
    id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    status: RefundStatus
    cause: str
    created_at: datetime
    ended_at: datetime | None


def _query(source: Table, view: type[V], key: str, *order: str) -> Query[V]:
    """The rows of a table whose `key` is among the ids."""
    wanted: Any = view
    statement = select(*(source.c[each.name] for each in fields(wanted))).where(
        source.c[key] == func.any(bindparam("ids"))
    )
    return Query(statement.order_by(source.c[key], *(source.c[name] for name in order)).limit(bindparam("rows")), view)


_LINES = _query(_lines, LineView, "order_id", "position")
_TAXES = _query(_taxes, TaxView, "order_line_id", "id")
_ADDRESSES = _query(_addresses, AddressView, "order_id")
_SHIPMENTS = _query(_shipments, ShipmentView, "order_id", "id")
_PARCEL_LINES = _query(_parcels, ParcelLineView, "shipment_id", "order_line_id")
_SCANS = _query(_scans, ScanView, "shipment_id", "at", "id")
_REFUNDS = _query(_refunds, RefundView, "order_id", "id")
_HOLDS = Query(
    select(_holds.c.order_id, _holds.c.kind, _holds.c.opened_at)
    .where(_holds.c.order_id == func.any(bindparam("ids")), _holds.c.closed_at.is_(None))
    .order_by(_holds.c.id)
    .limit(bindparam("rows")),
    HoldView,
)


def _whole(column: Any) -> Any:
    """A sum of bigints is numeric; an amount is not."""
    return func.coalesce(func.sum(column), 0).cast(_allocations.c.captured_minor.type)


_PENDING = (
    select(_whole(_refunds.c.amount_minor))
    .where(_refunds.c.order_id == _allocations.c.order_id, _refunds.c.status == RefundStatus.PENDING.value)
    .scalar_subquery()
)
_AMOUNTS = Query(
    select(
        _allocations.c.order_id,
        _whole(_allocations.c.captured_minor),
        _whole(_allocations.c.refunded_minor),
        _whole(_allocations.c.captured_minor - _allocations.c.refunded_minor) - _PENDING,
    )
    .where(_allocations.c.order_id == func.any(bindparam("ids")))
    .group_by(_allocations.c.order_id),
    OrderAmounts,
)


async def lines_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[LineView]]:
    return _grouped(await _parts(reads, _LINES, order_ids), lambda line: line.order_id)


async def taxes_by_lines(reads: Reads, line_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[TaxView]]:
    return _grouped(await _parts(reads, _TAXES, line_ids), lambda tax: tax.order_line_id)


async def address_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, AddressView]:
    return {address.order_id: address for address in await _parts(reads, _ADDRESSES, order_ids)}


async def shipments_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ShipmentView]]:
    return _grouped(await _parts(reads, _SHIPMENTS, order_ids), lambda shipment: shipment.order_id)


async def lines_by_shipments(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ParcelLineView]]:
    return _grouped(await _parts(reads, _PARCEL_LINES, ids), lambda line: line.shipment_id)


async def scans_by_shipments(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ScanView]]:
    return _grouped(await _parts(reads, _SCANS, ids), lambda scan: scan.shipment_id)


async def holds_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[HoldView]]:
    """Open ones."""
    return _grouped(await _parts(reads, _HOLDS, order_ids), lambda hold: hold.order_id)


async def refunds_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RefundView]]:
    return _grouped(await _parts(reads, _REFUNDS, order_ids), lambda refund: refund.order_id)


async def amounts_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, OrderAmounts]:
    """From the allocations of the order's payments; an order without any is left out."""
    return {amounts.order_id: amounts for amounts in await reads.all(_AMOUNTS, ids=list(order_ids))}


async def _parts(reads: Reads, query: Query[V], ids: Sequence[UUID]) -> list[V]:
    """Bounded by how many are asked about, so that what one has is never cut off for another's."""
    return await reads.all(query, ids=list(ids), rows=PARTS_MAX * len(ids))


def _grouped(rows: Iterable[V], key: Callable[[V], UUID]) -> Mapping[UUID, Sequence[V]]:
    found: dict[UUID, list[V]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
