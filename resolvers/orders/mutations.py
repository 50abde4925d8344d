"""Mutations about orders: one per step that somebody may make."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.orders.cancellation import CancelOrder, cancel_order
from domain.orders.delivery import ConfirmDelivery, HandOverOrder, confirm_delivery, hand_over
from domain.orders.holds import CloseHold, OpenHold, close_hold, open_hold
from domain.orders.pickup import MarkReadyForPickup, mark_ready
from domain.orders.reads import orders_by_ids
from domain.orders.refunds import RetryRefund, retry_refund
from domain.orders.shipping import ShipOrder, ship_order
from resolvers.context import Info
from resolvers.orders.failures import NothingHeld, OrderOnHold, OrderPartlyShipped, WrongFulfilment, WrongPickupCode
from resolvers.orders.inputs import (
    CancelOrderInput,
    CloseHoldInput,
    ConfirmDeliveryInput,
    HandOverOrderInput,
    MarkReadyForPickupInput,
    OpenHoldInput,
    RetryRefundInput,
    ShipOrderInput,
)
from resolvers.orders.types import Order
from resolvers.shared.errors import Busy, IdempotencyConflict, IllegalTransition, InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id


@strawberry.type(description="What had not left is cancelled; its money is on the way back.")
class CancelOrderSuccess:
    order: Order = strawberry.field(description="As it is now.")


@strawberry.type(description="The parcel is written down.")
class ShipOrderSuccess:
    order: Order = strawberry.field(description="As it is now: SHIPPED when nothing is left to be sent.")
    shipment_id: strawberry.ID = strawberry.field(description="The parcel.")


@strawberry.type(description="The buyer is told that it can be fetched.")
class MarkReadyForPickupSuccess:
    order: Order = strawberry.field(description="As it is now.")


@strawberry.type(description="The order counts as delivered.")
class HandOverOrderSuccess:
    order: Order = strawberry.field(description="As it is now.")


@strawberry.type(description="The order is over and the seller is paid.")
class ConfirmDeliverySuccess:
    order: Order = strawberry.field(description="As it is now.")


@strawberry.type(description="The order's money stays where it is.")
class OpenHoldSuccess:
    order: Order = strawberry.field(description="As it is now.")


@strawberry.type(description="The holds of the marketplace and of chargebacks are lifted; others may stand.")
class CloseHoldSuccess:
    order: Order = strawberry.field(description="As it is now.")


@strawberry.type(description="Whatever is left of the order's money is on its way back to the buyer.")
class RetryRefundSuccess:
    order: Order = strawberry.field(description="As it is now.")


CancelOrderResult = Annotated[
    CancelOrderSuccess
    | NotFound
    | NotPermitted
    | IllegalTransition
    | OrderPartlyShipped
    | OrderOnHold
    | IdempotencyConflict
    | Busy
    | InvalidInput,
    strawberry.union("CancelOrderResult", description="What became of a cancellation."),
]
ShipOrderResult = Annotated[
    ShipOrderSuccess | NotFound | IllegalTransition | WrongFulfilment | IdempotencyConflict | Busy | InvalidInput,
    strawberry.union("ShipOrderResult", description="What became of a parcel."),
]
MarkReadyForPickupResult = Annotated[
    MarkReadyForPickupSuccess
    | NotFound
    | IllegalTransition
    | WrongFulfilment
    | IdempotencyConflict
    | Busy
    | InvalidInput,
    strawberry.union("MarkReadyForPickupResult", description="What became of telling the buyer."),
]
HandOverOrderResult = Annotated[
    HandOverOrderSuccess
    | NotFound
    | IllegalTransition
    | WrongFulfilment
    | WrongPickupCode
    | IdempotencyConflict
    | Busy
    | InvalidInput,
    strawberry.union("HandOverOrderResult", description="What became of a hand-over."),
]
ConfirmDeliveryResult = Annotated[
    ConfirmDeliverySuccess | NotFound | IllegalTransition | OrderOnHold | IdempotencyConflict | Busy | InvalidInput,
    strawberry.union("ConfirmDeliveryResult", description="What became of a confirmation."),
]
OpenHoldResult = Annotated[
    OpenHoldSuccess | NotFound | NothingHeld | IdempotencyConflict | Busy | InvalidInput,
    strawberry.union("OpenHoldResult", description="What became of a hold."),
]
CloseHoldResult = Annotated[
    CloseHoldSuccess | NotFound | IdempotencyConflict | Busy | InvalidInput,
    strawberry.union("CloseHoldResult", description="What became of lifting a hold."),
]
RetryRefundResult = Annotated[
    RetryRefundSuccess | NotFound | IllegalTransition | NothingHeld | IdempotencyConflict | Busy | InvalidInput,
    strawberry.union("RetryRefundResult", description="What became of asking for a refund again."),
]


@strawberry.type
class OrderMutations:
    @mutation(
        AccessLevel.SIGNED_IN,
        "Cancel a paid order before any of it has left: the buyer gets everything back. After a part has left, the "
        "rest can be cancelled from three days after `shipByAt` on: the buyer gets back what the rest cost, and the "
        "order goes on as SHIPPED. What is 14 days late is cancelled like this by itself.",
    )
    async def cancel_order(self, info: Info, input: CancelOrderInput) -> CancelOrderResult:
        context = info.context
        id_ = await cancel_order(parse(CancelOrder, input), actor=context.actor, db=context.ports.db)
        return CancelOrderSuccess(order=await _shown(info, id_))

    @mutation(AccessLevel.SIGNED_IN, "The buyer has the order and is content: the seller is paid at once.")
    async def confirm_delivery(self, info: Info, input: ConfirmDeliveryInput) -> ConfirmDeliveryResult:
        context = info.context
        id_ = await confirm_delivery(parse(ConfirmDelivery, input), actor=context.actor, db=context.ports.db)
        return ConfirmDeliverySuccess(order=await _shown(info, id_))


@strawberry.type
class SellerOrderMutations:
    @mutation(AccessLevel.SELLER, "A parcel leaves, with all of an order or with a part.")
    async def ship_order(self, info: Info, input: ShipOrderInput) -> ShipOrderResult:
        context, command = info.context, parse(ShipOrder, input)
        shipment_id = await ship_order(command, actor=context.actor, db=context.ports.db)
        return ShipOrderSuccess(
            order=await _shown(info, command.order_id), shipment_id=public_id("shipment", shipment_id)
        )

    @mutation(AccessLevel.SELLER, "A paid order can be fetched; its buyer sees the note.")
    async def mark_ready_for_pickup(self, info: Info, input: MarkReadyForPickupInput) -> MarkReadyForPickupResult:
        context = info.context
        id_ = await mark_ready(parse(MarkReadyForPickup, input), actor=context.actor, db=context.ports.db)
        return MarkReadyForPickupSuccess(order=await _shown(info, id_))

    @mutation(AccessLevel.SELLER, "An order that is no parcel was picked up, downloaded or done on site.")
    async def hand_over_order(self, info: Info, input: HandOverOrderInput) -> HandOverOrderResult:
        context = info.context
        id_ = await hand_over(parse(HandOverOrder, input), actor=context.actor, db=context.ports.db)
        return HandOverOrderSuccess(order=await _shown(info, id_))


@strawberry.type
class AdminOrderMutations:
    @mutation(AccessLevel.ADMIN, "Keep an order's money where it is: it is neither released nor given back.")
    async def open_hold(self, info: Info, input: OpenHoldInput) -> OpenHoldResult:
        context = info.context
        id_ = await open_hold(parse(OpenHold, input), actor=context.actor, db=context.ports.db)
        return OpenHoldSuccess(order=await _shown(info, id_))

    @mutation(
        AccessLevel.ADMIN,
        "Lift the marketplace's own holds on an order, and those of chargebacks (a won one is lifted by itself): once "
        "nothing else holds the order, its money can go on.",
    )
    async def close_hold(self, info: Info, input: CloseHoldInput) -> CloseHoldResult:
        context = info.context
        id_ = await close_hold(parse(CloseHold, input), actor=context.actor, db=context.ports.db)
        return CloseHoldSuccess(order=await _shown(info, id_))

    @mutation(AccessLevel.ADMIN, "Ask again for the refund of an order, after one failed.")
    async def retry_refund(self, info: Info, input: RetryRefundInput) -> RetryRefundResult:
        context = info.context
        id_ = await retry_refund(parse(RetryRefund, input), actor=context.actor, db=context.ports.db)
        return RetryRefundSuccess(order=await _shown(info, id_))


async def _shown(info: Info, order_id: UUID) -> Order:
    """The order after the change, from the primary: a replica may not have it yet."""
    found = await orders_by_ids(info.context.ports.db.primary, [order_id])
    return Order.of(found[order_id], info.context.actor)
