"""The rows of one purchase, under one lock, and the one way to change a checkout's state.

Invariant: checkout < cart < orders < balances < reservations < stock, always in that order. A checkout that is being
started is a new row that nobody else can hold, so its transaction may take the cart first.
"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import bindparam, select

from domain.checkout.events import CheckoutMoved
from domain.checkout.model import CHECKOUT_TRANSITIONS, Checkout, CheckoutEvent, CheckoutState
from domain.payments.model import Payment
from domain.shared.actor import Actor
from domain.shared.database import Query, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import new_id
from domain.shared.transitions import Party
from domain.users.model import User

_users = table(User)


PaymentMethod = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_]+$")]
"""The provider's token for a payment method, as its client library gives it. Never a card number."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """`customer_ref` is the provider's customer, None before the first purchase."""

    id: UUID
    email: str
    customer_ref: str | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A locked checkout and what hangs on it. Of several payments the newest counts."""

    checkout: Checkout
    payment: Payment
    buyer: Buyer


_BUYER = Query(select(_users.c.id, _users.c.email, _users.c.customer_ref).where(_users.c.id == bindparam("id")), Buyer)


async def lock_purchase(tx: Tx, checkout_id: UUID, *, buyer: Buyer | None = None) -> Purchase:
    """Locks the checkout. Its payment changes only under that lock, its orders are locked by whoever moves them.

    `buyer` is given by who knows it. Raises NotFound.
    """
    found = await tx.lock(Checkout, [checkout_id])
    if not found:
        raise NotFound("checkout")
    [checkout] = found
    payments = await tx.load(Payment, [checkout_id], by="checkout_id")
    if buyer is None:
        buyer = await tx.reads.first(_BUYER, id=checkout.buyer_id)
        assert buyer is not None, "a checkout refers to its buyer"
    return Purchase(checkout, payments[-1], buyer)


async def move(tx: Tx, checkout: Checkout, target: CheckoutState, party: Party, actor: Actor, reason: str = "") -> None:
    """The only way to a new state: along the table, with a timeline event, under the row's lock.

    The lease is given up and the epoch raised: whatever is still on its way from the provider belongs to the past.
    """
    CHECKOUT_TRANSITIONS.check(checkout.state, target, party)
    checkout.state = target
    checkout.epoch += 1
    checkout.lease_until = None
    await note(tx, checkout, actor, reason)


async def note(tx: Tx, checkout: Checkout, actor: Actor, reason: str = "") -> None:
    """A timeline event without a change of state: a decline, a new payment method."""
    checkout.event_sequence += 1
    checkout.updated_at = tx.now
    tx.append(
        CheckoutEvent(
            id=new_id(),
            checkout_id=checkout.id,
            sequence=checkout.event_sequence,
            state=checkout.state,
            reason=reason,
            actor=actor.name,
            at=tx.now,
        )
    )
    tx.record(CheckoutMoved(at=tx.now, checkout_id=checkout.id, state=checkout.state.value, trace=checkout.trace))
