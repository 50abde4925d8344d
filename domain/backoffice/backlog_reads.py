"""What waits longer than it should, over all nouns: for operators, never for a decision.

Invariant: each count is cut off at COUNTED_MAX, so a large backlog costs as much to look at as a small one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, TextClause, bindparam, cast, exists, func, literal, select, text, tuple_
from sqlalchemy.types import DateTime, Uuid

from domain.catalog.model import ListingChange
from domain.checkout.model import MOVING, WAITING, Checkout, CheckoutState
from domain.inbox.model import InboxMessage
from domain.ledger.model import LedgerSeal, LedgerTransaction
from domain.notifications.model import DeliveryState, MailDelivery
from domain.orders.model import Order, OrderHold, OrderStatus
from domain.payments.model import Refund, RefundStatus
from domain.shared.columns import Xid8
from domain.shared.database import Query, Reads, table

COUNTED_MAX: Final = 10_000


class Backlog(StrEnum):
    """Work that some process should have done by now."""

    ABANDONED_CHECKOUTS = "purchases without a process"
    UNEXPIRED_CHECKOUTS = "purchases past their expiry"
    UNSEALED_LEDGER = "unsealed ledger transactions"
    UNWORKED_INBOX = "unworked messages from outside"
    PENDING_REFUNDS = "refunds under way"
    UNRELEASED_ORDERS = "orders due for completion"
    UNINDEXED_CHANGES = "changes not yet searchable"
    UNSENT_MAILS = "mails not yet sent"
    DEAD_MAILS = "mails given up"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many (COUNTED_MAX and more look alike), and since when the one that waits longest."""

    count: int
    oldest_at: datetime | None


_checkouts, _transactions, _seals = table(Checkout), table(LedgerTransaction), table(LedgerSeal)
_messages, _refunds, _changes = table(InboxMessage), table(Refund), table(ListingChange)
_orders, _holds, _mails = table(Order), table(OrderHold), table(MailDelivery)


def _waiting(since: ColumnElement[Any], *conditions: ColumnElement[bool] | TextClause) -> Query[Waiting]:
    """Counts what waits, the longest first."""
    found: Select[Any] = select(since.label("since")).where(*conditions).order_by(since).limit(COUNTED_MAX)
    rows = found.subquery()
    return Query(select(func.count(), func.min(rows.c.since)), Waiting)


def _states(states: frozenset[CheckoutState]) -> TextClause:
    """Written out, so that the partial indexes of the sweeps serve."""
    return text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(states))))


def _last_sealed(column: str, otherwise: ColumnElement[Any]) -> ColumnElement[Any]:
    """Where the chain ends, or the beginning of all when there is none."""
    last = select(_seals.c[column]).order_by(_seals.c.number.desc()).limit(1).scalar_subquery()
    return func.coalesce(last, otherwise)


_now = bindparam("now", type_=DateTime(timezone=True))
_chain_end = tuple_(
    _last_sealed("up_to_xid", cast(literal("0"), Xid8())),
    _last_sealed("up_to_id", cast(literal(str(UUID(int=0))), Uuid())),
)
_lease_end = func.coalesce(_checkouts.c.lease_until, _checkouts.c.updated_at)

_QUERIES: Final[Mapping[Backlog, Query[Waiting]]] = {
    Backlog.ABANDONED_CHECKOUTS: _waiting(_lease_end, _states(MOVING), _lease_end < _now),
    Backlog.UNEXPIRED_CHECKOUTS: _waiting(
        _checkouts.c.expires_at,
        _states(WAITING | {CheckoutState.AUTHORIZING}),
        _checkouts.c.expires_at < _now,
    ),
    Backlog.UNSEALED_LEDGER: _waiting(
        _transactions.c.created_at,
        tuple_(_transactions.c.xid, _transactions.c.id) > _chain_end,
        _transactions.c.created_at < _now,
    ),
    Backlog.UNWORKED_INBOX: _waiting(
        _messages.c.received_at, _messages.c.worked_at.is_(None), _messages.c.received_at < _now
    ),
    Backlog.PENDING_REFUNDS: _waiting(
        _refunds.c.created_at, text(f"status = '{RefundStatus.PENDING}'"), _refunds.c.created_at < _now
    ),
    Backlog.UNRELEASED_ORDERS: _waiting(
        _orders.c.release_due_at,
        text(f"status IN ('{OrderStatus.SHIPPED}', '{OrderStatus.DELIVERED}')"),
        _orders.c.release_due_at < _now,
        # What is on hold waits on purpose.
        ~exists().where(_holds.c.order_id == _orders.c.id, _holds.c.closed_at.is_(None)),
    ),
    Backlog.UNINDEXED_CHANGES: _waiting(_changes.c.at, _changes.c.at < _now),
    Backlog.UNSENT_MAILS: _waiting(
        _mails.c.created_at, text("state IN ('waiting', 'sending')"), _mails.c.created_at < _now
    ),
    Backlog.DEAD_MAILS: _waiting(
        _mails.c.ended_at, _mails.c.state == DeliveryState.DEAD.value, _mails.c.ended_at < _now
    ),
}


async def waiting(reads: Reads, backlog: Backlog, *, now: datetime) -> Waiting:
    """What of this backlog waits at `now`."""
    found = await reads.first(_QUERIES[backlog], now=now)
    assert found is not None
    return found
