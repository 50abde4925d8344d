"""The words of orders in the schema."""

from enum import StrEnum

from domain.orders.model import (
    CancelledBy,
    EscrowState,
    HoldKind,
    LineKind,
    OrderEventKind,
    OrderStatus,
    ShipmentStatus,
)
from domain.payments.model import RefundStatus
from resolvers.shared.enums import expose

expose(
    OrderStatus,
    "How far the fulfilment of an order is. Money and quarrels are told by other fields.",
    {
        OrderStatus.PENDING_PAYMENT: "Placed; the purchase is not paid yet.",
        OrderStatus.AWAITING_SELLER: "Authorized; the seller has to accept before money is taken.",
        OrderStatus.PAID: "Paid; the seller has to fulfil it.",
        OrderStatus.SHIPPED: "The last parcel of it has left; what had not may have been cancelled.",
        OrderStatus.DELIVERED: "The buyer has it, by what the carrier or the seller says.",
        OrderStatus.COMPLETED: "Over: confirmed by the buyer, or the time to complain has passed. The seller is paid.",
        OrderStatus.CANCELLED: "Cancelled; see `cancelledBy`.",
    },
)
expose(
    CancelledBy,
    "Who or what ended an order.",
    {
        CancelledBy.BUYER: "The buyer.",
        CancelledBy.SELLER: "The seller, after it was paid.",
        CancelledBy.DECLINED: "The seller declined the request.",
        CancelledBy.EXPIRED: "It took too long to be paid, accepted or sent.",
        CancelledBy.PAYMENT: "The payment was refused.",
        CancelledBy.FRAUD: "It was taken for fraud.",
        CancelledBy.ADMIN: "The marketplace.",
    },
)
expose(
    EscrowState,
    "Where the money of an order is.",
    {
        EscrowState.NONE: "None was taken.",
        EscrowState.HELD: "The marketplace holds it.",
        EscrowState.RELEASED: "It is the seller's.",
        EscrowState.REFUNDED: "It went back to the buyer.",
    },
)
expose(
    LineKind,
    "What a line of an order is for.",
    {LineKind.ITEM: "Goods.", LineKind.SHIPPING: "Sending them.", LineKind.FEE: "A fee."},
    name="OrderLineKind",
)
expose(
    ShipmentStatus,
    "Where a parcel is.",
    {
        ShipmentStatus.LABEL: "Handed over; the carrier has not reported yet.",
        ShipmentStatus.IN_TRANSIT: "On its way.",
        ShipmentStatus.DELIVERED: "Delivered, by the carrier's word.",
        ShipmentStatus.LOST: "Lost, by the carrier's word.",
        ShipmentStatus.RETURNED: "On its way back to the seller.",
    },
)
expose(
    HoldKind,
    "What keeps the money of an order where it is.",
    {
        HoldKind.RETURN: "A return.",
        HoldKind.DISPUTE: "A complaint of the buyer.",
        HoldKind.CHARGEBACK: "A complaint of the buyer's bank.",
        HoldKind.ADMIN: "The marketplace looks at it.",
        HoldKind.REFUND: "A part of it is on its way back to the buyer, or failed to get there.",
    },
    name="OrderHoldKind",
)
expose(
    OrderEventKind,
    "What happened to an order.",
    {
        OrderEventKind.PLACED: "It was placed.",
        OrderEventKind.AWAITING_SELLER: "The seller was asked to accept it.",
        OrderEventKind.PAID: "It was paid.",
        OrderEventKind.LATE: "It should have been sent by now.",
        OrderEventKind.READY_FOR_PICKUP: "It can be fetched.",
        OrderEventKind.SHIPMENT_CREATED: "A parcel left.",
        OrderEventKind.SHIPPED: "The last parcel left.",
        OrderEventKind.TRACKING: "The carrier reported on a parcel.",
        OrderEventKind.DELIVERED: "It was delivered or handed over.",
        OrderEventKind.COMPLETED: "It is over.",
        OrderEventKind.CANCELLED: "It was cancelled.",
        OrderEventKind.REST_CANCELLED: "What had not left was cancelled, as it was late; the other parcels go on.",
        OrderEventKind.REFUND_STARTED: "Money is on its way back to the buyer.",
        OrderEventKind.REFUNDED: "The provider gave the money back.",
        OrderEventKind.REFUND_FAILED: "The money could not be given back; the marketplace holds it and looks at it.",
        OrderEventKind.CHARGEBACK_WON: "What the buyer's bank had taken of its money came back.",
        OrderEventKind.HOLD_OPENED: "The money was put on hold.",
        OrderEventKind.HOLD_CLOSED: "A hold was lifted.",
        OrderEventKind.RELEASED: "The money became the seller's.",
    },
)
expose(
    RefundStatus,
    "How far a refund is.",
    {
        RefundStatus.PENDING: "On its way.",
        RefundStatus.SUCCEEDED: "Given by the provider; the buyer's bank may take some days to show it.",
        RefundStatus.FAILED: "Refused, or sent back by the buyer's bank.",
    },
)


class OrderRole(StrEnum):
    """The roles of `Party` that a client can choose."""

    BUYER = "buyer"
    SELLER = "seller"
    ADMIN = "admin"


expose(
    OrderRole,
    "As what somebody acts on an order.",
    {OrderRole.BUYER: "Its buyer.", OrderRole.SELLER: "Its seller.", OrderRole.ADMIN: "An administrator."},
)


class TimelineActor(StrEnum):
    BUYER = "buyer"
    STAFF = "staff"
    SYSTEM = "system"
    PROVIDER = "provider"
    CARRIER = "carrier"


expose(
    TimelineActor,
    "Who made something happen.",
    {
        TimelineActor.BUYER: "The buyer.",
        TimelineActor.STAFF: "Somebody of the shop or of the marketplace.",
        TimelineActor.SYSTEM: "The marketplace by itself, as when a time has passed.",
        TimelineActor.PROVIDER: "The payment provider.",
        TimelineActor.CARRIER: "A carrier.",
    },
)
