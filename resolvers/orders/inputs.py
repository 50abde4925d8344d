"""Inputs about orders."""

from typing import Final

import strawberry

from resolvers.orders.enums import OrderRole

ORDER: Final = "The order."
KEY: Final = "Your own word for this attempt, 8 to 100 characters, as a UUID. The same key is done once."


@strawberry.input(description="A paid order to cancel: all of it, or of a late one what has not left.")
class CancelOrderInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    reason: str = strawberry.field(default="", description="Why, at most 500 characters; both sides see it.")
    acting_as: OrderRole | None = strawberry.field(
        default=strawberry.UNSET,
        description="For who is two of buyer, seller and administrator; by default the first of them in that order.",
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Units of a line.")
class ShippedLineInput:
    order_line_id: strawberry.ID = strawberry.field(description="A line of the order.")
    quantity: int = strawberry.field(description="How many of its units are in the parcel.")


@strawberry.input(description="A parcel that leaves.")
class ShipOrderInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    lines: list[ShippedLineInput] = strawberry.field(
        default_factory=list, description="What is in it; left out, everything that has not left yet."
    )
    carrier: str = strawberry.field(default="", description="Who brings it; may be left out without a number.")
    tracking_number: str = strawberry.field(default="", description="The carrier's number; empty: not tracked.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An order that waits for its buyer.")
class MarkReadyForPickupInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    note: str = strawberry.field(default="", description="When and how to fetch it, at most 500 characters.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An order that is no parcel, and was picked up, downloaded or done.")
class HandOverOrderInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    pickup_code: str = strawberry.field(
        default="", description="For what is fetched: the code that the buyer shows. Case and dashes do not matter."
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An order that its buyer has and is content with.")
class ConfirmDeliveryInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An order whose money has to stay where it is.")
class OpenHoldInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    reason: str = strawberry.field(description="Why, 1 to 500 characters; both sides see it.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An order whose money may move again.")
class CloseHoldInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An order whose refund failed.")
class RetryRefundInput:
    order_id: strawberry.ID = strawberry.field(description=ORDER)
    idempotency_key: str = strawberry.field(description=KEY)
