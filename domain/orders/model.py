"""Orders: one seller's part of a checkout, from payment to completion.

Invariant: `status` speaks of fulfilment only and moves along ORDER_TRANSITIONS. Money is told by the allocations and
the ledger, quarrels by the holds.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Double, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import AMOUNT, TIME, Xid8, amounts, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step

PARTS_MAX: Final = 200
"""Of a sort (lines, parcels, scans, reviews) that one order or parcel may have, and orders that a checkout may have:
twice the lines of the fullest cart. A batch of many is bounded by this and their number."""

COMPLETION_DAYS: Final = 14
"""From delivery (or the latest estimated delivery, when no tracking ever tells) to automatic completion."""

LATE_GRACE_DAYS: Final = 3
"""From `ship_by_at` on an order is late; after these days more, what has not left may be cancelled by itself."""
LATE_CANCEL_DAYS: Final = 14
"""So long after `ship_by_at` what has not left is cancelled by itself: no money is stuck with a seller gone silent."""


class OrderStatus(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    AWAITING_SELLER = "awaiting_seller"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


_O, _P = OrderStatus, Party

ORDER_TRANSITIONS: Final = TransitionTable(
    "order",
    [
        step(_O.PENDING_PAYMENT, _O.PAID, _P.SYSTEM),
        step(_O.PENDING_PAYMENT, _O.AWAITING_SELLER, _P.SYSTEM),
        step(_O.PENDING_PAYMENT, _O.CANCELLED, _P.SYSTEM, timer="when the reservation expires"),
        step(_O.AWAITING_SELLER, _O.PAID, _P.SELLER, _P.SYSTEM, action="ACCEPT"),
        step(
            _O.AWAITING_SELLER,
            _O.CANCELLED,
            _P.SELLER,
            _P.SYSTEM,
            action="DECLINE",
            timer="at the seller's deadline",
        ),
        step(
            _O.PAID,
            _O.SHIPPED,
            _P.SELLER,
            _P.SYSTEM,
            action="SHIP",
            timer="14 days after it should have been sent, when a part was: the rest is cancelled",
        ),
        step(_O.PAID, _O.DELIVERED, _P.SELLER, action="HAND_OVER"),
        step(
            _O.PAID,
            _O.CANCELLED,
            _P.BUYER,
            _P.SELLER,
            _P.ADMIN,
            _P.SYSTEM,
            action="CANCEL",
            timer="14 days after it should have been sent, when nothing was",
        ),
        step(_O.SHIPPED, _O.DELIVERED, _P.CARRIER, _P.SYSTEM),
        step(
            _O.SHIPPED,
            _O.COMPLETED,
            _P.BUYER,
            _P.SYSTEM,
            action="CONFIRM_DELIVERY",
            timer="14 days after the latest estimated delivery, when no tracking tells",
        ),
        step(
            _O.DELIVERED,
            _O.COMPLETED,
            _P.BUYER,
            _P.SYSTEM,
            action="CONFIRM_DELIVERY",
            timer="14 days after delivery",
        ),
    ],
)


class CancelledBy(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    DECLINED = "declined"
    EXPIRED = "expired"
    PAYMENT = "payment"
    FRAUD = "fraud"
    ADMIN = "admin"


class EscrowState(StrEnum):
    NONE = "none"
    HELD = "held"
    RELEASED = "released"
    REFUNDED = "refunded"


class LineKind(StrEnum):
    ITEM = "item"
    SHIPPING = "shipping"
    FEE = "fee"


class ShipmentStatus(StrEnum):
    LABEL = "label"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    LOST = "lost"
    RETURNED = "returned"


class HoldKind(StrEnum):
    RETURN = "return"
    DISPUTE = "dispute"
    CHARGEBACK = "chargeback"
    ADMIN = "admin"
    REFUND = "refund"


class OrderEventKind(StrEnum):
    PLACED = "placed"
    AWAITING_SELLER = "awaiting_seller"
    PAID = "paid"
    LATE = "late"
    READY_FOR_PICKUP = "ready_for_pickup"
    SHIPMENT_CREATED = "shipment_created"
    SHIPPED = "shipped"
    TRACKING = "tracking"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REST_CANCELLED = "rest_cancelled"
    REFUND_STARTED = "refund_started"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    CHARGEBACK_WON = "chargeback_won"
    HOLD_OPENED = "hold_opened"
    HOLD_CLOSED = "hold_closed"
    RELEASED = "released"


class Order(TableRow, table=True):
    __tablename__ = "order"

    id: UUID = Field(primary_key=True)
    number: str = Field(max_length=12)
    checkout_id: UUID = Field(foreign_key="checkout.id", index=True)
    buyer_id: UUID = Field(foreign_key="user.id")
    seller_id: UUID = Field(foreign_key="seller.id")
    status: OrderStatus = Field(default=OrderStatus.PENDING_PAYMENT, sa_type=one_of(OrderStatus))
    fulfilment: str = Field(default="ship", max_length=20)
    currency: str = Field(max_length=3)
    items_minor: int = Field(sa_type=AMOUNT)
    shipping_minor: int = Field(sa_type=AMOUNT)
    tax_minor: int = Field(sa_type=AMOUNT)
    """All tax of the order, whether listed prices contain it or not."""
    total_minor: int = Field(sa_type=AMOUNT)
    commission_minor: int = Field(sa_type=AMOUNT)
    escrow: EscrowState = Field(default=EscrowState.NONE, sa_type=one_of(EscrowState))
    cancelled_by: CancelledBy | None = Field(default=None, sa_type=one_of(CancelledBy))
    cancel_reason: str = Field(default="", max_length=500)
    handling_days: int = Field(default=2)
    transit_days: int = Field(default=5)
    event_sequence: int = Field(default=0)
    placed_at: datetime = Field(sa_type=TIME)
    seller_deadline_at: datetime | None = Field(default=None, sa_type=TIME)
    paid_at: datetime | None = Field(default=None, sa_type=TIME)
    ship_by_at: datetime | None = Field(default=None, sa_type=TIME)
    late_at: datetime | None = Field(default=None, sa_type=TIME)
    shipped_at: datetime | None = Field(default=None, sa_type=TIME)
    estimated_delivery_at: datetime | None = Field(default=None, sa_type=TIME)
    delivered_at: datetime | None = Field(default=None, sa_type=TIME)
    release_due_at: datetime | None = Field(default=None, sa_type=TIME)
    dispute_until: datetime | None = Field(default=None, sa_type=TIME)
    completed_at: datetime | None = Field(default=None, sa_type=TIME)
    cancelled_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        amounts("items_minor", "shipping_minor", "tax_minor", "total_minor", "commission_minor"),
        Index("ix_order_buyer", "buyer_id", "id"),
        Index("ix_order_seller", "seller_id", "id"),
        Index("ix_order_ship_by", "ship_by_at", postgresql_where=text("status = 'paid'")),
        Index(
            "ix_order_release_due",
            "release_due_at",
            postgresql_where=text("status IN ('shipped', 'delivered') AND release_due_at IS NOT NULL"),
        ),
    )


class OrderNumber(TableRow, table=True):
    """Uniqueness of the human number over all time, in a narrow table."""

    __tablename__ = "order_number"

    number: str = Field(primary_key=True, max_length=12)
    order_id: UUID = Field()


class OrderAddress(TableRow, table=True):
    """Where it goes, as written when it was bought. Erasable: nothing append-only holds it."""

    __tablename__ = "order_address"

    order_id: UUID = Field(primary_key=True, foreign_key="order.id")
    name: str = Field(max_length=200)
    line1: str = Field(max_length=200)
    line2: str = Field(default="", max_length=200)
    city: str = Field(max_length=200)
    region: str = Field(default="", max_length=200)
    postal_code: str = Field(default="", max_length=20)
    country: str = Field(max_length=2)
    phone: str = Field(default="", max_length=30)


class OrderPickup(TableRow, table=True):
    """Of an order that is fetched: the code that its buyer shows, and when the seller had it ready."""

    __tablename__ = "order_pickup"

    order_id: UUID = Field(primary_key=True, foreign_key="order.id")
    code: str = Field(max_length=8)
    note: str = Field(default="", max_length=500)
    ready_at: datetime | None = Field(default=None, sa_type=TIME)


class OrderPickupPlace(TableRow, table=True):
    """Where a listing of the order is fetched, as it stood when it was bought."""

    __tablename__ = "order_pickup_place"

    order_id: UUID = Field(primary_key=True, foreign_key="order_pickup.order_id")
    listing_id: UUID = Field(primary_key=True, foreign_key="listing.id")
    latitude: float = Field(sa_type=Double())
    longitude: float = Field(sa_type=Double())
    line1: str = Field(default="", max_length=200)
    line2: str = Field(default="", max_length=200)
    locality: str = Field(max_length=200)
    postal_code: str = Field(default="", max_length=20)
    country: str = Field(max_length=2)
    instructions: str = Field(default="", max_length=500)


class OrderLine(TableRow, table=True):
    """What was sold, with the money frozen at sale. Commission: on an item's net after discount only."""

    __tablename__ = "order_line"

    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="order.id", index=True)
    position: int = Field()
    kind: LineKind = Field(sa_type=one_of(LineKind))
    listing_id: UUID | None = Field(default=None, foreign_key="listing.id")
    variant_id: UUID | None = Field(default=None, foreign_key="variant.id")
    title: str = Field(max_length=200)
    variant_title: str = Field(default="", max_length=200)
    quantity: int = Field()
    unit_price_minor: int = Field(sa_type=AMOUNT)
    discount_minor: int = Field(default=0, sa_type=AMOUNT)
    net_minor: int = Field(sa_type=AMOUNT)
    tax_minor: int = Field(sa_type=AMOUNT)
    gross_minor: int = Field(sa_type=AMOUNT)
    commission_ppm: int = Field(default=0)
    commission_minor: int = Field(default=0, sa_type=AMOUNT)
    shipped: int = Field(default=0)
    cancelled: int = Field(default=0)
    returned: int = Field(default=0)
    refunded: int = Field(default=0)
    starts_at: datetime | None = Field(default=None, sa_type=TIME)
    ends_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        amounts("unit_price_minor", "discount_minor", "net_minor", "tax_minor", "gross_minor", "commission_minor"),
        # net + tax = gross, whoever's listed price contained the tax: nothing is lost to rounding.
        UniqueConstraint("order_id", "position"),
    )


class OrderLineTax(TableRow, table=True):
    __tablename__ = "order_line_tax"

    id: UUID = Field(primary_key=True)
    order_line_id: UUID = Field(foreign_key="order_line.id", index=True)
    jurisdiction: str = Field(max_length=60)
    rate_ppm: int = Field()
    base_minor: int = Field(sa_type=AMOUNT)
    amount_minor: int = Field(sa_type=AMOUNT)
    included: bool = Field()


class Shipment(TableRow, table=True):
    __tablename__ = "shipment"

    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="order.id", index=True)
    status: ShipmentStatus = Field(sa_type=one_of(ShipmentStatus))
    carrier: str = Field(default="", max_length=60)
    tracking_number: str = Field(default="", max_length=60)
    created_at: datetime = Field(sa_type=TIME)
    shipped_at: datetime | None = Field(default=None, sa_type=TIME)
    delivered_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (Index("ix_shipment_tracking", "carrier", "tracking_number"),)


class ShipmentLine(TableRow, table=True):
    __tablename__ = "shipment_line"

    shipment_id: UUID = Field(primary_key=True, foreign_key="shipment.id")
    order_line_id: UUID = Field(primary_key=True, foreign_key="order_line.id")
    quantity: int = Field()


class TrackingEvent(TableRow, table=True):
    __tablename__ = "tracking_event"

    id: UUID = Field(primary_key=True)
    shipment_id: UUID = Field(foreign_key="shipment.id", index=True)
    status: ShipmentStatus = Field(sa_type=one_of(ShipmentStatus))
    note: str = Field(default="", max_length=200)
    at: datetime = Field(sa_type=TIME)


class OrderHold(TableRow, table=True):
    """What blocks a release. Written under the order's row lock by whoever quarrels; release looks here."""

    __tablename__ = "order_hold"

    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="order.id", index=True)
    kind: HoldKind = Field(sa_type=one_of(HoldKind))
    cause_id: UUID = Field()
    opened_at: datetime = Field(sa_type=TIME)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)


class OrderEvent(TableRow, table=True):
    """The timeline, append-only. `sequence` is counted under the order's lock; `xid` orders feeds over many orders."""

    __tablename__ = "order_event"

    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="order.id")
    seller_id: UUID = Field()
    sequence: int = Field()
    kind: OrderEventKind = Field(sa_type=one_of(OrderEventKind))
    status: OrderStatus = Field(sa_type=one_of(OrderStatus))
    """The order's status after it."""
    actor: str = Field(max_length=80)
    cause_id: UUID | None = Field(default=None)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    trace: str = Field(default="", max_length=64)
    at: datetime = Field(sa_type=TIME)
    xid: Any = Field(
        default=None, sa_column=Column(Xid8(), nullable=False, server_default=text("pg_current_xact_id()"))
    )

    __table_args__ = (
        UniqueConstraint("order_id", "sequence"),
        Index("ix_order_event_feed", "seller_id", "xid", "id"),
    )
