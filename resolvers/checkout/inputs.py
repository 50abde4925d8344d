"""Inputs about checkouts."""

from typing import Final

import strawberry

from resolvers.shared.scalars import MinorUnits

KEY: Final = (
    "Made by the client once for this decision, 8 to 100 characters: sent again it has no effect and the same answer."
)


@strawberry.input(description="Buy the viewer's cart as they saw it.")
class CheckoutInput:
    idempotency_key: str = strawberry.field(
        description="Made by the client once per purchase, 8 to 100 characters: a repetition finds the same checkout."
    )
    cart_version: int = strawberry.field(description="The cart's `version` that the buyer saw.")
    expected_total_minor: MinorUnits = strawberry.field(
        description="The total that the buyer saw. A higher one is not charged but answered by CartChanged."
    )
    address_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where the buyer is. Parcels need it; what is fetched or digital needs it where the cart has no"
        " `country` and the shops' own country does not decide.",
    )
    payment_method: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The provider's token for a payment method, never a card number. Without one, it is asked for.",
    )


@strawberry.input(description="Go on with a checkout that waits for its buyer.")
class ContinueCheckoutInput:
    checkout_id: strawberry.ID = strawberry.field(description="The checkout.")
    idempotency_key: str = strawberry.field(description=KEY)
    payment_method: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Another payment method to try. Leave it out after authenticating with the bank.",
    )


@strawberry.input(description="Cancel a checkout before it is paid.")
class CancelCheckoutInput:
    checkout_id: strawberry.ID = strawberry.field(description="The checkout.")


@strawberry.input(description="Accept an order by request: the buyer is charged.")
class AcceptOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Decline an order by request: nothing is taken.")
class DeclineOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    idempotency_key: str = strawberry.field(description=KEY)
    reason: str = strawberry.field(default="", description="What to tell the buyer, at most 500 characters.")
