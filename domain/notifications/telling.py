"""From what happened to who is told: the handlers of events.

Invariant: however often a job runs, each person is told once per occasion and kind; a notification and its mail are
written in one transaction, so neither exists without the other where mail is sent at all.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert

from domain.catalog.events import ListingStatusChanged
from domain.catalog.model import ListingEvent, ListingStatus
from domain.notifications.events import NotificationsAdded
from domain.notifications.model import (
    KINDS,
    Audience,
    MailDelivery,
    MailPreference,
    Notification,
    NotificationKind,
    notification_id,
)
from domain.orders.events import (
    EscrowReleased,
    OrderAwaitsSeller,
    OrderCancelled,
    OrderDelivered,
    OrderLate,
    OrderMoved,
    OrderPaid,
    OrderReadyForPickup,
    OrderRefunded,
    OrderRestCancelled,
    OrderShipped,
)
from domain.orders.model import CancelledBy, Order, OrderEvent, OrderEventKind
from domain.reviews.events import ReviewModerated, ReviewReplied, ReviewWritten
from domain.reviews.model import Review, ReviewKind, ReviewStatus
from domain.sellers.events import MemberJoined, MemberLeft, SellerDecided
from domain.sellers.model import MEMBERS_MAX, MemberRole, SellerMember
from domain.shared.database import Database, Query, Tx, table
from domain.shared.events import Event
from domain.users.events import PasswordChanged, TokenReused
from domain.users.model import User, UserStatus

_K = NotificationKind
_notifications, _preferences = table(Notification), table(MailPreference)
_events, _members, _users = table(OrderEvent), table(SellerMember), table(User)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: to a user, or to those of a shop whom the kind is for."""

    kind: NotificationKind
    occasion_id: UUID
    user_id: UUID | None = None
    seller_id: UUID | None = None
    cause_id: UUID | None = None
    checkout_id: UUID | None = None
    order_id: UUID | None = None
    listing_id: UUID | None = None
    except_user_id: UUID | None = None
    """Who need not be told: they did it, or it is about them."""


@dataclass(frozen=True, slots=True)
class _Person:
    id: UUID


_PERSON = Query(
    select(_users.c.id).where(_users.c.id == bindparam("user_id"), _users.c.status != UserStatus.ERASED.value), _Person
)
_WORKING = (
    select(_users.c.id)
    .join(_members, _members.c.user_id == _users.c.id)
    .where(_members.c.seller_id == bindparam("seller_id"), _users.c.status == UserStatus.ACTIVE.value)
    .order_by(_users.c.id)
    .limit(MEMBERS_MAX)
)
_MEMBERS = Query(_WORKING, _Person)
_OWNERS = Query(_WORKING.where(_members.c.role == MemberRole.OWNER.value), _Person)
_WAS_KNOWN = (
    select(_events.c.id)
    .where(
        _events.c.order_id == bindparam("order_id"),
        or_(
            _events.c.kind == OrderEventKind.PAID.value,
            _events.c.kind == OrderEventKind.AWAITING_SELLER.value,
        ),
    )
    .limit(1)
)


async def notify(event: Event, *, db: Database, mails: bool) -> int:
    """Tell whom the event concerns; how many were told that had not been. `mails`: mail is sent here."""

    async def step(tx: Tx) -> int:
        notices = await NOTICES[type(event)](tx, event)
        told = [row for notice in notices for row in await _rows(tx, notice)]
        return await _write(tx, told, mails=mails) if told else 0

    return await db.run(step)


async def _write(tx: Tx, rows: Sequence[Mapping[str, Any]], *, mails: bool) -> int:
    written = await tx.execute(
        insert(_notifications)
        .values([dict(row) for row in rows])
        .on_conflict_do_nothing(index_elements=[_notifications.c.id])
        .returning(_notifications.c.id)
    )
    fresh = set(written.scalars())
    added = [row for row in rows if row["id"] in fresh]
    if mails and added:
        unwanted = await _unwanted(tx, [row["recipient_id"] for row in added])
        wanted = [row["id"] for row in added if (row["recipient_id"], row["kind"]) not in unwanted]
        await tx.add(*(MailDelivery(id=id_, next_try_at=tx.now, created_at=tx.now) for id_ in wanted))
    for recipient_id in dict.fromkeys(row["recipient_id"] for row in added):
        tx.record(NotificationsAdded(at=tx.now, recipient_id=recipient_id))
    return len(added)


async def _rows(tx: Tx, notice: Notice) -> list[dict[str, Any]]:
    return [
        {
            "id": notification_id(notice.kind, notice.occasion_id, person.id),
            "recipient_id": person.id,
            "kind": notice.kind,
            "occasion_id": notice.occasion_id,
            "cause_id": notice.cause_id,
            "seller_id": notice.seller_id,
            "checkout_id": notice.checkout_id,
            "order_id": notice.order_id,
            "listing_id": notice.listing_id,
            "created_at": tx.now,
        }
        for person in await _audience(tx, notice)
        if person.id != notice.except_user_id
    ]


async def _audience(tx: Tx, notice: Notice) -> list[_Person]:
    audience = KINDS[notice.kind].audience
    if audience is Audience.USER:
        return await tx.reads.all(_PERSON, user_id=notice.user_id)
    return await tx.reads.all(_OWNERS if audience is Audience.OWNERS else _MEMBERS, seller_id=notice.seller_id)


async def _unwanted(tx: Tx, recipient_ids: Sequence[UUID]) -> set[tuple[UUID, NotificationKind]]:
    found = await tx.execute(
        select(_preferences.c.user_id, _preferences.c.kind).where(
            _preferences.c.user_id.in_(recipient_ids), _preferences.c.mail.is_(False)
        )
    )
    return {(row.user_id, row.kind) for row in found}


async def _paid(tx: Tx, event: OrderPaid) -> list[Notice]:
    paid = Notice(_K.ORDER_PAID, event.event_id, event.buyer_id, order_id=event.order_id)
    return [*await _placed(tx, event), paid]


async def _placed(tx: Tx, event: OrderMoved) -> list[Notice]:
    """Once per purchase for the buyer and once per order for its shop, whichever of paid and accepted comes first."""
    order = await tx.get(Order, event.order_id)
    assert order is not None, "an event's order exists"
    return [
        Notice(_K.ORDER_PLACED, order.checkout_id, event.buyer_id, checkout_id=order.checkout_id),
        Notice(_K.NEW_ORDER, event.order_id, seller_id=event.seller_id, order_id=event.order_id),
    ]


def _for_buyer(kind: NotificationKind) -> "Plan":
    async def plan(_tx: Tx, event: OrderMoved) -> list[Notice]:
        return [Notice(kind, event.event_id, event.buyer_id, cause_id=event.cause_id, order_id=event.order_id)]

    return plan


def _for_both(to_buyer: NotificationKind, to_shop: NotificationKind) -> "Plan":
    async def plan(_tx: Tx, event: OrderMoved) -> list[Notice]:
        return [
            Notice(to_buyer, event.event_id, event.buyer_id, order_id=event.order_id),
            Notice(to_shop, event.event_id, seller_id=event.seller_id, order_id=event.order_id),
        ]

    return plan


async def _cancelled(tx: Tx, event: OrderCancelled) -> list[Notice]:
    """Nobody is told of the end of what they were never told of: a purchase that came to nothing at the payment."""
    order = await tx.get(Order, event.order_id)
    if order is None or await tx.reads.scalar(_WAS_KNOWN, order_id=event.order_id) is None:
        return []
    notices = [Notice(_K.ORDER_CANCELLED, event.event_id, event.buyer_id, order_id=event.order_id)]
    if order.cancelled_by not in (CancelledBy.SELLER, CancelledBy.DECLINED):
        notices.append(Notice(_K.SALE_CANCELLED, event.event_id, seller_id=event.seller_id, order_id=event.order_id))
    return notices


async def _released(_tx: Tx, event: EscrowReleased) -> list[Notice]:
    of_shop: dict[str, Any] = {"seller_id": event.seller_id, "cause_id": event.cause_id}
    return [Notice(_K.PAYMENT_RECEIVED, event.event_id, order_id=event.order_id, **of_shop)]


_LISTING_KINDS: Final[Mapping[tuple[ListingStatus, ListingStatus], NotificationKind]] = {
    (ListingStatus.PENDING_REVIEW, ListingStatus.ACTIVE): _K.LISTING_APPROVED,
    (ListingStatus.SUSPENDED, ListingStatus.ACTIVE): _K.LISTING_APPROVED,
    (ListingStatus.PENDING_REVIEW, ListingStatus.REJECTED): _K.LISTING_REJECTED,
    (ListingStatus.ACTIVE, ListingStatus.SUSPENDED): _K.LISTING_SUSPENDED,
    (ListingStatus.PAUSED, ListingStatus.SUSPENDED): _K.LISTING_SUSPENDED,
}
"""The moves that the marketplace makes; a shop need not be told of its own."""


async def _listing_moved(tx: Tx, event: ListingStatusChanged) -> list[Notice]:
    moved = await tx.get(ListingEvent, event.cause_id) if event.cause_id is not None else None
    kind = _LISTING_KINDS.get((moved.source, moved.target)) if moved is not None else None
    if kind is None:
        return []
    about: dict[str, Any] = {"seller_id": event.seller_id, "listing_id": event.listing_id, "cause_id": event.cause_id}
    return [Notice(kind, event.event_id, **about)]


async def _seller_decided(_tx: Tx, event: SellerDecided) -> list[Notice]:
    return [Notice(_K.SHOP_DECIDED, event.event_id, seller_id=event.seller_id, cause_id=event.decision_id)]


async def _joined(_tx: Tx, event: MemberJoined) -> list[Notice]:
    about: dict[str, Any] = {"seller_id": event.seller_id, "cause_id": event.user_id, "except_user_id": event.user_id}
    return [Notice(_K.MEMBER_JOINED, event.event_id, **about)]


async def _left(_tx: Tx, event: MemberLeft) -> list[Notice]:
    about: dict[str, Any] = {
        "seller_id": event.seller_id,
        "cause_id": event.user_id,
        "except_user_id": event.by_user_id,
    }
    notices = [Notice(_K.MEMBER_LEFT, event.event_id, **about)]
    if event.by_user_id != event.user_id:
        # Not as a member of the shop: they are none any more, and would not get to read it.
        notices.append(Notice(_K.MEMBER_REMOVED, event.event_id, event.user_id, cause_id=event.seller_id))
    return notices


async def _reviewed(tx: Tx, event: ReviewWritten | ReviewModerated) -> list[Notice]:
    """Once per review, when it stands: one that is held is told when a moderator publishes it, a removed one never."""
    review = await tx.get(Review, event.review_id)
    if review is None or review.status is not ReviewStatus.PUBLISHED:
        return []
    about: dict[str, Any] = {"cause_id": review.id, "order_id": review.order_id, "listing_id": review.listing_id}
    if review.kind is ReviewKind.BUYER:
        return [Notice(_K.BUYER_REVIEWED, review.id, event.buyer_id, **about)]
    return [Notice(_K.NEW_REVIEW, review.id, seller_id=event.seller_id, **about)]


async def _replied(tx: Tx, event: ReviewReplied) -> list[Notice]:
    """Once per review: an answer that is changed is no other answer."""
    review = await tx.get(Review, event.review_id)
    assert review is not None, "an event's review exists"
    about: dict[str, Any] = {"cause_id": review.id, "order_id": review.order_id, "listing_id": review.listing_id}
    return [Notice(_K.REVIEW_REPLIED, review.id, event.buyer_id, **about)]


def _for_account(kind: NotificationKind) -> "Plan":
    async def plan(_tx: Tx, event: PasswordChanged | TokenReused) -> list[Notice]:
        return [Notice(kind, event.event_id, event.user_id)]

    return plan


Plan = Callable[[Tx, Any], Awaitable[list[Notice]]]
NOTICES: Final[Mapping[type[Event], Plan]] = {
    OrderPaid: _paid,
    OrderAwaitsSeller: _placed,
    OrderShipped: _for_buyer(_K.ORDER_SHIPPED),
    OrderDelivered: _for_buyer(_K.ORDER_DELIVERED),
    OrderReadyForPickup: _for_buyer(_K.ORDER_READY),
    OrderLate: _for_both(_K.ORDER_LATE, _K.SALE_LATE),
    OrderCancelled: _cancelled,
    OrderRestCancelled: _for_both(_K.ORDER_REST_CANCELLED, _K.SALE_REST_CANCELLED),
    OrderRefunded: _for_buyer(_K.ORDER_REFUNDED),
    EscrowReleased: _released,
    ListingStatusChanged: _listing_moved,
    SellerDecided: _seller_decided,
    MemberJoined: _joined,
    MemberLeft: _left,
    ReviewWritten: _reviewed,
    ReviewModerated: _reviewed,
    ReviewReplied: _replied,
    PasswordChanged: _for_account(_K.PASSWORD_CHANGED),
    TokenReused: _for_account(_K.SESSION_STOLEN),
}
"""Event -> what is told about it."""
