"""Mutations about checkouts. Success means accepted, not paid: the checkout tells how far it got."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.checkout.deciding import (
    AnswerOrder,
    CancelCheckout,
    ContinueCheckout,
    answer_order,
    cancel_checkout,
    continue_checkout,
)
from domain.checkout.reads import checkout_of_buyer
from domain.checkout.starting import StartCheckout, start_checkout
from domain.orders.reads import orders_by_ids
from domain.shared.errors import NotFound as Missing
from resolvers.cart.types import CartChanged, CartEmpty
from resolvers.checkout.inputs import (
    AcceptOrderInput,
    CancelCheckoutInput,
    CheckoutInput,
    ContinueCheckoutInput,
    DeclineOrderInput,
)
from resolvers.checkout.types import AddressRequired, Checkout, ItemsUnavailable, PaymentUnavailable, QuoteNotFirm
from resolvers.context import Info
from resolvers.orders.types import Order
from resolvers.shared.errors import Busy, IdempotencyConflict, IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The purchase is under way; look at its status.")
class CheckoutSuccess:
    checkout: Checkout = strawberry.field(description="The checkout as it stands.")


CheckoutResult = Annotated[
    CheckoutSuccess
    | CartChanged
    | CartEmpty
    | ItemsUnavailable
    | AddressRequired
    | QuoteNotFirm
    | PaymentUnavailable
    | IdempotencyConflict
    | NotFound
    | Busy
    | InvalidInput,
    strawberry.union("CheckoutResult", description="What became of an attempt to buy."),
]
ContinueCheckoutResult = Annotated[
    CheckoutSuccess | PaymentUnavailable | IllegalTransition | IdempotencyConflict | NotFound | Busy | InvalidInput,
    strawberry.union("ContinueCheckoutResult", description="What became of going on."),
]
CancelCheckoutResult = Annotated[
    CheckoutSuccess | IllegalTransition | NotFound | Busy | InvalidInput,
    strawberry.union("CancelCheckoutResult", description="What became of a cancellation."),
]


@strawberry.type(description="The seller's answer is taken.")
class AnswerOrderSuccess:
    order: Order = strawberry.field(description="The order.")


AcceptOrderResult = Annotated[
    AnswerOrderSuccess | IllegalTransition | IdempotencyConflict | NotFound | Busy | InvalidInput,
    strawberry.union("AcceptOrderResult", description="What became of accepting an order."),
]
DeclineOrderResult = Annotated[
    AnswerOrderSuccess | IllegalTransition | IdempotencyConflict | NotFound | Busy | InvalidInput,
    strawberry.union("DeclineOrderResult", description="What became of declining an order."),
]


@strawberry.type
class CheckoutMutations:
    @mutation(AccessLevel.SIGNED_IN, "Buy the viewer's cart. The same idempotency key is the same purchase.")
    async def checkout(self, info: Info, input: CheckoutInput) -> CheckoutResult:
        checkout_id = await start_checkout(
            parse(StartCheckout, input),
            actor=info.context.actor,
            client=info.context.viewer.client,
            ports=info.context.ports.checkout,
        )
        return await _shown(info, checkout_id)

    @mutation(
        AccessLevel.SIGNED_IN,
        "Go on with a checkout: after authenticating with the bank, or with another payment method.",
    )
    async def continue_checkout(self, info: Info, input: ContinueCheckoutInput) -> ContinueCheckoutResult:
        command = parse(ContinueCheckout, input)
        return await _shown(
            info, await continue_checkout(command, actor=info.context.actor, ports=info.context.ports.checkout)
        )

    @mutation(AccessLevel.SIGNED_IN, "Cancel a checkout before it is paid. The cart has its lines back.")
    async def cancel_checkout(self, info: Info, input: CancelCheckoutInput) -> CancelCheckoutResult:
        command = parse(CancelCheckout, input)
        return await _shown(
            info, await cancel_checkout(command, actor=info.context.actor, ports=info.context.ports.checkout)
        )

    @mutation(AccessLevel.SELLER, "Accept an order by request.")
    async def accept_order(self, info: Info, input: AcceptOrderInput) -> AcceptOrderResult:
        return await _answer(info, parse(AnswerOrder, input, accept=True))

    @mutation(AccessLevel.SELLER, "Decline an order by request.")
    async def decline_order(self, info: Info, input: DeclineOrderInput) -> DeclineOrderResult:
        return await _answer(info, parse(AnswerOrder, input, accept=False))


async def _answer(info: Info, command: AnswerOrder) -> AnswerOrderSuccess:
    await answer_order(command, actor=info.context.actor, ports=info.context.ports.checkout)
    found = await orders_by_ids(info.context.ports.db.primary, [command.order_id])
    return AnswerOrderSuccess(order=Order.of(found[command.order_id], info.context.actor))


async def _shown(info: Info, checkout_id: UUID) -> CheckoutSuccess:
    view = await checkout_of_buyer(info.context.ports.db.primary, checkout_id, info.context.actor.user())
    if view is None:
        raise Missing("checkout")
    return CheckoutSuccess(checkout=Checkout.of(view))
