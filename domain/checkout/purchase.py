"""The rows of one purchase, locked together, and the one way to change a checkout's state.

Invariant: cart < checkout < orders < payment, always in that order; so a step that may give the cart its lines back
holds the cart from the start.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.cart.model import Cart
from domain.checkout.events import CheckoutMoved
from domain.checkout.model import CHECKOUT_TRANSITIONS, Checkout, CheckoutEvent, CheckoutState
from domain.orders.model import Order
from domain.payments.model import Payment
from domain.shared.actor import Actor
from domain.shared.database import Query, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import new_id
from domain.shared.transitions import Party

_checkouts, _orders, _payments = table(Checkout), table(Order), table(Payment)


@dataclass(frozen=True, slots=True)
class _Keys:
    cart_id: UUID | None
    order_ids: list[UUID]
    payment_ids: list[UUID]


_KEYS = Query(
    select(
        _checkouts.c.cart_id,
        func.array(select(_orders.c.id).where(_orders.c.checkout_id == bindparam("id")).scalar_subquery()),
        func.array(select(_payments.c.id).where(_payments.c.checkout_id == bindparam("id")).scalar_subquery()),
    ).where(_checkouts.c.id == bindparam("id")),
    _Keys,
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """Locked rows. The newest payment is the one that counts."""

    checkout: Checkout
    orders: tuple[Order, ...]
    payment: Payment

    @property
    def order_ids(self) -> list[UUID]:
        return [order.id for order in self.orders]


async def hold(tx: Tx, checkout_id: UUID) -> Purchase:
    """Locks the whole purchase, in order. Raises NotFound."""
    keys = await tx.reads.first(_KEYS, id=checkout_id)
    if keys is None:
        raise NotFound("checkout")
    if keys.cart_id is not None:
        await tx.lock(Cart, [keys.cart_id])
    [checkout] = await tx.lock(Checkout, [checkout_id])
    orders = await tx.lock(Order, keys.order_ids)
    payments = await tx.lock(Payment, keys.payment_ids)
    return Purchase(checkout, tuple(orders), payments[-1])


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
    await tx.add(
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
