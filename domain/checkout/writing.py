"""The rows of a new purchase: made in memory first, so that each is written once and whole."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.cart.consuming import CartLineSnapshot
from domain.checkout.events import CheckoutMoved
from domain.checkout.lines import stored_lines
from domain.checkout.model import Checkout, CheckoutEvent, CheckoutState
from domain.orders.placement import Recipient, place_order
from domain.payments.model import Payment, PaymentAllocation
from domain.pricing.freezing import freeze
from domain.pricing.quote import Quote
from domain.sellers.ports import PROVIDER_NAME
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.ids import new_id


def new_checkout(
    quote: Quote,
    lines: Sequence[CartLineSnapshot],
    *,
    checkout_id: UUID,
    cart_id: UUID,
    actor: Actor,
    now: datetime,
    expires_at: datetime,
) -> Checkout:
    return Checkout(
        id=checkout_id,
        buyer_id=actor.user(),
        cart_id=cart_id,
        state=CheckoutState.AUTHORIZING,
        currency=quote.currency,
        total_minor=quote.total_minor,
        quote=freeze(quote),
        lines=stored_lines(lines),
        event_sequence=1,
        expires_at=expires_at,
        trace=actor.trace,
        created_at=now,
        updated_at=now,
    )


def new_payment(checkout: Checkout, method: str | None, now: datetime) -> Payment:
    """For all of the checkout; `method` is the provider's token, or None when the buyer has yet to give one."""
    return Payment(
        id=new_id(),
        checkout_id=checkout.id,
        provider=PROVIDER_NAME,
        currency=checkout.currency,
        amount_minor=checkout.total_minor,
        payment_method=method,
        created_at=now,
        updated_at=now,
    )


async def write_purchase(
    tx: Tx, checkout: Checkout, payment: Payment, quote: Quote, *, recipient: Recipient | None, actor: Actor
) -> None:
    """The checkout with its first event, an order per part of the quote, the payment and each order's share of it."""
    tx.append(
        checkout,
        CheckoutEvent(
            id=new_id(),
            checkout_id=checkout.id,
            sequence=checkout.event_sequence,
            state=checkout.state,
            reason="started",
            actor=actor.name,
            at=tx.now,
        ),
        payment,
    )
    tx.record(CheckoutMoved(at=tx.now, checkout_id=checkout.id, state=checkout.state.value, trace=checkout.trace))
    orders = [
        await place_order(
            tx,
            order_id=new_id(),
            checkout_id=checkout.id,
            buyer_id=checkout.buyer_id,
            quote=part,
            address=recipient,
            actor=actor,
        )
        for part in quote.sellers
    ]
    tx.append(
        *(
            PaymentAllocation(payment_id=payment.id, order_id=order.id, amount_minor=order.total_minor)
            for order in orders
        )
    )
