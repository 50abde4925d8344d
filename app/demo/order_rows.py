"""What a past sale left behind of its order: lines, taxes, the parcel, and the timeline from placed to released.

Invariant: the timeline's steps are those that the transition table allows, in one gapless count.
"""

from datetime import timedelta
from typing import Final

from app.demo.copying import Row
from app.demo.people import address_of
from app.demo.rows import Rows
from app.demo.sales import COMPLETION, DemoSale
from domain.ledger.model import TransactionKind
from domain.ledger.posting import posting_id
from domain.orders.model import (
    EscrowState,
    LineKind,
    Order,
    OrderAddress,
    OrderEvent,
    OrderEventKind,
    OrderLine,
    OrderLineTax,
    OrderNumber,
    OrderStatus,
    Shipment,
    ShipmentLine,
    ShipmentStatus,
    TrackingEvent,
)
from domain.orders.numbers import number_of
from domain.pricing.quote import QuoteLine

CARRIER: Final = "sandbox"
_E, _S = OrderEventKind, OrderStatus


def add_order(rows: Rows, sale: DemoSale) -> None:
    number = number_of(sale.order_id.int & ((1 << 45) - 1))
    timeline = events(sale)
    rows.add(Order, _order(sale, number, len(timeline)))
    rows.add(OrderNumber, {"number": number, "order_id": sale.order_id})
    rows.add(OrderAddress, {"order_id": sale.order_id, **address_of(sale.buyer_number)})
    for position, line in enumerate(sale.seller_quote.lines):
        _add_line(rows, sale, position, line)
    _add_shipment(rows, sale)
    rows.add(OrderEvent, *timeline)


def _order(sale: DemoSale, number: str, sequence: int) -> Row:
    part = sale.seller_quote
    ship_by_at = sale.paid_at + timedelta(days=part.handling_days)
    release_due_at = sale.delivered_at + COMPLETION
    return {
        "id": sale.order_id,
        "number": number,
        "checkout_id": sale.checkout_id,
        "buyer_id": sale.buyer_id,
        "seller_id": part.seller_id,
        "status": OrderStatus.COMPLETED,
        "fulfilment": part.fulfilment.value,
        "currency": part.currency,
        "items_minor": part.items_minor,
        "shipping_minor": part.shipping_minor,
        "tax_minor": part.tax_minor,
        "total_minor": part.total_minor,
        "commission_minor": part.commission_minor,
        "escrow": EscrowState.RELEASED,
        "handling_days": part.handling_days,
        "transit_days": part.transit_days,
        "event_sequence": sequence,
        "placed_at": sale.placed_at,
        "paid_at": sale.paid_at,
        "ship_by_at": ship_by_at,
        "shipped_at": sale.shipped_at,
        "estimated_delivery_at": ship_by_at + timedelta(days=part.transit_days),
        "delivered_at": sale.delivered_at,
        "release_due_at": release_due_at,
        "dispute_until": release_due_at,
        "completed_at": sale.completed_at,
    }


def _add_line(rows: Rows, sale: DemoSale, position: int, line: QuoteLine) -> None:
    line_id = sale.id("order-line", position)
    money = ("unit_price", "discount", "net", "tax", "gross", "commission")
    rows.add(
        OrderLine,
        {
            "id": line_id,
            "order_id": sale.order_id,
            "position": position,
            "kind": LineKind(line.kind.value),
            "listing_id": line.listing_id,
            "variant_id": line.variant_id,
            "title": line.title,
            "variant_title": line.variant_title,
            "quantity": line.quantity,
            **{f"{name}_minor": getattr(line, f"{name}_minor") for name in money},
            "commission_ppm": line.commission_ppm,
            "shipped": line.quantity if line.listing_id is not None else 0,
        },
    )
    for place, tax in enumerate(line.taxes):
        rows.add(
            OrderLineTax,
            {
                "id": sale.id("order-line-tax", position * 10 + place),
                "order_line_id": line_id,
                "jurisdiction": tax.jurisdiction,
                "rate_ppm": tax.rate_ppm,
                "base_minor": tax.base_minor,
                "amount_minor": tax.amount_minor,
                "included": tax.included,
            },
        )


def _add_shipment(rows: Rows, sale: DemoSale) -> None:
    shipment_id = sale.id("shipment")
    rows.add(
        Shipment,
        {
            "id": shipment_id,
            "order_id": sale.order_id,
            "status": ShipmentStatus.DELIVERED,
            "carrier": CARRIER,
            "tracking_number": f"DEMO{sale.number:012d}",
            "created_at": sale.shipped_at,
            "shipped_at": sale.shipped_at,
            "delivered_at": sale.delivered_at,
        },
    )
    rows.add(
        ShipmentLine,
        {"shipment_id": shipment_id, "order_line_id": sale.id("order-line", 0), "quantity": sale.quantity},
    )
    scans = ((ShipmentStatus.IN_TRANSIT, sale.shipped_at), (ShipmentStatus.DELIVERED, sale.delivered_at))
    for place, (status, at) in enumerate(scans):
        scan = {"id": sale.id("tracking-event", place), "shipment_id": shipment_id, "status": status, "at": at}
        rows.add(TrackingEvent, scan)


def events(sale: DemoSale) -> list[Row]:
    """The timeline: what, the status after it, who, when, and what it refers to."""
    buyer, owner = f"user:{sale.buyer_id}", f"user:{sale.listing.shop.owner_id}"
    shipment_id = sale.id("shipment")
    closer = buyer if sale.confirmed else "system"
    steps = (
        (_E.PLACED, _S.PENDING_PAYMENT, buyer, sale.placed_at, None),
        (_E.PAID, _S.PAID, "provider", sale.paid_at, None),
        (_E.SHIPMENT_CREATED, _S.PAID, owner, sale.shipped_at, shipment_id),
        (_E.SHIPPED, _S.SHIPPED, owner, sale.shipped_at, None),
        (_E.TRACKING, _S.SHIPPED, "carrier", sale.delivered_at, shipment_id),
        (_E.DELIVERED, _S.DELIVERED, "carrier", sale.delivered_at, None),
        (_E.COMPLETED, _S.COMPLETED, closer, sale.completed_at, None),
        (_E.RELEASED, _S.COMPLETED, closer, sale.completed_at, posting_id(TransactionKind.RELEASE, sale.order_id)),
    )
    return [
        {
            "id": sale.id("order-event", sequence),
            "order_id": sale.order_id,
            "seller_id": sale.listing.shop.id,
            "sequence": sequence,
            "kind": kind,
            "status": status,
            "actor": actor,
            "cause_id": cause_id,
            "at": at,
        }
        for sequence, (kind, status, actor, at, cause_id) in enumerate(steps, 1)
    ]
