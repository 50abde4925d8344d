"""What the payment provider tells us: never the truth itself, only a reason to read it.

Invariant: the provider's present state is read before ours moves, so duplicates, late and early messages do no harm.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.checkout.model import ENDED, Checkout, CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.saga import advance
from domain.payments.errors import ProviderUnavailable
from domain.payments.model import Payment
from domain.payments.ports import ProviderPaymentStatus
from domain.sellers.ports import PROVIDER_NAME
from domain.shared.database import Query, table

_payments, _checkouts = table(Payment), table(Checkout)


@dataclass(frozen=True, slots=True)
class _Known:
    checkout_id: UUID
    provider_ref: str | None
    state: CheckoutState


_OF_PAYMENT = Query(
    select(_payments.c.checkout_id, _payments.c.provider_ref, _checkouts.c.state)
    .join(_checkouts, _checkouts.c.id == _payments.c.checkout_id)
    .where(_payments.c.id == bindparam("id")),
    _Known,
)


_OF_REFERENCE = Query(
    select(_payments.c.checkout_id, _payments.c.provider_ref, _checkouts.c.state)
    .join(_checkouts, _checkouts.c.id == _payments.c.checkout_id)
    .where(_payments.c.provider == PROVIDER_NAME, _payments.c.provider_ref == bindparam("provider_ref"))
    .limit(1),
    _Known,
)

_LETTABLE = frozenset(
    {
        ProviderPaymentStatus.AUTHORIZED,
        ProviderPaymentStatus.REQUIRES_ACTION,
        ProviderPaymentStatus.REQUIRES_PAYMENT_METHOD,
    }
)


async def on_payment_message(provider_ref: str, *, ports: CheckoutPorts) -> None:
    """Something happened to a payment over there. Raises ProviderUnavailable: the job comes again."""
    ours = await ports.db.primary.first(_OF_REFERENCE, provider_ref=provider_ref)
    if ours is not None and ours.state is CheckoutState.COMPLETED:
        return  # captured and booked: what comes of it now are refunds and chargebacks, with messages of their own
    found = await ports.gateway.read(provider_ref)
    if found.payment_id is None:
        return  # not made by this marketplace
    known = await ports.db.primary.first(_OF_PAYMENT, id=found.payment_id)
    if known is None:
        return
    stray = known.provider_ref not in (None, provider_ref)
    over = known.state in ENDED and known.state is not CheckoutState.COMPLETED
    if (stray or over) and found.status in _LETTABLE:
        # An answer that came too late to be applied: nobody will ever capture this one, so let it go.
        await ports.gateway.cancel(provider_ref, f"{found.payment_id}:stray:{provider_ref}")
    elif not stray:
        rest = await advance(known.checkout_id, ports=ports, look=True)
        if rest.busy or rest.unavailable:
            # Whoever is at it may have read before this happened: come again.
            raise ProviderUnavailable("the checkout could not be brought up to date just now")
