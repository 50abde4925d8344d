"""What people are told, in a list of their own and by e-mail.

Invariant: a notification holds references only; its words are made when it is read, from what they refer to. Its id is
made from what it is about, so telling it again adds nothing, and the mail's Message-ID is made from its id.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlmodel import Field

from domain.shared.columns import TIME, Xid8, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step


class NotificationKind(StrEnum):
    ORDER_PLACED = "order_placed"
    ORDER_PAID = "order_paid"
    ORDER_SHIPPED = "order_shipped"
    ORDER_DELIVERED = "order_delivered"
    ORDER_READY = "order_ready"
    ORDER_LATE = "order_late"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REST_CANCELLED = "order_rest_cancelled"
    ORDER_REFUNDED = "order_refunded"
    NEW_ORDER = "new_order"
    SALE_LATE = "sale_late"
    SALE_CANCELLED = "sale_cancelled"
    SALE_REST_CANCELLED = "sale_rest_cancelled"
    PAYMENT_RECEIVED = "payment_received"
    LISTING_APPROVED = "listing_approved"
    LISTING_REJECTED = "listing_rejected"
    LISTING_SUSPENDED = "listing_suspended"
    SHOP_DECIDED = "shop_decided"
    MEMBER_JOINED = "member_joined"
    MEMBER_LEFT = "member_left"
    MEMBER_REMOVED = "member_removed"
    NEW_REVIEW = "new_review"
    REVIEW_REPLIED = "review_replied"
    BUYER_REVIEWED = "buyer_reviewed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a fact, not a secret
    SESSION_STOLEN = "session_stolen"


class Audience(StrEnum):
    USER = "user"
    """The one person it is about: a buyer, or the owner of an account."""
    MEMBERS = "members"
    """Everybody who works for the shop."""
    OWNERS = "owners"
    """The shop's owners: money and how the shop stands are theirs alone."""


@dataclass(frozen=True, slots=True)
class KindTerms:
    """Whom a kind is for, and whether its mails may be turned off."""

    audience: Audience
    optional: bool = True


_K = NotificationKind

KINDS: Final[Mapping[NotificationKind, KindTerms]] = {
    # The law wants a purchase confirmed in writing, so nobody turns this off.
    _K.ORDER_PLACED: KindTerms(Audience.USER, optional=False),
    _K.ORDER_PAID: KindTerms(Audience.USER),
    _K.ORDER_SHIPPED: KindTerms(Audience.USER),
    _K.ORDER_DELIVERED: KindTerms(Audience.USER),
    _K.ORDER_READY: KindTerms(Audience.USER),
    _K.ORDER_LATE: KindTerms(Audience.USER),
    _K.ORDER_CANCELLED: KindTerms(Audience.USER),
    _K.ORDER_REST_CANCELLED: KindTerms(Audience.USER),
    _K.ORDER_REFUNDED: KindTerms(Audience.USER),
    _K.NEW_ORDER: KindTerms(Audience.MEMBERS),
    _K.SALE_LATE: KindTerms(Audience.MEMBERS),
    _K.SALE_CANCELLED: KindTerms(Audience.MEMBERS),
    _K.SALE_REST_CANCELLED: KindTerms(Audience.MEMBERS),
    _K.PAYMENT_RECEIVED: KindTerms(Audience.OWNERS),
    _K.LISTING_APPROVED: KindTerms(Audience.MEMBERS),
    _K.LISTING_REJECTED: KindTerms(Audience.MEMBERS),
    _K.LISTING_SUSPENDED: KindTerms(Audience.MEMBERS),
    _K.SHOP_DECIDED: KindTerms(Audience.OWNERS),
    # Who gets into a shop sees its buyers: no owner should have to find out by looking.
    _K.MEMBER_JOINED: KindTerms(Audience.OWNERS),
    _K.MEMBER_LEFT: KindTerms(Audience.OWNERS),
    _K.MEMBER_REMOVED: KindTerms(Audience.USER),
    _K.NEW_REVIEW: KindTerms(Audience.MEMBERS),
    _K.REVIEW_REPLIED: KindTerms(Audience.USER),
    _K.BUYER_REVIEWED: KindTerms(Audience.USER),
    # Whoever took an account over must not be able to keep this from its owner.
    _K.PASSWORD_CHANGED: KindTerms(Audience.USER, optional=False),
    _K.SESSION_STOLEN: KindTerms(Audience.USER, optional=False),
}


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    """The mail server will never take it."""
    DEAD = "dead"
    """Given up after all attempts; it lies there until somebody retries it."""
    SKIPPED = "skipped"
    """Nobody is there to be told any more, or they want no mail of this kind."""


_D = DeliveryState

DELIVERY_TRANSITIONS: Final = TransitionTable(
    "mail",
    [
        step(_D.WAITING, _D.SENDING, Party.SYSTEM),
        step(_D.WAITING, _D.SKIPPED, Party.SYSTEM),
        step(_D.WAITING, _D.DEAD, Party.SYSTEM, timer="five days after it was written"),
        step(_D.SENDING, _D.SENDING, Party.SYSTEM, timer="when the lease runs out"),
        step(_D.SENDING, _D.SENT, Party.SYSTEM),
        step(_D.SENDING, _D.WAITING, Party.SYSTEM),
        step(_D.SENDING, _D.REFUSED, Party.SYSTEM),
        step(_D.SENDING, _D.DEAD, Party.SYSTEM),
        step(_D.SENDING, _D.SKIPPED, Party.SYSTEM),
        step(_D.REFUSED, _D.WAITING, Party.ADMIN, action="RETRY"),
        step(_D.DEAD, _D.WAITING, Party.ADMIN, action="RETRY"),
        # A server's yes may come after everybody has given up: what was taken was taken.
        step(_D.WAITING, _D.SENT, Party.SYSTEM),
        step(_D.DEAD, _D.SENT, Party.SYSTEM),
        step(_D.REFUSED, _D.SENT, Party.SYSTEM),
        step(_D.SKIPPED, _D.SENT, Party.SYSTEM),
    ],
)
OPEN: Final = frozenset({_D.WAITING, _D.SENDING})


class Notification(TableRow, table=True):
    """One thing told to one person. `seller_id` is the shop as whose member they are told; null for themselves."""

    __tablename__ = "notification"

    id: UUID = Field(primary_key=True)
    recipient_id: UUID = Field(foreign_key="user.id")
    kind: NotificationKind = Field(sa_type=one_of(NotificationKind))
    occasion_id: UUID = Field()
    """What makes it one: told once for each occasion, person and kind."""
    cause_id: UUID | None = Field(default=None)
    """The row that the words need besides: a refund, a decision, an event, a ledger transaction, a member's user,
    the shop that one works for no longer."""
    seller_id: UUID | None = Field(default=None, foreign_key="seller.id")
    checkout_id: UUID | None = Field(default=None, foreign_key="checkout.id")
    order_id: UUID | None = Field(default=None, foreign_key="order.id")
    listing_id: UUID | None = Field(default=None, foreign_key="listing.id")
    created_at: datetime = Field(sa_type=TIME)
    read_at: datetime | None = Field(default=None, sa_type=TIME)
    xid: Any = Field(
        default=None, sa_column=Column(Xid8(), nullable=False, server_default=text("pg_current_xact_id()"))
    )

    __table_args__ = (
        Index("ix_notification_recipient", "recipient_id", "id"),
        Index("ix_notification_unread", "recipient_id", "id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notification_feed", "recipient_id", "xid", "id"),
    )


class MailDelivery(TableRow, table=True):
    """A notification on its way by mail; its id is the notification's. The address is read when it is sent."""

    __tablename__ = "mail_delivery"

    id: UUID = Field(primary_key=True, foreign_key="notification.id")
    state: DeliveryState = Field(default=DeliveryState.WAITING, sa_type=one_of(DeliveryState))
    attempts: int = Field(default=0)
    """How often a server may have been given it; a server that could not be reached at all does not count."""
    message_id: str | None = Field(default=None, max_length=300)
    """Set by the first attempt and never changed, so that a mail that came twice is known for one."""
    next_try_at: datetime = Field(sa_type=TIME)
    """When anybody may take it: while SENDING, the end of the lease."""
    last_error: str = Field(default="", max_length=300)
    created_at: datetime = Field(sa_type=TIME)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_mail_delivery_due", "next_try_at", postgresql_where=text("state IN ('waiting', 'sending')")),
        Index("ix_mail_delivery_state", "state", "id"),
    )


class MailPreference(TableRow, table=True):
    """Whether a user wants mails of a kind; without a row they do."""

    __tablename__ = "mail_preference"

    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    kind: NotificationKind = Field(primary_key=True, sa_type=one_of(NotificationKind))
    mail: bool = Field()
    updated_at: datetime = Field(sa_type=TIME)


def notification_id(kind: NotificationKind, occasion_id: UUID, recipient_id: UUID) -> UUID:
    """The id of the one notification of this kind to this person on this occasion.

    A UUIDv7 with the occasion's time, so that notifications by id are notifications by time; the rest is a hash.
    """
    digest = hashlib.sha256(b"\x00".join([kind.value.encode(), occasion_id.bytes, recipient_id.bytes])).digest()
    tail = int.from_bytes(digest[:10])
    head, low = (tail >> 62) & 0xFFF, tail & ((1 << 62) - 1)
    return UUID(int=(occasion_id.int >> 80 << 80) | (7 << 76) | (head << 64) | (2 << 62) | low)
