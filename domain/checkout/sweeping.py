"""Sweeps: reservations that ran out, sagas whose process died.

Invariant: a sweep decides nothing about money. It moves expired checkouts to CANCELLING, which frees the stock in the
same transaction, or calls the one function that moves a checkout.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select, text

from domain.checkout.cancelling import begin_cancelling
from domain.checkout.model import WAITING, Checkout, CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.purchase import lock_purchase
from domain.checkout.saga import advance
from domain.orders.model import CancelledBy
from domain.payments.errors import ProviderUnavailable
from domain.shared.actor import SYSTEM
from domain.shared.database import Query, Tx, table
from domain.shared.sweeping import AWAY_MAX, one_by_one

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
        text("state IN ('authorizing', 'requires_action', 'capturing', 'cancelling')"),
        or_(
            _checkouts.c.lease_until < bindparam("now"),
            # Without a lease: the process died between a decision and the first step that follows from it.
            and_(
                _checkouts.c.lease_until.is_(None),
                _checkouts.c.updated_at < bindparam("leaseless"),
                text("state <> 'requires_action'"),
            ),
        ),
    )
    .order_by(_checkouts.c.lease_until)
    .limit(BATCH_MAX),
    _Found,
)


async def expire_checkouts(ports: CheckoutPorts) -> int:
    """Checkouts whose reservation ran out, at most BATCH_MAX of them; how many were moved to CANCELLING."""
    expired = await ports.db.primary.all(_EXPIRED, now=ports.clock.now())
    moved: list[UUID] = []

    async def expire(checkout_id: UUID) -> None:
        if await ports.db.run(partial(_expire, checkout_id=checkout_id)):
            moved.append(checkout_id)

    await one_by_one([found.id for found in expired], expire)
    return len(moved)


async def _expire(tx: Tx, checkout_id: UUID) -> bool:
    purchase = await lock_purchase(tx, checkout_id)
    checkout = purchase.checkout
    if checkout.state not in _EXPIRABLE or checkout.expires_at is None or checkout.expires_at > tx.now:
        return False
    await begin_cancelling(tx, purchase, CheckoutState.EXPIRED, code="expired", by=CancelledBy.EXPIRED, actor=SYSTEM)
    return True


async def recover_checkouts(ports: CheckoutPorts) -> int:
    """Checkouts with an expired lease, at most BATCH_MAX: their step is finished by reading first; how many."""
    now = ports.clock.now()
    abandoned = await ports.db.primary.all(_ABANDONED, now=now, leaseless=now - LEASELESS_MAX)

    async def finish(checkout_id: UUID) -> None:
        if (await advance(checkout_id, ports=ports, look=True)).unavailable:
            raise ProviderUnavailable("the checkout waits for the next sweep")

    away = 0
    try:
        await one_by_one([found.id for found in abandoned], finish, away=ProviderUnavailable)
    except* ProviderUnavailable as unanswered:
        # Expected, and counted where the call was made: only other faults are worth a sweep that failed.
        away = len(unanswered.exceptions)
    return len(abandoned) if away < AWAY_MAX else 0
