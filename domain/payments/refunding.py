"""Giving money back: decided in one transaction, carried out by a job.

What is refunded and what is on its way together never exceed what was captured for the order: requests for one payment
wait for each other under its row lock. Carrying out is T1 (a lease), the call, T2 (`refund_outcomes`).

Invariant: a refund reaches the buyer once, however often this is run and wherever it is cut off. Once somebody may
have asked, the provider is read first; the attempt in the idempotency key rises only after a read that found nothing,
and not before the lease has run out, which outlasts every call.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text

from domain.payments.errors import ProviderRefused, ProviderUnavailable, RefusalReason
from domain.payments.events import RefundRequested
from domain.payments.model import Payment, PaymentAllocation, Refund, RefundStatus
from domain.payments.ports import MoneyIn, ProviderRefund
from domain.payments.refund_outcomes import apply_answer, apply_refusal
from domain.shared.clock import Clock
from domain.shared.database import Database, Query, Reads, Tx, table
from domain.shared.ids import new_id
from domain.shared.money import MINOR_UNITS_MAX
from domain.shared.sweeping import one_by_one

LEASE: Final = timedelta(seconds=90)
"""Longer than a read and a refund together may take (25 s each). It grows with the attempts, up to an hour."""
LEASES_MAX: Final = 40
BATCH_MAX: Final = 100
PAYMENTS_PER_ORDER_MAX: Final = 20
_LATER: Final = frozenset({RefusalReason.BALANCE_INSUFFICIENT, RefusalReason.WRONG_STATE})
"""Refusals that pass: the platform's balance fills up again, a payment settles."""

_payments, _allocations, _refunds = table(Payment), table(PaymentAllocation), table(Refund)


@dataclass(frozen=True, slots=True)
class _Share:
    payment_id: UUID
    order_id: UUID
    currency: str
    refundable_minor: int


_PENDING = (
    select(func.coalesce(func.sum(_refunds.c.amount_minor), 0).cast(_refunds.c.amount_minor.type))
    .where(
        _refunds.c.payment_id == _allocations.c.payment_id,
        _refunds.c.order_id == _allocations.c.order_id,
        _refunds.c.status == RefundStatus.PENDING.value,
    )
    .scalar_subquery()
)
_SHARE = select(
    _allocations.c.payment_id,
    _allocations.c.order_id,
    _payments.c.currency,
    _allocations.c.captured_minor - _allocations.c.refunded_minor - _PENDING,
).join(_payments, _payments.c.id == _allocations.c.payment_id)
_SHARES = Query(
    _SHARE.where(_allocations.c.order_id == bindparam("order_id"))
    .order_by(_allocations.c.payment_id)
    .limit(PAYMENTS_PER_ORDER_MAX),
    _Share,
)
_OF_PAYMENT = Query(
    _SHARE.where(_allocations.c.payment_id == bindparam("payment_id")).order_by(_allocations.c.order_id), _Share
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A refund that is ours until the lease ends. `look`: somebody may have asked the provider before."""

    refund_id: UUID
    amount_minor: int
    attempt: int
    payment_ref: str
    refund_ref: str | None
    lease_until: datetime
    look: bool

    @property
    def key(self) -> str:
        return f"{self.refund_id}:refund:{self.attempt}"


@dataclass(frozen=True, slots=True)
class _Due:
    id: UUID


_DUE = Query(
    select(_refunds.c.id)
    .where(
        # As in the partial index: with a parameter the planner could not use it.
        text("status = 'pending'"),
        or_(_refunds.c.lease_until.is_(None), _refunds.c.lease_until < bindparam("now")),
        _refunds.c.created_at < bindparam("before"),
    )
    .order_by(_refunds.c.created_at)
    .limit(BATCH_MAX),
    _Due,
)


async def request_full_refund(tx: Tx, *, order_id: UUID, cause: str) -> list[UUID]:
    """Everything that is left of the order's payments, one refund each; none when nothing is. Locks the payments."""
    return await request_up_to(tx, order_id=order_id, amount_minor=MINOR_UNITS_MAX, cause=cause)


async def request_up_to(tx: Tx, *, order_id: UUID, amount_minor: int, cause: str) -> list[UUID]:
    """The same, but no more than `amount_minor` in all."""
    known = await tx.reads.all(_SHARES, order_id=order_id)
    await tx.lock(Payment, [share.payment_id for share in known])
    asked: list[UUID] = []
    # Read again: what was left before the lock may be on its way by now.
    for share in await tx.reads.all(_SHARES, order_id=order_id):
        part_minor = min(share.refundable_minor, amount_minor)
        if part_minor > 0:
            asked.append(await _write(tx, share.payment_id, order_id, part_minor, share.currency, cause))
            amount_minor -= part_minor
    return asked


async def refundable_of(reads: Reads, payment_id: UUID) -> dict[UUID, int]:
    """What is left of each order's share of a payment; what is on its way back is not. Certain under its lock."""
    return {share.order_id: share.refundable_minor for share in await reads.all(_OF_PAYMENT, payment_id=payment_id)}


async def _write(tx: Tx, payment_id: UUID, order_id: UUID, amount_minor: int, currency: str, cause: str) -> UUID:
    refund_id = new_id()
    await tx.add(
        Refund(
            id=refund_id,
            payment_id=payment_id,
            order_id=order_id,
            amount_minor=amount_minor,
            currency=currency,
            cause=cause,
            created_at=tx.now,
        )
    )
    tx.record(RefundRequested(at=tx.now, refund_id=refund_id, order_id=order_id))
    return refund_id


async def execute_refund(refund_id: UUID, *, db: Database, gateway: MoneyIn) -> None:
    """Bring one refund forward; does nothing for one that is over, or that somebody else is at.

    Raises ProviderUnavailable: it stays pending, and `resume_refunds` goes on with it after its lease.
    """
    claim = await db.run(partial(_claim, refund_id=refund_id))
    if claim is None:
        return
    if claim.look:
        found = await _look(claim, gateway)
        if found is not None:
            await db.run(partial(apply_answer, refund_id=refund_id, found=found))
            return
        claim = await db.run(partial(_next_attempt, claim=claim))
        if claim is None:
            return
    await _ask(claim, db, gateway)


async def resume_refunds(*, db: Database, gateway: MoneyIn, clock: Clock) -> int:
    """Pending refunds whose job is gone or whose lease ran out, at most BATCH_MAX; how many were brought forward.

    One that fails does not keep the others waiting, unless the provider is away: raises ExceptionGroup with all
    faults at the end.
    """
    now = clock.now()
    due = await db.primary.all(_DUE, now=now, before=now - timedelta(minutes=1))
    await one_by_one(
        [found.id for found in due],
        lambda id_: execute_refund(id_, db=db, gateway=gateway),
        away=ProviderUnavailable,
    )
    return len(due)


async def _claim(tx: Tx, *, refund_id: UUID) -> _Claim | None:
    rows = await tx.lock(Refund, [refund_id])
    if not rows or rows[0].status is not RefundStatus.PENDING:
        return None
    refund = rows[0]
    if refund.lease_until is not None and refund.lease_until > tx.now:
        return None
    payment = await tx.get(Payment, refund.payment_id)
    assert payment is not None
    assert payment.provider_ref is not None, "only what was captured is refunded"
    look = refund.lease_until is not None
    refund.lease_until = tx.now + LEASE * min(refund.attempt, LEASES_MAX)
    return _Claim(
        refund_id=refund.id,
        amount_minor=refund.amount_minor,
        attempt=refund.attempt,
        payment_ref=payment.provider_ref,
        refund_ref=refund.provider_ref,
        lease_until=refund.lease_until,
        look=look,
    )


async def _look(claim: _Claim, gateway: MoneyIn) -> ProviderRefund | None:
    if claim.refund_ref is not None:
        return await gateway.read_refund(claim.refund_ref)
    return await gateway.find_refund(claim.payment_ref, claim.refund_id)


async def _next_attempt(tx: Tx, *, claim: _Claim) -> _Claim | None:
    """A read has proved that the last attempt had no effect. None: the lease has gone to somebody else."""
    (refund,) = await tx.lock(Refund, [claim.refund_id])
    if refund.status is not RefundStatus.PENDING or refund.lease_until != claim.lease_until:
        return None
    refund.attempt += 1
    return replace(claim, attempt=refund.attempt, look=False)


async def _ask(claim: _Claim, db: Database, gateway: MoneyIn) -> None:
    try:
        found = await gateway.refund(claim.payment_ref, claim.refund_id, claim.amount_minor, claim.key)
    except ProviderRefused as refused:
        # "Already refunded" may speak of this very refund, asked for by somebody whose lease ran out meanwhile.
        standing = await gateway.find_refund(claim.payment_ref, claim.refund_id)
        if standing is None:
            if refused.reason not in _LATER:
                await db.run(partial(apply_refusal, refund_id=claim.refund_id, code=refused.reason.value))
            return
        found = standing
    await db.run(partial(apply_answer, refund_id=claim.refund_id, found=found))
