"""What an answer of the provider means for a checkout, by the state it is in. All of it inside T2.

Invariant: money is taken only from CAPTURING, and CAPTURING is entered only here and by a decision of the seller or an
administrator, always after every reservation was proved.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, update

from domain.checkout.assessing import assess_purchase
from domain.checkout.cancelling import begin_cancelling, end_cancelled, refund_stray_capture
from domain.checkout.confirming import confirm
from domain.checkout.model import CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.purchase import Purchase, move, note
from domain.orders.model import CancelledBy
from domain.payments.errors import RefusalReason
from domain.payments.model import PaymentStatus
from domain.payments.ports import ProviderPayment, ProviderPaymentStatus
from domain.shared.actor import PROVIDER
from domain.shared.database import Tx, Write, table
from domain.shared.transitions import Party
from domain.users.model import User

LOOK_AGAIN: Final = timedelta(seconds=5)
"""The provider is at it: recovery reads again after this."""
_READ_FIRST: Final = frozenset({RefusalReason.WRONG_STATE, RefusalReason.KEY_REUSED})

_S = ProviderPaymentStatus
_users = table(User)


@dataclass(frozen=True, slots=True)
class NothingThere:
    """The provider knows no payment of ours: the last call had no effect."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A definite no, without effect."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class Outcome:
    """`was_read`: it tells how things stand, not what a call did. `customer_ref` where one was needed."""

    was_read: bool
    found: ProviderPayment | NothingThere | Refused
    customer_ref: str | None

    @property
    def word(self) -> str:
        """What to count it as."""
        if isinstance(self.found, ProviderPayment):
            return self.found.status.value
        return "refused" if isinstance(self.found, Refused) else "nothing"


_KNOW_CUSTOMER = Write(
    update(_users).where(_users.c.id == bindparam("id")).values(customer_ref=bindparam("ref")), tuple
)


async def apply_outcome(tx: Tx, purchase: Purchase, outcome: Outcome, ports: CheckoutPorts) -> bool:
    """Changes the purchase accordingly. True: the next step has to read the provider."""
    if isinstance(outcome.found, ProviderPayment):
        _copy(tx, purchase, outcome.found)
    look = await _by_state(tx, purchase, outcome, ports)
    if outcome.customer_ref not in (None, purchase.buyer.customer_ref):
        tx.defer(_KNOW_CUSTOMER, id=purchase.buyer.id, ref=outcome.customer_ref)
    return look


async def _by_state(tx: Tx, purchase: Purchase, outcome: Outcome, ports: CheckoutPorts) -> bool:
    if purchase.checkout.state is CheckoutState.CAPTURING:
        return await _while_capturing(tx, purchase, outcome)
    if purchase.checkout.state is CheckoutState.CANCELLING:
        return await _while_cancelling(tx, purchase, outcome)
    return await _while_authorizing(tx, purchase, outcome, ports)


def _copy(tx: Tx, purchase: Purchase, found: ProviderPayment) -> None:
    payment = purchase.payment
    payment.provider_ref = found.provider_ref
    payment.client_secret = found.client_secret
    payment.decline_code = found.decline_code.value if found.decline_code is not None else None
    payment.capture_before = found.capture_before
    payment.updated_at = tx.now
    if found.status is not _S.CAPTURED:
        # CAPTURED is written together with the ledger, or not at all.
        payment.status = PaymentStatus(found.status.value)


async def _while_authorizing(tx: Tx, purchase: Purchase, outcome: Outcome, ports: CheckoutPorts) -> bool:
    found, payment = outcome.found, purchase.payment
    if isinstance(found, Refused):
        return await _authorization_refused(tx, purchase, found, was_read=outcome.was_read)
    if isinstance(found, NothingThere):
        payment.attempt += 1
        return False
    if found.status in (_S.AUTHORIZED, _S.CAPTURED):
        await assess_purchase(tx, purchase, ports)
    elif found.status is _S.REQUIRES_ACTION:
        await _ask_buyer(tx, purchase, "authentication_required")
    elif found.status is _S.REQUIRES_PAYMENT_METHOD:
        payment.attempt += 1
        if _is_untried(purchase, found, was_read=outcome.was_read):
            payment.decline_code = None
        else:
            payment.payment_method = None
            await _ask_buyer(tx, purchase, payment.decline_code or "payment_method_required")
    elif found.status is _S.PROCESSING:
        purchase.checkout.lease_until = tx.now + LOOK_AGAIN
    else:
        await begin_cancelling(
            tx, purchase, CheckoutState.FAILED, code="payment_cancelled", by=CancelledBy.PAYMENT, actor=PROVIDER
        )
    return False


def _is_untried(purchase: Purchase, found: ProviderPayment, *, was_read: bool) -> bool:
    """The card that waits to be tried has not reached the provider: what a read tells of is an earlier one.

    The provider's names for one card may differ (a test card's token and what it became); then it is tried once more.
    """
    offered = purchase.payment.payment_method if purchase.checkout.state is CheckoutState.AUTHORIZING else None
    return was_read and offered is not None and offered != found.declined_method_ref


async def _authorization_refused(tx: Tx, purchase: Purchase, refused: Refused, *, was_read: bool) -> bool:
    if was_read:
        await begin_cancelling(
            tx, purchase, CheckoutState.FAILED, code="payment_refused", by=CancelledBy.PAYMENT, actor=PROVIDER
        )
        return False
    if refused.reason in _READ_FIRST:
        return True
    # The payment method itself is no good (unknown, used up): the buyer may give another.
    purchase.payment.attempt += 1
    purchase.payment.payment_method = None
    purchase.payment.decline_code = "payment_method_refused"
    await _ask_buyer(tx, purchase, "payment_method_refused")
    return False


async def _ask_buyer(tx: Tx, purchase: Purchase, reason: str) -> None:
    checkout = purchase.checkout
    if checkout.state is CheckoutState.AUTHORIZING:
        await move(tx, checkout, CheckoutState.REQUIRES_ACTION, Party.SYSTEM, PROVIDER, reason)
    elif purchase.payment.decline_code is not None:
        await note(tx, checkout, PROVIDER, reason)


async def _while_capturing(tx: Tx, purchase: Purchase, outcome: Outcome) -> bool:
    found = outcome.found
    if isinstance(found, Refused):
        if found.reason in _READ_FIRST and not outcome.was_read:
            return True
        await _give_up_capturing(tx, purchase, "capture_refused")
    elif isinstance(found, NothingThere):
        await _give_up_capturing(tx, purchase, "payment_lost")
    elif found.status is _S.CAPTURED and found.captured_minor != purchase.payment.amount_minor:
        # By hand, over there. Nobody agreed to this price: cancelling books what was taken, and gives it back.
        await _give_up_capturing(tx, purchase, "captured_amount_differs")
        return True
    elif found.status is _S.CAPTURED:
        await confirm(tx, purchase, found)
    elif found.status is _S.AUTHORIZED:
        purchase.payment.attempt += 1
    elif found.status is _S.PROCESSING:
        purchase.checkout.lease_until = tx.now + LOOK_AGAIN
    else:
        await _give_up_capturing(tx, purchase, "authorization_lapsed")
    return False


async def _give_up_capturing(tx: Tx, purchase: Purchase, code: str) -> None:
    """The provider has said for certain that our capture did not happen; from CANCELLING none ever will."""
    await begin_cancelling(tx, purchase, CheckoutState.FAILED, code=code, by=CancelledBy.PAYMENT, actor=PROVIDER)


async def _while_cancelling(tx: Tx, purchase: Purchase, outcome: Outcome) -> bool:
    found = outcome.found
    if isinstance(found, Refused):
        if not outcome.was_read:
            return True
        await end_cancelled(tx, purchase)
    elif isinstance(found, NothingThere) or found.status is _S.CANCELLED:
        await end_cancelled(tx, purchase)
    elif found.status is _S.CAPTURED:
        await refund_stray_capture(tx, purchase, found)
    elif found.status is _S.PROCESSING:
        purchase.checkout.lease_until = tx.now + LOOK_AGAIN
    else:
        purchase.payment.attempt += 1
    return False
