"""Authorized: is it to be captured now, looked at first, answered by the seller first, or refused?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, func, select, update

from domain.cart.model import Cart
from domain.catalog.model import SaleMode
from domain.checkout.cancelling import begin_cancelling
from domain.checkout.lines import reserved_lines
from domain.checkout.model import Checkout, CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.purchase import Purchase, move
from domain.inventory.reservations import extend, holds_everything, make_permanent
from domain.orders.model import CancelledBy, Order
from domain.orders.payment import await_seller
from domain.payments.model import PaymentAllocation
from domain.pricing.freezing import thaw
from domain.risk.assessing import RiskFacts, assess, record_assessment
from domain.risk.model import Verdict
from domain.shared.actor import SYSTEM, Actor
from domain.shared.database import Query, Tx, Write, table
from domain.shared.policy import Policy
from domain.shared.transitions import Party
from domain.users.model import ClientSignal, User

FAILURE_WINDOW: Final = timedelta(hours=1)
DEVICE_WINDOW: Final = timedelta(days=1)

_checkouts, _users, _signals = table(Checkout), table(User), table(ClientSignal)
_allocations = table(PaymentAllocation)
_mine = _signals.alias("mine")


@dataclass(frozen=True, slots=True)
class _Counts:
    registered_at: datetime
    failed_checkouts: int
    buyers_on_device: int


_COUNTS = Query(
    select(
        _users.c.created_at,
        select(func.count())
        .select_from(_checkouts)
        .where(
            _checkouts.c.buyer_id == bindparam("buyer_id"),
            _checkouts.c.state == CheckoutState.FAILED.value,
            _checkouts.c.ended_at > bindparam("failed_since"),
        )
        .scalar_subquery(),
        select(func.count(func.distinct(_signals.c.user_id)))
        .select_from(_signals.join(_mine, _mine.c.device_id == _signals.c.device_id))
        .where(
            _mine.c.cause_id == bindparam("checkout_id"),
            _mine.c.device_id != "",
            _signals.c.at > bindparam("device_since"),
        )
        .scalar_subquery(),
    ).where(_users.c.id == bindparam("buyer_id")),
    _Counts,
)


_AUTHORIZED = Write(
    update(_allocations)
    .where(_allocations.c.payment_id == bindparam("payment_id"))
    .values(authorized_minor=_allocations.c.amount_minor),
    tuple,
)


async def assess_purchase(tx: Tx, purchase: Purchase, ports: CheckoutPorts) -> None:
    """The payment is authorized: writes that down, asks the risk rules, and moves on accordingly."""
    checkout = purchase.checkout
    tx.defer(_AUTHORIZED, payment_id=purchase.payment.id)
    assessment = assess(await _facts(tx, checkout), review_amount_minor=ports.policy.review_amount_minor)
    await record_assessment(tx, checkout_id=checkout.id, assessment=assessment)
    if assessment.verdict is Verdict.DENY:
        await begin_cancelling(
            tx, purchase, CheckoutState.FAILED, code="risk_denied", by=CancelledBy.FRAUD, actor=SYSTEM
        )
    elif assessment.verdict is Verdict.REVIEW:
        await _wait(tx, purchase, ports.policy, ports.policy.review_seconds)
        # The buyer reads the checkout's events: which rule it was stands in the assessment alone.
        await move(tx, checkout, CheckoutState.IN_REVIEW, Party.SYSTEM, SYSTEM)
    else:
        await approve(tx, purchase, ports.policy, party=Party.SYSTEM, actor=SYSTEM)


async def approve(tx: Tx, purchase: Purchase, policy: Policy, *, party: Party, actor: Actor) -> None:
    """Nothing speaks against it: to the seller for an answer where the listing is by request, else capture."""
    quote = thaw(purchase.checkout.quote)
    if any(part.sale_mode is SaleMode.REQUEST for part in quote.sellers):
        deadline = await _wait(tx, purchase, policy, policy.seller_answer_seconds)
        await await_seller(tx, purchase.checkout.id, deadline=deadline)
        await move(tx, purchase.checkout, CheckoutState.AWAITING_SELLER, party, actor)
    else:
        await enter_capturing(tx, purchase, party=party, actor=actor)


async def enter_capturing(tx: Tx, purchase: Purchase, *, party: Party, actor: Actor) -> None:
    """The point of no return. Every reservation is proved (or made again) and loses its expiry first."""
    checkout = purchase.checkout
    if not await holds_everything(tx, checkout_id=checkout.id):
        # It may have to be cancelled for want of stock, and cart and orders are locked before stock.
        if checkout.cart_id is not None:
            await tx.lock(Cart, [checkout.cart_id])
        await tx.lock(Order, [checkout.id], by="checkout_id")
    shortages = await make_permanent(tx, checkout_id=checkout.id, lines=reserved_lines(checkout))
    if shortages:
        await begin_cancelling(
            tx, purchase, CheckoutState.FAILED, code="out_of_stock", by=CancelledBy.PAYMENT, actor=SYSTEM
        )
        return
    checkout.expires_at = None
    await move(tx, checkout, CheckoutState.CAPTURING, party, actor)


async def _wait(tx: Tx, purchase: Purchase, policy: Policy, seconds: int) -> datetime:
    """Until when somebody may decide: never closer to the authorization's end than the margin."""
    until = tx.now + timedelta(seconds=seconds)
    if purchase.payment.capture_before is not None:
        until = min(until, purchase.payment.capture_before - timedelta(seconds=policy.capture_margin_seconds))
    purchase.checkout.expires_at = until
    await extend(tx, checkout_id=purchase.checkout.id, expires_at=until)
    return until


async def _facts(tx: Tx, checkout: Checkout) -> RiskFacts:
    counts = await tx.reads.first(
        _COUNTS,
        buyer_id=checkout.buyer_id,
        checkout_id=checkout.id,
        failed_since=tx.now - FAILURE_WINDOW,
        device_since=tx.now - DEVICE_WINDOW,
    )
    assert counts is not None, "a checkout refers to its buyer"
    return RiskFacts(
        total_minor=checkout.total_minor,
        currency=checkout.currency,
        registered_at=counts.registered_at,
        failed_checkouts=counts.failed_checkouts,
        buyers_on_device=counts.buyers_on_device,
        now=tx.now,
    )
