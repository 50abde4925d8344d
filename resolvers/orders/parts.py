"""What an order is made of, in the schema: lines, parcels, address, refunds, holds, events."""

from datetime import datetime
from typing import Final

import strawberry

from domain.catalog.reads import public_listings_by_ids
from domain.orders.contents import (
    AddressView,
    HoldView,
    LineView,
    RefundView,
    ScanView,
    ShipmentView,
    TaxView,
    lines_by_shipments,
    scans_by_shipments,
    taxes_by_lines,
)
from domain.orders.model import HoldKind, LineKind, OrderEventKind, OrderStatus, ShipmentStatus
from domain.orders.reads import OrderView
from domain.orders.timeline_reads import EventView
from domain.payments.model import RefundStatus
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.orders.enums import TimelineActor
from resolvers.shared.directives import ListSize
from resolvers.shared.scalars import MoneyType, money, public_id

FEW: Final = ListSize(assumed_size=5)


@strawberry.type(description="A tax in a line.")
class OrderLineTax:
    jurisdiction: str = strawberry.field(description="Whose tax, as `DE`.")
    rate_ppm: int = strawberry.field(description="Its rate in parts per million: 190000 for 19 %.")
    base: MoneyType = strawberry.field(description="What it is counted on.")
    amount: MoneyType = strawberry.field(description="The tax.")
    included: bool = strawberry.field(description="The listed price contains it.")

    @classmethod
    def of(cls, view: TaxView, currency: str) -> "OrderLineTax":
        return cls(
            jurisdiction=view.jurisdiction,
            rate_ppm=view.rate_ppm,
            base=money(view.base_minor, currency),
            amount=money(view.amount_minor, currency),
            included=view.included,
        )


@strawberry.type(description="A line of an order, with its money as it was when it was bought.")
class OrderLine:
    id: strawberry.ID = strawberry.field(description="Names the line in `shipOrder`.")
    kind: LineKind = strawberry.field(description="What it is for.")
    title: str = strawberry.field(description="The listing's title when it was bought.")
    variant_title: str = strawberry.field(description="What set the variant apart; may be empty.")
    listing_id: strawberry.ID | None = strawberry.field(description="The listing; null for shipping and fees.")
    variant_id: strawberry.ID | None = strawberry.field(description="The variant; null for shipping and fees.")
    quantity: int = strawberry.field(description="How many were bought.")
    shipped_quantity: int = strawberry.field(description="How many of them have left.")
    cancelled_quantity: int = strawberry.field(description="How many of them were cancelled.")
    unit_price: MoneyType = strawberry.field(description="The listed price for one.")
    discount: MoneyType = strawberry.field(description="Taken off the whole line.")
    net: MoneyType = strawberry.field(description="The whole line without tax.")
    tax: MoneyType = strawberry.field(description="All tax of the line.")
    gross: MoneyType = strawberry.field(description="What the buyer pays for the line: net and tax.")
    commission: MoneyType | None = strawberry.field(
        description="The marketplace's share, frozen at sale; null for the buyer."
    )
    view: strawberry.Private[LineView]
    currency: strawberry.Private[str]

    @strawberry.field(description="The listing; null for shipping, and when it is not shown to everybody any more.")
    async def listing(self, info: Info) -> Listing | None:
        if self.view.listing_id is None:
            return None
        found = await info.context.loaders.load(public_listings_by_ids, self.view.listing_id)
        return Listing.of(found) if found is not None else None

    @strawberry.field(description="The taxes one by one.", directives=[FEW])
    async def taxes(self, info: Info) -> list[OrderLineTax]:
        found = await info.context.loaders.load(taxes_by_lines, self.view.id)
        return [OrderLineTax.of(each, self.currency) for each in found or ()]

    @classmethod
    def of(cls, view: LineView, currency: str, *, for_seller: bool) -> "OrderLine":
        return cls(
            id=public_id("order_line", view.id),
            kind=view.kind,
            title=view.title,
            variant_title=view.variant_title,
            listing_id=public_id("listing", view.listing_id) if view.listing_id else None,
            variant_id=public_id("variant", view.variant_id) if view.variant_id else None,
            quantity=view.quantity,
            shipped_quantity=view.shipped,
            cancelled_quantity=view.cancelled,
            unit_price=money(view.unit_price_minor, currency),
            discount=money(view.discount_minor, currency),
            net=money(view.net_minor, currency),
            tax=money(view.tax_minor, currency),
            gross=money(view.gross_minor, currency),
            commission=money(view.commission_minor, currency) if for_seller else None,
            view=view,
            currency=currency,
        )


@strawberry.type(description="Where an order goes.")
class OrderAddress:
    name: str = strawberry.field(description="Who receives it.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(description="More of it; may be empty.")
    city: str = strawberry.field(description="City.")
    region: str = strawberry.field(description="State or province; may be empty.")
    postal_code: str = strawberry.field(description="Postal code; may be empty.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(description="For the carrier; may be empty.")

    @classmethod
    def of(cls, view: AddressView) -> "OrderAddress":
        return cls(
            name=view.name,
            line1=view.line1,
            line2=view.line2,
            city=view.city,
            region=view.region,
            postal_code=view.postal_code,
            country=view.country,
            phone=view.phone,
        )


@strawberry.type(description="What the carrier said of a parcel.")
class TrackingEvent:
    status: ShipmentStatus = strawberry.field(description="Where it was.")
    note: str = strawberry.field(description="In the carrier's words, as a place; may be empty.")
    at: datetime = strawberry.field(description="When, by the carrier's clock.")

    @classmethod
    def of(cls, view: ScanView) -> "TrackingEvent":
        return cls(status=view.status, note=view.note, at=view.at)


@strawberry.type(description="How many units of a line are in a parcel.")
class ShipmentLine:
    order_line_id: strawberry.ID = strawberry.field(description="The line of the order.")
    quantity: int = strawberry.field(description="How many of its units.")


@strawberry.type(description="A parcel.")
class Shipment:
    id: strawberry.ID = strawberry.field(description="Its id.")
    status: ShipmentStatus = strawberry.field(description="Where it is, by the carrier's latest scan.")
    carrier: str = strawberry.field(description="Who brings it; empty when it is not tracked.")
    tracking_number: str = strawberry.field(description="The carrier's number; empty when it is not tracked.")
    shipped_at: datetime | None = strawberry.field(description="When it left.")
    delivered_at: datetime | None = strawberry.field(description="When it arrived.")
    view: strawberry.Private[ShipmentView]

    @strawberry.field(description="What is in it.", directives=[FEW])
    async def lines(self, info: Info) -> list[ShipmentLine]:
        found = await info.context.loaders.load(lines_by_shipments, self.view.id)
        return [
            ShipmentLine(order_line_id=public_id("order_line", each.order_line_id), quantity=each.quantity)
            for each in found or ()
        ]

    @strawberry.field(description="What the carrier said of it, oldest first.", directives=[FEW])
    async def tracking_events(self, info: Info) -> list[TrackingEvent]:
        found = await info.context.loaders.load(scans_by_shipments, self.view.id)
        return [TrackingEvent.of(each) for each in found or ()]

    @classmethod
    def of(cls, view: ShipmentView) -> "Shipment":
        return cls(
            id=public_id("shipment", view.id),
            status=view.status,
            carrier=view.carrier,
            tracking_number=view.tracking_number,
            shipped_at=view.shipped_at,
            delivered_at=view.delivered_at,
            view=view,
        )


@strawberry.type(description="Money on its way back to the buyer, or there.")
class OrderRefund:
    id: strawberry.ID = strawberry.field(description="Its id.")
    amount: MoneyType = strawberry.field(description="How much.")
    status: RefundStatus = strawberry.field(description="How far it is.")
    created_at: datetime = strawberry.field(description="When it was decided.")
    ended_at: datetime | None = strawberry.field(description="When it was given, or refused.")

    @classmethod
    def of(cls, view: RefundView) -> "OrderRefund":
        return cls(
            id=public_id("refund", view.id),
            amount=money(view.amount_minor, view.currency),
            status=view.status,
            created_at=view.created_at,
            ended_at=view.ended_at,
        )


@strawberry.type(description="Something that keeps the money of an order where it is.")
class OrderHold:
    kind: HoldKind = strawberry.field(description="What it is.")
    opened_at: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, view: HoldView) -> "OrderHold":
        return cls(kind=view.kind, opened_at=view.opened_at)


@strawberry.type(description="Something that happened to an order.")
class OrderEvent:
    id: strawberry.ID = strawberry.field(description="The event; the same event has the same id everywhere.")
    sequence: int = strawberry.field(description="Its place in the order's timeline, counted from 1 without gaps.")
    kind: OrderEventKind = strawberry.field(description="What happened.")
    status: OrderStatus = strawberry.field(description="The order's status after it.")
    actor: TimelineActor = strawberry.field(description="Who made it happen.")
    reason: str | None = strawberry.field(description="Why, where somebody gave a reason for both sides to see.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, view: EventView, order: OrderView) -> "OrderEvent":
        return cls(
            id=public_id("order_event", view.id),
            sequence=view.sequence,
            kind=view.kind,
            status=view.status,
            actor=actor_of(view, order),
            reason=view.details.get("reason") or None,
            at=view.at,
        )


def actor_of(event: EventView, order: OrderView) -> TimelineActor:
    """Who of the shop or of the marketplace it was is nobody else's business."""
    if event.actor == f"user:{order.buyer_id}":
        return TimelineActor.BUYER
    return TimelineActor.STAFF if event.actor.startswith("user:") else TimelineActor(event.actor)
