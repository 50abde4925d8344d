"""Notifications as their recipients read them, with the facts that their words are made of.

Invariant: a recipient reads their own and nobody else's; what somebody was told as a member of a shop is theirs only
while they work for it, and what is for owners only while they are one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select

from domain.catalog.model import Listing, ListingEvent
from domain.checkout.model import Checkout
from domain.ledger.model import Account, AccountKind, Entry
from domain.notifications.model import KINDS, Audience, MailPreference, Notification, NotificationKind
from domain.orders.model import Order, Shipment
from domain.payments.model import Refund
from domain.sellers.model import MemberRole, Seller, SellerDecision, SellerMember, SellerStatus
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest
from domain.users.model import User

_notifications, _preferences = table(Notification), table(MailPreference)
_orders, _shipments, _checkouts, _refunds = table(Order), table(Shipment), table(Checkout), table(Refund)
_sellers, _decisions, _members = table(Seller), table(SellerDecision), table(SellerMember)
_listings, _moves, _users = table(Listing), table(ListingEvent), table(User)
_entries, _accounts = table(Entry), table(Account)
_colleagues = _users.alias("colleague")

ORDERS_SHOWN_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class NotificationView:
    """One notification and the facts around it; those that its kind does not speak of are None or empty."""

    id: UUID
    recipient_id: UUID
    kind: NotificationKind
    seller_id: UUID | None
    checkout_id: UUID | None
    order_id: UUID | None
    listing_id: UUID | None
    created_at: datetime
    read_at: datetime | None
    locale: str
    order_number: str | None
    order_numbers: list[str]
    """Of all orders of the checkout."""
    total_minor: int | None
    """Of the order or the checkout."""
    amount_minor: int | None
    """Of the refund, or what the seller got."""
    currency: str | None
    deadline_at: datetime | None
    """Until when the shop may accept."""
    paid_at: datetime | None
    shop_name: str | None
    listing_title: str | None
    decision: SellerStatus | None
    reason: str | None
    carrier: str | None
    tracking_number: str | None
    member_name: str | None
    """Of the colleague who came or went; empty once they are erased."""


def _newest_shipment(column: Any) -> Any:
    return (
        select(column)
        .where(_shipments.c.order_id == _notifications.c.order_id, _is(NotificationKind.ORDER_SHIPPED))
        .order_by(_shipments.c.id.desc())
        .limit(1)
        .correlate(_notifications)
        .scalar_subquery()
    )


def _is(*kinds: NotificationKind) -> ColumnElement[bool]:
    return or_(*(_notifications.c.kind == kind.value for kind in kinds))


_RECEIVED_MINOR: Any = (
    select((-func.sum(_entries.c.amount_minor)).cast(_orders.c.total_minor.type))
    .join(_accounts, _accounts.c.id == _entries.c.account_id)
    .where(
        _entries.c.transaction_id == _notifications.c.cause_id,
        _accounts.c.kind == AccountKind.SELLER_PAYABLE.value,
        _is(NotificationKind.PAYMENT_RECEIVED),
    )
    .correlate(_notifications)
    .scalar_subquery()
)
_NUMBERS: Any = func.array(
    select(_orders.c.number)
    .where(_orders.c.checkout_id == _notifications.c.checkout_id)
    .order_by(_orders.c.id)
    .limit(ORDERS_SHOWN_MAX)
    .correlate(_notifications)
    .scalar_subquery()
)
_MEMBER_NAME: Any = (
    select(_colleagues.c.display_name)
    .where(
        _colleagues.c.id == _notifications.c.cause_id, _is(NotificationKind.MEMBER_JOINED, NotificationKind.MEMBER_LEFT)
    )
    .correlate(_notifications)
    .scalar_subquery()
)
_the_order = _orders.alias("the_order")
_FACTS: Mapping[str, Any] = {
    "locale": _users.c.locale,
    "order_number": _the_order.c.number,
    "order_numbers": _NUMBERS,
    "total_minor": func.coalesce(_the_order.c.total_minor, _checkouts.c.total_minor),
    "amount_minor": func.coalesce(_refunds.c.amount_minor, _RECEIVED_MINOR),
    "currency": func.coalesce(_the_order.c.currency, _checkouts.c.currency),
    "deadline_at": _the_order.c.seller_deadline_at,
    "paid_at": _the_order.c.paid_at,
    "shop_name": _sellers.c.name,
    "listing_title": _listings.c.title,
    "decision": _decisions.c.status,
    "reason": func.coalesce(_moves.c.reason, _decisions.c.reason, _the_order.c.cancel_reason),
    "carrier": _newest_shipment(_shipments.c.carrier),
    "tracking_number": _newest_shipment(_shipments.c.tracking_number),
    "member_name": _MEMBER_NAME,
}
_OWNERS_ONLY: Final = tuple(kind for kind, terms in KINDS.items() if terms.audience is Audience.OWNERS)

ENTITLED: Final = or_(
    _notifications.c.seller_id.is_(None),
    exists().where(
        _members.c.seller_id == _notifications.c.seller_id,
        _members.c.user_id == _notifications.c.recipient_id,
        or_(_members.c.role == MemberRole.OWNER.value, ~_is(*_OWNERS_ONLY)),
    ),
)
"""The recipient is still one of those whom it is for."""


def selection(fields: Mapping[str, object], more: Mapping[str, Any]) -> Select[Any]:
    """The columns of a view, in the order of its fields, over everything that facts come from."""
    known = {**_FACTS, **more}
    return (
        select(*(known[name] if name in known else _notifications.c[name] for name in fields))
        .select_from(_notifications)
        .join(_users, _users.c.id == _notifications.c.recipient_id)
        .outerjoin(_the_order, _the_order.c.id == _notifications.c.order_id)
        .outerjoin(_checkouts, _checkouts.c.id == _notifications.c.checkout_id)
        .outerjoin(_listings, _listings.c.id == _notifications.c.listing_id)
        .outerjoin(
            _sellers,
            _sellers.c.id
            == func.coalesce(_the_order.c.seller_id, _notifications.c.seller_id, _notifications.c.cause_id),
        )
        .outerjoin(_moves, _moves.c.id == _notifications.c.cause_id)
        .outerjoin(_decisions, _decisions.c.id == _notifications.c.cause_id)
        .outerjoin(_refunds, _refunds.c.id == _notifications.c.cause_id)
    )


_VIEW = selection(NotificationView.__dataclass_fields__, {}).where(
    _notifications.c.recipient_id == bindparam("recipient_id"), ENTITLED
)
_ONE = Query(_VIEW.where(_notifications.c.id == bindparam("id")), NotificationView)


def notifications_keyset(recipient_id: UUID, *, unread_only: bool) -> Keyset:
    return Keyset.of("newest", recipient_id, unread_only)


async def notifications_page(
    reads: Reads, recipient_id: UUID, request: PageRequest, *, unread_only: bool
) -> Page[NotificationView]:
    """Newest first."""
    parameters: dict[str, Any] = {"recipient_id": recipient_id, "limit": request.first + 1}
    if request.key is not None:
        parameters["key"] = request.key_id()
    rows = await reads.all(_page(unread_only, request.key is not None, request.backwards), **parameters)
    return notifications_keyset(recipient_id, unread_only=unread_only).page(request, rows, lambda row: (row.id,))


async def notification_of(reads: Reads, recipient_id: UUID, id_: UUID) -> NotificationView | None:
    return await reads.first(_ONE, recipient_id=recipient_id, id=id_)


async def count_notifications(reads: Reads, recipient_id: UUID, *, unread_only: bool) -> int:
    """At most COUNT_MAX + 1."""
    count: int = await reads.scalar(_count(unread_only).statement, recipient_id=recipient_id)
    return count


@cache
def _page(unread_only: bool, keyed: bool, backwards: bool) -> Query[NotificationView]:
    statement = _VIEW.limit(bindparam("limit"))
    if unread_only:
        statement = statement.where(_notifications.c.read_at.is_(None))
    if keyed:
        key = bindparam("key", type_=_notifications.c.id.type)
        statement = statement.where(_notifications.c.id > key if backwards else _notifications.c.id < key)
    order = _notifications.c.id if backwards else _notifications.c.id.desc()
    return Query(statement.order_by(order), NotificationView)


@cache
def _count(unread_only: bool) -> Query[int]:
    inner = select(_notifications.c.id).where(_notifications.c.recipient_id == bindparam("recipient_id"), ENTITLED)
    if unread_only:
        inner = inner.where(_notifications.c.read_at.is_(None))
    return Query(select(func.count()).select_from(inner.limit(COUNT_MAX + 1).subquery()), int)
