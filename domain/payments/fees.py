"""What the provider kept of a payment, where it did not say so when the money was taken: asked for again and booked.

Invariant: a fee is booked once, when it is known; until then the payment has none, which is not the same as zero.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from domain.ledger.posting import post
from domain.ledger.recipes import provider_fee
from domain.payments.errors import ProviderUnavailable
from domain.payments.model import Payment
from domain.payments.ports import MoneyIn
from domain.shared.clock import Clock
from domain.shared.database import Database, Query, Tx, table
from domain.shared.sweeping import one_by_one

BATCH_MAX: Final = 100
FIRST_PAUSE: Final = timedelta(minutes=10)

_payments = table(Payment)


@dataclass(frozen=True, slots=True)
class _Due:
    id: UUID
    provider_ref: str


_DUE = Query(
    select(_payments.c.id, _payments.c.provider_ref)
    .where(
        # As in the partial index: with a parameter the planner could not use it.
        text("status = 'captured' AND fee_minor IS NULL AND provider_ref IS NOT NULL"),
        # Each look doubles the age at which the next one is taken.
        _payments.c.updated_at + func.greatest(_payments.c.updated_at - _payments.c.created_at, FIRST_PAUSE)
        <= bindparam("now"),
    )
    .order_by(_payments.c.updated_at)
    .limit(BATCH_MAX),
    _Due,
)


async def settle_fees(*, db: Database, gateway: MoneyIn, clock: Clock) -> int:
    """Asks for the fees that are not known yet, at most BATCH_MAX; how many were asked for.

    Raises ExceptionGroup with the faults, when every one of the batch had its turn or the provider is away.
    """
    due = await db.primary.all(_DUE, now=clock.now())
    refs = {found.id: found.provider_ref for found in due}

    async def look(payment_id: UUID) -> None:
        found = await gateway.read(refs[payment_id])
        await db.run(partial(_book, payment_id=payment_id, fee_minor=found.fee_minor))

    await one_by_one(list(refs), look, away=ProviderUnavailable)
    return len(due)


async def _book(tx: Tx, *, payment_id: UUID, fee_minor: int | None) -> None:
    (payment,) = await tx.lock(Payment, [payment_id])
    if payment.fee_minor is not None:
        return
    payment.fee_minor = fee_minor
    payment.updated_at = tx.now
    if fee_minor:
        await post(
            tx, provider_fee(payment_id=payment.id, fee_minor=fee_minor, currency=payment.currency, on=tx.now.date())
        )
