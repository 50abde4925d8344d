"""Inputs about carts."""

import strawberry

import resolvers.catalog.enums  # noqa: F401  # describes the enums used here
from domain.catalog.model import Fulfilment
from resolvers.shared.scalars import MinorUnits

TOKEN = "Of a guest's cart, as `addToCart` gave it; whoever is signed in needs none."  # noqa: S105  # a description
VERSION = "Nothing is done unless the cart is at this version; left out, it is changed whatever it is."


@strawberry.input(description="Something to put into the cart.")
class AddToCartInput:
    variant_id: strawberry.ID = strawberry.field(description="Which variant of which listing.")
    quantity: int = strawberry.field(default=1, description="How many more, 1 to 99.")
    fulfilment: Fulfilment | None = strawberry.field(
        default=strawberry.UNSET,
        description="One of the listing's `fulfilments`; left out: the line's own, or the first.",
    )
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="A new quantity.")
class UpdateCartLineInput:
    line_id: strawberry.ID = strawberry.field(description="A line of the cart.")
    quantity: int = strawberry.field(description="How many from now on, 1 to 99.")
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="A line to take out.")
class RemoveFromCartInput:
    line_id: strawberry.ID = strawberry.field(description="A line of the cart; one that is gone already is no fault.")
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="A cart to empty.")
class ClearCartInput:
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="How one seller's part is to be sent.")
class ChooseDeliveryInput:
    seller_id: strawberry.ID = strawberry.field(description="A seller with something in the cart.")
    shipping_rate_id: strawberry.ID = strawberry.field(description="One of the group's `deliveryOptions`.")
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="How lines are to reach the buyer.")
class ChooseFulfilmentInput:
    line_ids: list[strawberry.ID] = strawberry.field(description="Lines of the cart: one, or all of a group.")
    fulfilment: Fulfilment = strawberry.field(description="One of the `fulfilments` of each of the lines.")
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="Where the cart would be sent.")
class SetCartCountryInput:
    country: str = strawberry.field(description="ISO 3166-1 alpha-2, as `DE`.")
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="The cart as the buyer saw it and takes it.")
class AcceptCartChangesInput:
    expected_total_minor: MinorUnits = strawberry.field(
        description="The total that was shown, 0 when there was none; were it higher now, nothing is accepted."
    )
    cart_token: str | None = strawberry.field(default=strawberry.UNSET, description=TOKEN)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)
