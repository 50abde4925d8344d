"""Captured: the money goes into escrow, the goods are sold, the orders are paid, all in one transaction."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, update

from domain.checkout.model import CheckoutState
from domain.checkout.purchase import Purchase, move
from domain.inventory.reservations import commit
from domain.ledger.posting import post_all
from domain.ledger.recipes import capture
from domain.orders.model import Order
from domain.orders.payment import mark_paid
from domain.payments.fees import fee_postings
from domain.payments.model import Payment, PaymentAllocation, PaymentStatus
from domain.payments.ports import ProviderPayment
from domain.shared.actor import PROVIDER, SYSTEM
from domain.shared.database import Tx, Write, table
from domain.shared.money import split
from domain.shared.transitions import Party

_allocations = table(PaymentAllocation)


_CAPTURED_WHOLE = Write(
    update(_allocations)
    .where(_allocations.c.payment_id == bindparam("payment_id"))
    .values(authorized_minor=_allocations.c.amount_minor, captured_minor=_allocations.c.amount_minor),
    tuple,
)


async def confirm(tx: Tx, purchase: Purchase, found: ProviderPayment) -> None:
    """Ends the purchase well. Rows are taken in the lock order: orders, payment, balances, reservations, stock."""
    checkout = purchase.checkout
    orders = await mark_paid(tx, checkout.id, actor=PROVIDER)
    await book_capture(tx, purchase, found, orders)
    await commit(tx, checkout_id=checkout.id, actor=SYSTEM.name)
    checkout.ended_at = tx.now
    await move(tx, checkout, CheckoutState.COMPLETED, Party.SYSTEM, PROVIDER)


async def book_capture(tx: Tx, purchase: Purchase, found: ProviderPayment, orders: Sequence[Order]) -> None:
    """What the provider really took, on the payment, on every order's share of it, and in the books."""
    payment = purchase.payment
    shares = await _share_out(tx, payment, found.captured_minor, orders)
    payment.status = PaymentStatus.CAPTURED
    payment.captured_minor = found.captured_minor
    payment.client_secret = None
    payment.updated_at = tx.now
    today, trace = tx.now.date(), purchase.checkout.trace
    postings = [
        capture(
            payment_id=payment.id,
            order_id=order.id,
            amount_minor=share_minor,
            currency=order.currency,
            on=today,
            trace=trace,
        )
        for order, share_minor in zip(orders, shares, strict=True)
        if share_minor
    ]
    await post_all(tx, [*postings, *fee_postings(payment, found.fee, on=today, trace=trace)])


async def _share_out(tx: Tx, payment: Payment, captured_minor: int, orders: Sequence[Order]) -> list[int]:
    """Each order's part of what was taken. This saga takes all of it; somebody else may have taken another amount."""
    if captured_minor == payment.amount_minor:
        tx.defer(_CAPTURED_WHOLE, payment_id=payment.id)
        return [order.total_minor for order in orders]
    shares = split(captured_minor, [order.total_minor for order in orders])
    payment.amount_minor = max(payment.amount_minor, captured_minor)
    for order, share_minor in zip(orders, shares, strict=True):
        most = func.greatest(_allocations.c.amount_minor, share_minor)
        await tx.execute(
            update(_allocations)
            .where(_allocations.c.payment_id == payment.id, _allocations.c.order_id == order.id)
            .values(amount_minor=most, authorized_minor=most, captured_minor=share_minor)
        )
    return shares
