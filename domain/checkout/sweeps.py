"""Sweeps: reservations that ran out, sagas whose process died.

Invariant: a sweep decides nothing about money. It moves expired checkouts to CANCELLING, which frees the stock in the
same transaction, or calls the one function that moves a checkout.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from domain.checkout.cancelling import begin_cancelling
from domain.checkout.model import WAITING, Checkout, CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.purchase import hold
from domain.checkout.saga import advance
from domain.orders.model import CancelledBy
from domain.shared.actor import SYSTEM
from domain.shared.database import Query, Tx, table

BATCH_MAX: Final = 100
LEASELESS_MAX: Final = timedelta(seconds=5)

_checkouts = table(Checkout)
_EXPIRABLE: Final = WAITING | {CheckoutState.AUTHORIZING}


@dataclass(frozen=True, slots=True)
class _Found:
    id: UUID


# The conditions are written out as in the partial indexes: with parameters the planner could not use them.
_EXPIRED = Query(
    select(_checkouts.c.id)
    .where(
        text("state IN ('authorizing', 'requires_action', 'in_review', 'awaiting_seller')"),
        _checkouts.c.expires_at < bindparam("now"),
    )
    .order_by(_checkouts.c.expires_at)
    .limit(BATCH_MAX),
    _Found,
)
_ABANDONED = Query(
    select(_checkouts.c.id)
    .where(
        text("state IN ('authorizing', 'capturing', 'cancelling')"),
        # Without a lease: the process died between a decision and the first step that follows from it.
        func.coalesce(_checkouts.c.lease_until, _checkouts.c.updated_at + LEASELESS_MAX) < bindparam("now"),
    )
    .order_by(_checkouts.c.lease_until)
    .limit(BATCH_MAX),
    _Found,
)


async def expire_checkouts(ports: CheckoutPorts) -> int:
    """Checkouts whose reservation ran out, at most BATCH_MAX of them; how many were moved to CANCELLING."""
    moved = 0
    for found in await ports.db.primary.all(_EXPIRED, now=ports.clock.now()):
        moved += await ports.db.run(partial(_expire, checkout_id=found.id))
    return moved


async def _expire(tx: Tx, checkout_id: UUID) -> int:
    purchase = await hold(tx, checkout_id)
    checkout = purchase.checkout
    if checkout.state not in _EXPIRABLE or checkout.expires_at is None or checkout.expires_at > tx.now:
        return 0
    await begin_cancelling(tx, purchase, CheckoutState.EXPIRED, code="expired", by=CancelledBy.EXPIRED, actor=SYSTEM)
    return 1


async def recover_checkouts(ports: CheckoutPorts) -> int:
    """Checkouts with an expired lease, at most BATCH_MAX: their step is finished by reading first; how many."""
    abandoned = await ports.db.primary.all(_ABANDONED, now=ports.clock.now())
    for found in abandoned:
        await advance(found.id, ports=ports)
    return len(abandoned)
