"""Messages about payments, many at a time: which of them are about something that is done, which come too early.

Invariant: only a message whose payment is captured and booked by our own rows is put away unread; about every other one
the provider is asked, now or when whoever is at the checkout is done with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, true

from domain.checkout.model import MOVING, Checkout, CheckoutState
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import mark_worked
from domain.payments.model import Payment
from domain.payments.ports import ProviderEventKind
from domain.sellers.ports import PROVIDER_NAME
from domain.shared.clock import Clock
from domain.shared.database import Database, Query, table

UNKNOWN_SECONDS_MAX: Final = 3
"""The provider may tell of a payment before the answer of the call that made it has been written down here."""

_messages, _payments, _checkouts = table(InboxMessage), table(Payment), table(Checkout)


class News(StrEnum):
    OLD = "old"
    """Captured and booked, and the message marked as worked."""
    EARLY = "early"
    """Somebody is at the checkout, or may be about to write the payment down."""
    OPEN = "open"
    """To be worked by itself."""


@dataclass(frozen=True, slots=True)
class _About:
    message_id: UUID
    received_at: datetime
    state: CheckoutState | None
    lease_until: datetime | None


# One look at an index per message: joined as a whole, a young table's payments would all be read for a few messages.
_purchase = (
    select(_checkouts.c.state, _checkouts.c.lease_until)
    .join_from(_payments, _checkouts, _checkouts.c.id == _payments.c.checkout_id)
    .where(_payments.c.provider == PROVIDER_NAME, _payments.c.provider_ref == _messages.c.object_ref)
    .limit(1)
    .lateral("purchase")
)
_ABOUT = Query(
    select(_messages.c.id, _messages.c.received_at, _purchase.c.state, _purchase.c.lease_until)
    .outerjoin(_purchase, true())
    .where(_messages.c.id == func.any(bindparam("ids")), _messages.c.kind == ProviderEventKind.PAYMENT.value),
    _About,
)


async def sift(message_ids: Sequence[UUID], *, db: Database, clock: Clock) -> Mapping[UUID, News]:
    """What becomes of each message. One read for all, and one transaction for those that are OLD. Safe to repeat."""
    now = clock.now()
    found = await db.primary.all(_ABOUT, ids=list(message_ids))
    news = {about.message_id: _news(about, now) for about in found}
    old = [message_id for message_id, what in news.items() if what is News.OLD]
    if old:
        await db.run(lambda tx: mark_worked(tx, *old))
    return {message_id: news.get(message_id, News.OPEN) for message_id in message_ids}


def _news(about: _About, now: datetime) -> News:
    if about.state is CheckoutState.COMPLETED:
        return News.OLD
    if about.state is None:
        young = about.received_at > now - timedelta(seconds=UNKNOWN_SECONDS_MAX)
        return News.EARLY if young else News.OPEN
    held = about.lease_until is not None and about.lease_until > now
    return News.EARLY if held and about.state in MOVING | {CheckoutState.REQUIRES_ACTION} else News.OPEN
