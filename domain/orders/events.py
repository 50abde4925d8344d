"""What happens to orders: one class per kind of timeline event, recorded with it."""

from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from domain.inbox.events import MessageReceived
from domain.orders.model import OrderEventKind
from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierMessageReceived(MessageReceived):
    """A carrier reports about a parcel."""

    kind: ClassVar[str] = "carrier.message_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMoved(Event):
    """Never recorded itself. `sequence` is the event's place in the order's timeline; `cause_id` what it is about."""

    order_id: UUID
    seller_id: UUID
    buyer_id: UUID
    sequence: int
    cause_id: UUID | None = None

    def topics(self) -> tuple[str, ...]:
        return order_topic(self.order_id), seller_topic(self.seller_id)


def order_topic(order_id: UUID) -> str:
    return f"order:{order_id}"


def seller_topic(seller_id: UUID) -> str:
    return f"seller_orders:{seller_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(OrderMoved):
    kind: ClassVar[str] = "order.placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAwaitsSeller(OrderMoved):
    kind: ClassVar[str] = "order.awaiting_seller"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(OrderMoved):
    kind: ClassVar[str] = "order.paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLate(OrderMoved):
    kind: ClassVar[str] = "order.late"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReadyForPickup(OrderMoved):
    kind: ClassVar[str] = "order.ready_for_pickup"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentCreated(OrderMoved):
    """`cause_id` is the shipment."""

    kind: ClassVar[str] = "order.shipment_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShipped(OrderMoved):
    kind: ClassVar[str] = "order.shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingReported(OrderMoved):
    """`cause_id` is the shipment."""

    kind: ClassVar[str] = "order.tracking"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDelivered(OrderMoved):
    kind: ClassVar[str] = "order.delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCompleted(OrderMoved):
    kind: ClassVar[str] = "order.completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(OrderMoved):
    kind: ClassVar[str] = "order.cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRestCancelled(OrderMoved):
    kind: ClassVar[str] = "order.rest_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefundStarted(OrderMoved):
    """`cause_id` is the refund, here and in the two below."""

    kind: ClassVar[str] = "order.refund_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded(OrderMoved):
    kind: ClassVar[str] = "order.refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefundFailed(OrderMoved):
    kind: ClassVar[str] = "order.refund_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChargebackWon(OrderMoved):
    """`cause_id` is the refund that stood for what the bank had taken of the order."""

    kind: ClassVar[str] = "order.chargeback_won"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHoldOpened(OrderMoved):
    """`cause_id` is the hold."""

    kind: ClassVar[str] = "order.hold_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHoldClosed(OrderMoved):
    kind: ClassVar[str] = "order.hold_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowReleased(OrderMoved):
    kind: ClassVar[str] = "order.released"


EVENTS: Final[dict[OrderEventKind, type[OrderMoved]]] = {
    OrderEventKind.PLACED: OrderPlaced,
    OrderEventKind.AWAITING_SELLER: OrderAwaitsSeller,
    OrderEventKind.PAID: OrderPaid,
    OrderEventKind.LATE: OrderLate,
    OrderEventKind.READY_FOR_PICKUP: OrderReadyForPickup,
    OrderEventKind.SHIPMENT_CREATED: ShipmentCreated,
    OrderEventKind.SHIPPED: OrderShipped,
    OrderEventKind.TRACKING: TrackingReported,
    OrderEventKind.DELIVERED: OrderDelivered,
    OrderEventKind.COMPLETED: OrderCompleted,
    OrderEventKind.CANCELLED: OrderCancelled,
    OrderEventKind.REST_CANCELLED: OrderRestCancelled,
    OrderEventKind.REFUND_STARTED: OrderRefundStarted,
    OrderEventKind.REFUNDED: OrderRefunded,
    OrderEventKind.REFUND_FAILED: OrderRefundFailed,
    OrderEventKind.CHARGEBACK_WON: OrderChargebackWon,
    OrderEventKind.HOLD_OPENED: OrderHoldOpened,
    OrderEventKind.HOLD_CLOSED: OrderHoldClosed,
    OrderEventKind.RELEASED: EscrowReleased,
}
