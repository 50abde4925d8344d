"""The saga: one function moves a checkout, whoever calls it (the mutation, the webhook's job, recovery).

Every step is T1, call, T2. T1 locks the purchase, raises the epoch, takes a lease and commits; then the provider is
called; T2 locks again and applies the outcome only while the epoch is unchanged, and may be the next step's T1.

Invariant: a lease that is still set and has expired means a call whose outcome nobody applied. Then the provider is
READ first, never called again blindly. `payment.attempt`, part of every idempotency key, rises only when an outcome is
known or a read proved that the last call had no effect.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final
from uuid import UUID

from domain.checkout.model import ENDED, MOVING, CheckoutState
from domain.checkout.outcomes import NothingThere, Outcome, Refused, apply_outcome
from domain.checkout.ports import CheckoutPorts, Rest
from domain.checkout.purchase import Buyer, Purchase, lock_purchase
from domain.payments.errors import ProviderRefused, ProviderUnavailable
from domain.payments.ports import AuthorizeRequest, PaymentGateway, ProviderPayment
from domain.shared.database import Tx

STEPS_MAX: Final = 12
"""Authorize, capture, and a read and a repetition of each; more is a fault, and the recovery job goes on."""
CALL_SHARE: Final = 0.9
"""Of the lease: what a call may take of it, so that its T2 comes before anybody may take the checkout over."""
IN_FLIGHT: Final = timedelta(seconds=10)
"""As long as one try of a call may take."""
NO_PAUSE: Final = timedelta()
"""Before the provider is read again, where the call was about an intent that the provider has already."""


class Call(StrEnum):
    READ = "read"
    AUTHORIZE = "authorize"
    CONFIRM = "confirm"
    CAPTURE = "capture"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class ProviderStep:
    """What T1 wrote down and committed: one call to the provider, and all it needs."""

    call: Call
    checkout_id: UUID
    epoch: int
    payment_id: UUID
    attempt: int
    provider_ref: str | None
    amount_minor: int
    currency: str
    payment_method: str | None
    buyer: Buyer
    created_at: datetime

    @property
    def idempotency_key(self) -> str:
        return f"{self.payment_id}:{self.call.value}:{self.attempt}"


async def advance(checkout_id: UUID, *, ports: CheckoutPorts, look: bool = False) -> Rest:
    """Moves the checkout until it rests: waiting for somebody, ended, owned by another process, provider away.

    `look`: in REQUIRES_ACTION, read the provider, because the buyer or a webhook says that something happened there.
    """

    async def begin(tx: Tx) -> ProviderStep | Rest:
        return next_step(tx, await lock_purchase(tx, checkout_id), ports, look=look)

    return await proceed(await ports.db.run(begin), ports=ports)


async def proceed(step: ProviderStep | Rest, *, ports: CheckoutPorts) -> Rest:
    """Makes the calls, each with its T2, from a step that some transaction has committed as its T1."""
    for _ in range(STEPS_MAX):
        if isinstance(step, Rest):
            return step
        try:
            # No call may outlast its lease: whoever takes over would not see what it still does.
            async with asyncio.timeout(ports.policy.lease_seconds * CALL_SHARE):
                outcome = await _call(step, ports.gateway)
        except (ProviderUnavailable, TimeoutError):
            ports.measures.saga(step.call.value, "unavailable")
            return await ports.db.run(partial(_leave, step=step))
        ports.measures.saga(step.call.value, outcome.word)
        step = await ports.db.run(partial(_finish, step=step, outcome=outcome, ports=ports))
        if isinstance(step, Rest) and step.state in ENDED:
            ports.measures.saga("ended", step.state.value)
    return step if isinstance(step, Rest) else await ports.db.run(partial(_leave, step=step))


async def _finish(tx: Tx, *, step: ProviderStep, outcome: Outcome, ports: CheckoutPorts) -> ProviderStep | Rest:
    """T2, and the next step's T1 in the same transaction."""
    purchase = await lock_purchase(tx, step.checkout_id, buyer=step.buyer)
    if purchase.checkout.epoch != step.epoch:
        # Somebody moved it meanwhile. What we were told is old; what has to be done about it they find by reading.
        return Rest(purchase.checkout.state)
    lease = purchase.checkout.lease_until
    look = await apply_outcome(tx, purchase, outcome, ports)
    if purchase.checkout.lease_until == lease:
        purchase.checkout.lease_until = None
    return next_step(tx, purchase, ports, look=look)


async def _leave(tx: Tx, *, step: ProviderStep) -> Rest:
    """The outcome of the call is unknown: an expired lease tells the next one to read first.

    A new intent may still be on its way over there, and a list read now would not show it: that read waits a while.
    """
    checkout = (await lock_purchase(tx, step.checkout_id, buyer=step.buyer)).checkout
    if checkout.epoch == step.epoch:
        pause = IN_FLIGHT if step.call is Call.AUTHORIZE else NO_PAUSE
        checkout.lease_until = tx.now + pause
    return Rest(checkout.state, unavailable=True)


def next_step(tx: Tx, purchase: Purchase, ports: CheckoutPorts, *, look: bool) -> ProviderStep | Rest:
    """T1: writes the lease down, or says why there is nothing to do."""
    checkout, payment = purchase.checkout, purchase.payment
    looking = look and checkout.state in MOVING | {CheckoutState.REQUIRES_ACTION}
    if checkout.state not in MOVING and not looking:
        return Rest(checkout.state)
    if checkout.lease_until is not None and checkout.lease_until > tx.now:
        return Rest(checkout.state, busy=True)
    unknown = checkout.lease_until is not None
    checkout.epoch += 1
    checkout.lease_until = tx.now + timedelta(seconds=ports.policy.lease_seconds)
    return ProviderStep(
        call=Call.READ if unknown or looking else _call_for(purchase),
        checkout_id=checkout.id,
        epoch=checkout.epoch,
        payment_id=payment.id,
        attempt=payment.attempt,
        provider_ref=payment.provider_ref,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        payment_method=payment.payment_method,
        buyer=purchase.buyer,
        created_at=payment.created_at,
    )


def _call_for(purchase: Purchase) -> Call:
    if purchase.checkout.state is CheckoutState.CAPTURING:
        return Call.CAPTURE
    if purchase.checkout.state is CheckoutState.CANCELLING:
        # Without a reference nothing is known to cancel; a read by our own id finds what a lost answer left behind.
        return Call.CANCEL if purchase.payment.provider_ref is not None else Call.READ
    return Call.CONFIRM if purchase.payment.provider_ref is not None else Call.AUTHORIZE


async def _call(step: ProviderStep, gateway: PaymentGateway) -> Outcome:
    """The one network call of a step. Raises ProviderUnavailable when nobody knows what became of it."""
    try:
        customer_ref = step.buyer.customer_ref or await _customer(step, gateway)
        payment = await _ask(step, gateway, customer_ref)
    except ProviderRefused as refusal:
        return Outcome(step.call is Call.READ, Refused(refusal.reason), None)
    return Outcome(step.call is Call.READ, payment or NothingThere(), customer_ref or None)


async def _customer(step: ProviderStep, gateway: PaymentGateway) -> str:
    """The same customer again within a day, so an intent that went by can be found by it. Empty: not needed."""
    if step.provider_ref is not None:
        return ""
    try:
        return await gateway.create_customer(step.buyer.id, step.buyer.email)
    except ProviderRefused as refusal:
        if step.call is Call.READ:
            # This says nothing about the payment that was to be read.
            raise ProviderUnavailable("the customer cannot be found again") from refusal
        raise


async def _ask(step: ProviderStep, gateway: PaymentGateway, customer_ref: str) -> ProviderPayment | None:
    key, ref = step.idempotency_key, step.provider_ref
    if step.call is Call.READ:
        if ref is not None:
            return await gateway.read(ref)
        return await gateway.find(step.payment_id, customer_ref, step.created_at)
    if step.call is Call.AUTHORIZE:
        return await gateway.authorize(
            AuthorizeRequest(
                payment_id=step.payment_id,
                checkout_id=step.checkout_id,
                amount_minor=step.amount_minor,
                currency=step.currency,
                customer_ref=customer_ref,
                payment_method=step.payment_method,
                idempotency_key=key,
            )
        )
    assert ref is not None, "the provider has told us its reference"
    if step.call is Call.CONFIRM:
        if step.payment_method is None:
            return await gateway.read(ref)
        return await gateway.confirm(ref, step.payment_method, key)
    if step.call is Call.CAPTURE:
        return await gateway.capture(ref, step.amount_minor, key)
    return await gateway.cancel(ref, key)
