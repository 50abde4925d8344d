"""Checkouts as their buyers see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, true

from domain.checkout.model import CHECKOUT_TRANSITIONS, Checkout, CheckoutEvent, CheckoutState, CheckoutStatus
from domain.orders.model import Order
from domain.payments.model import Payment, PaymentStatus
from domain.shared.database import Query, Reads, table
from domain.shared.feeds import BATCH_MAX
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest
from domain.shared.transitions import Party

_checkouts, _events, _orders, _payments = table(Checkout), table(CheckoutEvent), table(Order), table(Payment)

MY_CHECKOUTS: Final = Keyset("newest")
LAST_ID: Final = UUID(int=2**128 - 1)

STATUS_OF: Final[dict[CheckoutState, CheckoutStatus]] = {
    CheckoutState.AUTHORIZING: CheckoutStatus.PROCESSING,
    CheckoutState.REQUIRES_ACTION: CheckoutStatus.REQUIRES_ACTION,
    CheckoutState.IN_REVIEW: CheckoutStatus.IN_REVIEW,
    CheckoutState.AWAITING_SELLER: CheckoutStatus.AWAITING_SELLER,
    CheckoutState.CAPTURING: CheckoutStatus.PROCESSING,
    CheckoutState.CANCELLING: CheckoutStatus.PROCESSING,
    CheckoutState.COMPLETED: CheckoutStatus.COMPLETED,
    CheckoutState.FAILED: CheckoutStatus.FAILED,
    CheckoutState.EXPIRED: CheckoutStatus.EXPIRED,
    CheckoutState.CANCELLED: CheckoutStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """`client_secret` is for the buyer alone: with it their client talks to the provider."""

    id: UUID
    buyer_id: UUID
    state: CheckoutState
    outcome: CheckoutState | None
    failure_code: str | None
    currency: str
    total_minor: int
    expires_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    sequence: int
    order_ids: list[UUID]
    payment_status: PaymentStatus
    client_secret: str | None
    decline_code: str | None

    @property
    def wants_authentication(self) -> bool:
        return self.payment_status is PaymentStatus.REQUIRES_ACTION

    @property
    def allowed_actions(self) -> tuple[str, ...]:
        """The buyer's."""
        return CHECKOUT_TRANSITIONS.actions(self.state, Party.BUYER)

    @property
    def status(self) -> CheckoutStatus:
        """While it is being cancelled, clients see where it will end."""
        return STATUS_OF[self.outcome if self.outcome is not None else self.state]


_newest_payment = (
    select(_payments.c.status, _payments.c.client_secret, _payments.c.decline_code)
    .where(_payments.c.checkout_id == _checkouts.c.id)
    .order_by(_payments.c.id.desc())
    .limit(1)
    .lateral("newest_payment")
)
_VIEW = select(
    _checkouts.c.id,
    _checkouts.c.buyer_id,
    _checkouts.c.state,
    _checkouts.c.outcome,
    _checkouts.c.failure_code,
    _checkouts.c.currency,
    _checkouts.c.total_minor,
    _checkouts.c.expires_at,
    _checkouts.c.created_at,
    _checkouts.c.ended_at,
    _checkouts.c.event_sequence,
    func.array(
        select(_orders.c.id)
        .where(_orders.c.checkout_id == _checkouts.c.id)
        .order_by(_orders.c.id)
        .correlate(_checkouts)
        .scalar_subquery()
    ),
    _newest_payment.c.status,
    _newest_payment.c.client_secret,
    _newest_payment.c.decline_code,
).select_from(_checkouts.join(_newest_payment, true()))

_MINE = Query(
    _VIEW.where(_checkouts.c.id == bindparam("id"), _checkouts.c.buyer_id == bindparam("buyer_id")), CheckoutView
)
_BY_IDS = Query(_VIEW.where(_checkouts.c.id == func.any(bindparam("ids"))), CheckoutView)
_LIST = Query(
    _VIEW.where(_checkouts.c.buyer_id == bindparam("buyer_id"), _checkouts.c.id < bindparam("before"))
    .order_by(_checkouts.c.id.desc())
    .limit(bindparam("limit")),
    CheckoutView,
)


_COUNT = select(func.count()).select_from(
    select(_checkouts.c.id).where(_checkouts.c.buyer_id == bindparam("buyer_id")).limit(COUNT_MAX + 1).subquery()
)


async def checkout_of_buyer(reads: Reads, checkout_id: UUID, buyer_id: UUID) -> CheckoutView | None:
    return await reads.first(_MINE, id=checkout_id, buyer_id=buyer_id)


async def checkouts_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, CheckoutView]:
    """Anybody's: the caller decides who sees which."""
    return {checkout.id: checkout for checkout in await reads.all(_BY_IDS, ids=list(ids))}


async def checkouts_of_buyer(reads: Reads, buyer_id: UUID, request: PageRequest) -> Page[CheckoutView]:
    """The newest first, forwards."""
    before = request.key_id() if request.key is not None else LAST_ID
    rows = await reads.all(_LIST, buyer_id=buyer_id, before=before, limit=request.first + 1)
    return MY_CHECKOUTS.page(request, rows, lambda view: (view.id,))


async def count_of_buyer(reads: Reads, buyer_id: UUID) -> int:
    """Counted up to COUNT_MAX + 1."""
    return int(await reads.scalar(_COUNT, buyer_id=buyer_id))


@dataclass(frozen=True, slots=True)
class CheckoutEventView:
    id: UUID
    sequence: int
    state: CheckoutState
    reason: str
    at: datetime


_EVENTS = Query(
    select(_events.c.id, _events.c.sequence, _events.c.state, _events.c.reason, _events.c.at)
    .where(_events.c.checkout_id == bindparam("checkout_id"), _events.c.sequence > bindparam("after"))
    .order_by(_events.c.sequence)
    .limit(BATCH_MAX),
    CheckoutEventView,
)


async def events_after(reads: Reads, checkout_id: UUID, after: int) -> Sequence[tuple[int, CheckoutEventView]]:
    """What happened since `after`, in order, at most BATCH_MAX; for feeds, from the primary."""
    events = await reads.all(_EVENTS, checkout_id=checkout_id, after=after)
    return [(event.sequence, event) for event in events]
