"""What the provider kept of a payment; where it did not say so when the money was taken, it is asked again.

Invariant: a fee is booked once, when it is known, and in the currency in which it was kept; until then the payment has
none, which is not the same as zero.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from domain.ledger.posting import Posting, post
from domain.ledger.recipes import provider_fee
from domain.payments.errors import ProviderUnavailable
from domain.payments.model import Payment
from domain.payments.ports import MoneyIn
from domain.shared.clock import Clock
from domain.shared.database import Database, Query, Tx, table
from domain.shared.money import Money
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
        await db.run(partial(_book, payment_id=payment_id, fee=found.fee))

    await one_by_one(list(refs), look, away=ProviderUnavailable)
    return len(due)


def fee_postings(payment: Payment, fee: Money | None, *, on: date, trace: str = "") -> list[Posting]:
    """The payment has its fee from now on; what is to be booked of it: nothing, if it is none. Under its lock."""
    payment.fee_minor = fee.amount_minor if fee is not None else None
    payment.fee_currency = fee.currency if fee is not None and fee.currency != payment.currency else None
    if fee is None or not fee.amount_minor:
        return []
    return [provider_fee(payment_id=payment.id, fee_minor=fee.amount_minor, currency=fee.currency, on=on, trace=trace)]


async def _book(tx: Tx, *, payment_id: UUID, fee: Money | None) -> None:
    (payment,) = await tx.lock(Payment, [payment_id])
    if payment.fee_minor is not None:
        return
    payment.updated_at = tx.now
    for posting in fee_postings(payment, fee, on=tx.now.date()):
        await post(tx, posting)
