"""The one order of the schema, for its buyer, its seller and administrators.

Invariant: an `Order` is made only from a view that a read for this viewer has found, or a use case has let them
change; what one side may not see is null for it.
"""

from datetime import datetime

import strawberry

from domain.catalog.model import Fulfilment
from domain.orders.contents import (
    address_by_orders,
    amounts_by_orders,
    holds_by_orders,
    lines_by_orders,
    refunds_by_orders,
    shipments_by_orders,
)
from domain.orders.model import ORDER_TRANSITIONS, CancelledBy, EscrowState, OrderStatus
from domain.orders.pickup import pickups_by_orders
from domain.orders.reads import OrderView
from domain.orders.timeline_reads import events_by_spans, span_of, timeline_keyset, timeline_page
from domain.sellers.reads import shops_by_ids
from domain.shared.actor import Actor
from domain.shared.transitions import Party
from resolvers.context import Info
from resolvers.orders.parts import FEW, OrderAddress, OrderEvent, OrderHold, OrderLine, OrderRefund, Shipment
from resolvers.orders.pickup import OrderPickup
from resolvers.sellers.types import Shop
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import paged
from resolvers.shared.scalars import MoneyType, Node, money, public_id


@strawberry.type(description="One seller's part of a purchase.")
class Order(Node):
    number: str = strawberry.field(description="The number for people, as `7K3M9Q2XTB`; it has a check digit.")
    status: OrderStatus = strawberry.field(description="How far its fulfilment is.")
    fulfilment: Fulfilment = strawberry.field(description="How the buyer gets it.")
    items: MoneyType = strawberry.field(description="The goods, tax and all.")
    shipping: MoneyType = strawberry.field(description="Sending them, tax and all.")
    tax: MoneyType = strawberry.field(description="All tax in it.")
    total: MoneyType = strawberry.field(description="What the buyer pays.")
    escrow: EscrowState = strawberry.field(description="Where the money is.")
    on_hold: bool = strawberry.field(
        description="Somebody quarrels about it, or a refund is not through: no money goes to the seller."
    )
    buyer_name: str = strawberry.field(description="What the buyer is called.")
    cancelled_by: CancelledBy | None = strawberry.field(description="Who or what ended it, when CANCELLED.")
    cancel_reason: str | None = strawberry.field(description="Why, in the words of whoever cancelled.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    seller_deadline_at: datetime | None = strawberry.field(description="Until when the seller may accept.")
    paid_at: datetime | None = strawberry.field(description="When it was paid.")
    ship_by_at: datetime | None = strawberry.field(
        description="By when the seller has to send it, or the buyer to fetch it once it is ready."
    )
    late_at: datetime | None = strawberry.field(
        description="Since when it is known to be late, as it was not sent by `shipByAt`; null while it is in time."
    )
    shipped_at: datetime | None = strawberry.field(description="When the last parcel left.")
    estimated_delivery_at: datetime | None = strawberry.field(description="When it should arrive at the latest.")
    delivered_at: datetime | None = strawberry.field(description="When it was delivered or handed over.")
    release_due_at: datetime | None = strawberry.field(
        description="When it completes by itself and the seller is paid, unless somebody complains before."
    )
    completed_at: datetime | None = strawberry.field(description="When it was over.")
    cancelled_at: datetime | None = strawberry.field(description="When it was cancelled.")
    last_event: int = strawberry.field(description="Sequence of its last event: pass it as `after`.")
    commission: MoneyType | None = strawberry.field(
        description="The marketplace's share of the whole, frozen at sale; null for the buyer."
    )
    view: strawberry.Private[OrderView]
    parties: strawberry.Private[tuple[Party, ...]]

    @strawberry.field(
        description=(
            "What the viewer may do to it now: `ACCEPT`, `DECLINE`, `SHIP`, `HAND_OVER`, `CANCEL`, `CONFIRM_DELIVERY`."
        )
    )
    def allowed_actions(self, info: Info) -> list[str]:
        return actions_of(self.view, self.parties, info.context.ports.clock.now())

    @strawberry.field(description="Who sells it.")
    async def shop(self, info: Info) -> Shop:
        found = await info.context.loaders.load(shops_by_ids, self.view.seller_id)
        assert found is not None
        return Shop.of(found)

    @strawberry.field(description="What was bought, and what sending it costs.", directives=[FEW])
    async def lines(self, info: Info) -> list[OrderLine]:
        found = await info.context.loaders.load(lines_by_orders, self.view.id)
        return [OrderLine.of(each, self.view.currency, for_seller=self._sees_commission) for each in found or ()]

    @strawberry.field(description="What was taken from the buyer.")
    async def paid(self, info: Info) -> MoneyType:
        found = await info.context.loaders.load(amounts_by_orders, self.view.id)
        return money(found.paid_minor if found else 0, self.view.currency)

    @strawberry.field(description="What went back to the buyer.")
    async def refunded(self, info: Info) -> MoneyType:
        found = await info.context.loaders.load(amounts_by_orders, self.view.id)
        return money(found.refunded_minor if found else 0, self.view.currency)

    @strawberry.field(description="What could still go back; what is on its way is not counted.")
    async def refundable(self, info: Info) -> MoneyType:
        found = await info.context.loaders.load(amounts_by_orders, self.view.id)
        return money(found.refundable_minor if found else 0, self.view.currency)

    @strawberry.field(
        description="Where it goes; null where nothing is sent, and for the seller until the money is certain."
    )
    async def address(self, info: Info) -> OrderAddress | None:
        if self.parties == (Party.SELLER,) and self.view.paid_at is None:
            return None
        found = await info.context.loaders.load(address_by_orders, self.view.id)
        return OrderAddress.of(found) if found is not None else None

    @strawberry.field(description="Where and how it is fetched; null for other orders.")
    async def pickup(self, info: Info) -> OrderPickup | None:
        if self.view.fulfilment is not Fulfilment.PICKUP:
            return None
        found = await info.context.loaders.load(pickups_by_orders, self.view.id)
        if found is None:
            return None
        return OrderPickup.of(found, paid=self.view.paid_at is not None, for_buyer=Party.BUYER in self.parties)

    @strawberry.field(description="Its parcels.", directives=[FEW])
    async def shipments(self, info: Info) -> list[Shipment]:
        found = await info.context.loaders.load(shipments_by_orders, self.view.id)
        return [Shipment.of(each) for each in found or ()]

    @strawberry.field(description="Its refunds.", directives=[FEW])
    async def refunds(self, info: Info) -> list[OrderRefund]:
        found = await info.context.loaders.load(refunds_by_orders, self.view.id)
        return [OrderRefund.of(each) for each in found or ()]

    @strawberry.field(description="What keeps its money where it is, while it does.", directives=[FEW])
    async def holds(self, info: Info) -> list[OrderHold]:
        if not self.view.on_hold:
            return []
        found = await info.context.loaders.load(holds_by_orders, self.view.id)
        return [OrderHold.of(each) for each in found or ()]

    @strawberry.field(description="Everything that happened to it, oldest first.", directives=[paged(20)])
    async def timeline(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[OrderEvent]:
        order = self.view
        request = timeline_keyset(order.id).request(first, after, last, before)
        span = span_of(order.id, order.event_sequence, request)
        page = timeline_page(span, request, await info.context.loaders.load(events_by_spans, span) or ())
        return connection(page, lambda event: OrderEvent.of(event, order), self._count_events)

    async def _count_events(self) -> int:
        """The sequence is counted without gaps."""
        return self.view.event_sequence

    @property
    def _sees_commission(self) -> bool:
        return Party.SELLER in self.parties or Party.ADMIN in self.parties

    @classmethod
    def of(cls, view: OrderView, actor: Actor) -> "Order":
        currency, parties = view.currency, view.parties(actor)
        inside = Party.SELLER in parties or Party.ADMIN in parties
        return cls(
            id=public_id("order", view.id),
            number=view.number,
            status=view.status,
            fulfilment=view.fulfilment,
            items=money(view.items_minor, currency),
            shipping=money(view.shipping_minor, currency),
            tax=money(view.tax_minor, currency),
            total=money(view.total_minor, currency),
            escrow=view.escrow,
            on_hold=view.on_hold,
            buyer_name=view.buyer_name,
            cancelled_by=view.cancelled_by,
            cancel_reason=view.cancel_reason or None,
            placed_at=view.placed_at,
            seller_deadline_at=view.seller_deadline_at,
            paid_at=view.paid_at,
            ship_by_at=view.ship_by_at,
            late_at=view.late_at,
            shipped_at=view.shipped_at,
            estimated_delivery_at=view.estimated_delivery_at,
            delivered_at=view.delivered_at,
            release_due_at=view.release_due_at,
            completed_at=view.completed_at,
            cancelled_at=view.cancelled_at,
            last_event=view.event_sequence,
            commission=money(view.commission_minor, currency) if inside else None,
            view=view,
            parties=parties,
        )


def actions_of(view: OrderView, parties: tuple[Party, ...], now: datetime) -> list[str]:
    """Of all roles that the viewer has, in the order of the table, each once."""
    may = {action for party in parties for action in view.actions(party, now)}
    return [action for action in dict.fromkeys(step.action for step in ORDER_TRANSITIONS.steps) if action in may]
