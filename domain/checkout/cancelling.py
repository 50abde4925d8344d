"""Cancelling: the stock is free and the cart has its lines back at once; the provider's intent is let go afterwards.

Invariant: from CANCELLING nothing is ever captured. If the provider has captured all the same (somebody did it by hand
over there), the money goes into the books and straight back, whatever the amount.
"""

from domain.cart.consuming import give_back
from domain.checkout.confirming import book_capture
from domain.checkout.lines import cart_lines
from domain.checkout.model import CheckoutState
from domain.checkout.purchase import Purchase, move
from domain.inventory.model import ReservationStatus
from domain.inventory.reservations import release
from domain.orders.model import CancelledBy, Order
from domain.orders.payment import cancel_unpaid
from domain.payments.model import Payment, PaymentStatus
from domain.payments.ports import ProviderPayment
from domain.payments.refunding import request_full_refund
from domain.risk.cases import close_cases
from domain.risk.model import CaseStatus
from domain.shared.actor import SYSTEM, Actor
from domain.shared.database import Tx
from domain.shared.transitions import Party


async def begin_cancelling(
    tx: Tx,
    purchase: Purchase,
    outcome: CheckoutState,
    *,
    code: str,
    by: CancelledBy,
    actor: Actor,
    party: Party = Party.SYSTEM,
    reason: str = "",
) -> None:
    """To CANCELLING, and later to `outcome`. `code` is the stable word for the buyer's client."""
    checkout = purchase.checkout
    expired = outcome is CheckoutState.EXPIRED
    checkout.outcome = outcome
    checkout.failure_code = code
    checkout.expires_at = None
    await move(tx, checkout, CheckoutState.CANCELLING, party, actor, code)
    if checkout.cart_id is not None:
        await give_back(tx, cart_id=checkout.cart_id, lines=cart_lines(checkout))
    await cancel_unpaid(tx, checkout.id, by=by, reason=reason or code, actor=actor)
    await close_cases(tx, checkout_id=checkout.id, status=CaseStatus.REJECTED, by=actor.user_id, note=code)
    await release(
        tx,
        checkout_id=checkout.id,
        status=ReservationStatus.EXPIRED if expired else ReservationStatus.RELEASED,
        reason=code,
        actor=actor.name,
    )


async def end_cancelled(tx: Tx, purchase: Purchase) -> None:
    """The provider holds nothing of ours any more."""
    checkout = purchase.checkout
    assert checkout.outcome is not None, "begin_cancelling wrote it"
    if purchase.payment.status is not PaymentStatus.CAPTURED:
        purchase.payment.status = PaymentStatus.CANCELLED
    purchase.payment.client_secret = None
    checkout.ended_at = tx.now
    await move(tx, checkout, checkout.outcome, Party.SYSTEM, SYSTEM)


async def refund_stray_capture(tx: Tx, purchase: Purchase, found: ProviderPayment) -> None:
    """Captured behind our back: book it, ask for it to be given back, and end as intended."""
    orders = await tx.lock(Order, [purchase.checkout.id], by="checkout_id")
    await tx.lock(Payment, [purchase.payment.id])
    await book_capture(tx, purchase, found, orders)
    for order in orders:
        await request_full_refund(tx, order_id=order.id, cause="captured_while_cancelling")
    await end_cancelled(tx, purchase)
