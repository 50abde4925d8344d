"""Mutations about carts. Each answers the cart as it is afterwards, with its warnings."""

from typing import Annotated

import strawberry

from domain.cart.accepting import AcceptCartChanges, accept_cart_changes
from domain.cart.editing import (
    AddToCart,
    ChooseDelivery,
    ClearCart,
    RemoveFromCart,
    SetCartCountry,
    UpdateCartLine,
    add_to_cart,
    choose_delivery,
    clear_cart,
    remove_from_cart,
    set_cart_country,
    update_cart_line,
)
from domain.cart.fulfilment import ChooseFulfilment, choose_fulfilment
from resolvers.cart.inputs import (
    AcceptCartChangesInput,
    AddToCartInput,
    ChooseDeliveryInput,
    ChooseFulfilmentInput,
    ClearCartInput,
    RemoveFromCartInput,
    SetCartCountryInput,
    UpdateCartLineInput,
)
from resolvers.cart.types import CartChange, CartChanged, CartFull, LineFull, NotForSale, changed_cart
from resolvers.context import Info
from resolvers.shared.errors import Busy, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="It is in the cart.")
class AddToCartSuccess(CartChange):
    cart_token: str | None = strawberry.field(
        default=None,
        description="For a guest whose cart was made just now: the only key to it. Keep it, and send it from now on.",
    )


@strawberry.type(description="The quantity is set.")
class UpdateCartLineSuccess(CartChange):
    pass


@strawberry.type(description="The line is out of the cart.")
class RemoveFromCartSuccess(CartChange):
    pass


@strawberry.type(description="The cart is empty.")
class ClearCartSuccess(CartChange):
    pass


@strawberry.type(description="The delivery is chosen.")
class ChooseDeliverySuccess(CartChange):
    pass


@strawberry.type(description="The way is chosen.")
class ChooseFulfilmentSuccess(CartChange):
    pass


@strawberry.type(description="The country is set.")
class SetCartCountrySuccess(CartChange):
    pass


@strawberry.type(description="Today's prices and quantities are taken as seen.")
class AcceptCartChangesSuccess(CartChange):
    pass


AddToCartResult = Annotated[
    AddToCartSuccess | NotForSale | CartFull | LineFull | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("AddToCartResult", description="What became of putting something in."),
]
UpdateCartLineResult = Annotated[
    UpdateCartLineSuccess | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("UpdateCartLineResult", description="What became of a new quantity."),
]
RemoveFromCartResult = Annotated[
    RemoveFromCartSuccess | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("RemoveFromCartResult", description="What became of taking a line out."),
]
ClearCartResult = Annotated[
    ClearCartSuccess | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("ClearCartResult", description="What became of emptying a cart."),
]
ChooseDeliveryResult = Annotated[
    ChooseDeliverySuccess | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("ChooseDeliveryResult", description="What became of choosing a delivery."),
]
ChooseFulfilmentResult = Annotated[
    ChooseFulfilmentSuccess | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("ChooseFulfilmentResult", description="What became of choosing how lines reach the buyer."),
]
SetCartCountryResult = Annotated[
    SetCartCountrySuccess | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("SetCartCountryResult", description="What became of setting the country."),
]
AcceptCartChangesResult = Annotated[
    AcceptCartChangesSuccess | CartChanged | NotFound | Busy | InvalidInput,
    strawberry.union("AcceptCartChangesResult", description="What became of accepting the changes."),
]


@strawberry.type
class CartMutations:
    @mutation(AccessLevel.PUBLIC, "Put something into the cart; a guest without one gets one.")
    async def add_to_cart(self, info: Info, input: AddToCartInput) -> AddToCartResult:
        context = info.context
        added = await add_to_cart(parse(AddToCart, input), actor=context.actor, db=context.ports.db)
        return AddToCartSuccess(cart=await changed_cart(added.cart_id, context), cart_token=added.token)

    @mutation(AccessLevel.PUBLIC, "Set the quantity of a line.")
    async def update_cart_line(self, info: Info, input: UpdateCartLineInput) -> UpdateCartLineResult:
        context = info.context
        cart_id = await update_cart_line(parse(UpdateCartLine, input), actor=context.actor, db=context.ports.db)
        return await UpdateCartLineSuccess.of(cart_id, context)

    @mutation(AccessLevel.PUBLIC, "Take a line out of the cart.")
    async def remove_from_cart(self, info: Info, input: RemoveFromCartInput) -> RemoveFromCartResult:
        context = info.context
        cart_id = await remove_from_cart(parse(RemoveFromCart, input), actor=context.actor, db=context.ports.db)
        return await RemoveFromCartSuccess.of(cart_id, context)

    @mutation(AccessLevel.PUBLIC, "Take everything out of the cart.")
    async def clear_cart(self, info: Info, input: ClearCartInput) -> ClearCartResult:
        context = info.context
        cart_id = await clear_cart(parse(ClearCart, input), actor=context.actor, db=context.ports.db)
        return await ClearCartSuccess.of(cart_id, context)

    @mutation(AccessLevel.PUBLIC, "Choose how one seller's part is sent.")
    async def choose_delivery(self, info: Info, input: ChooseDeliveryInput) -> ChooseDeliveryResult:
        context = info.context
        cart_id = await choose_delivery(parse(ChooseDelivery, input), actor=context.actor, db=context.ports.db)
        return await ChooseDeliverySuccess.of(cart_id, context)

    @mutation(AccessLevel.PUBLIC, "Choose whether lines are sent or fetched, where their listings leave the choice.")
    async def choose_fulfilment(self, info: Info, input: ChooseFulfilmentInput) -> ChooseFulfilmentResult:
        context = info.context
        cart_id = await choose_fulfilment(parse(ChooseFulfilment, input), actor=context.actor, db=context.ports.db)
        return await ChooseFulfilmentSuccess.of(cart_id, context)

    @mutation(AccessLevel.PUBLIC, "Say where the cart would be sent: delivery and tax depend on it.")
    async def set_cart_country(self, info: Info, input: SetCartCountryInput) -> SetCartCountryResult:
        context = info.context
        cart_id = await set_cart_country(parse(SetCartCountry, input), actor=context.actor, db=context.ports.db)
        return await SetCartCountrySuccess.of(cart_id, context)

    @mutation(AccessLevel.PUBLIC, "Take the cart's present prices and quantities as seen, so that its warnings go.")
    async def accept_cart_changes(self, info: Info, input: AcceptCartChangesInput) -> AcceptCartChangesResult:
        context = info.context
        command = parse(AcceptCartChanges, input)
        cart_id = await accept_cart_changes(command, actor=context.actor, ports=context.ports.carts)
        return await AcceptCartChangesSuccess.of(cart_id, context)
