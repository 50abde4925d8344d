"""The checkout: one purchase, a saga that survives crashes.

Invariant: CAPTURING (from there only confirm, or refund) and CANCELLING (never capture) exclude each other under the
row's lock. Whoever moves it raises `epoch`; what comes back from outside counts only while the epoch is unchanged.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import AMOUNT, TIME, amounts, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step


class CheckoutState(StrEnum):
    AUTHORIZING = "authorizing"
    REQUIRES_ACTION = "requires_action"
    IN_REVIEW = "in_review"
    AWAITING_SELLER = "awaiting_seller"
    CAPTURING = "capturing"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class CheckoutStatus(StrEnum):
    """What clients see of the state."""

    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    IN_REVIEW = "in_review"
    AWAITING_SELLER = "awaiting_seller"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_C, _P = CheckoutState, Party

CHECKOUT_TRANSITIONS: Final = TransitionTable(
    "checkout",
    [
        step(_C.AUTHORIZING, _C.REQUIRES_ACTION, _P.SYSTEM),
        step(_C.AUTHORIZING, _C.IN_REVIEW, _P.SYSTEM),
        step(_C.AUTHORIZING, _C.AWAITING_SELLER, _P.SYSTEM),
        step(_C.AUTHORIZING, _C.CAPTURING, _P.SYSTEM),
        step(_C.AUTHORIZING, _C.CANCELLING, _P.BUYER, _P.SYSTEM, action="CANCEL", timer="reservation expired"),
        step(_C.REQUIRES_ACTION, _C.AUTHORIZING, _P.BUYER, _P.SYSTEM, action="CONTINUE"),
        # The buyer authenticated, or gave the provider a payment method: a read found it authorized.
        step(_C.REQUIRES_ACTION, _C.IN_REVIEW, _P.SYSTEM),
        step(_C.REQUIRES_ACTION, _C.AWAITING_SELLER, _P.SYSTEM),
        step(_C.REQUIRES_ACTION, _C.CAPTURING, _P.SYSTEM),
        step(_C.REQUIRES_ACTION, _C.CANCELLING, _P.BUYER, _P.SYSTEM, action="CANCEL", timer="reservation expired"),
        step(_C.IN_REVIEW, _C.CAPTURING, _P.ADMIN),
        step(_C.IN_REVIEW, _C.AWAITING_SELLER, _P.ADMIN),
        step(_C.IN_REVIEW, _C.CANCELLING, _P.BUYER, _P.ADMIN, _P.SYSTEM, action="CANCEL", timer="24 h in review"),
        step(_C.AWAITING_SELLER, _C.CAPTURING, _P.SELLER),
        step(
            _C.AWAITING_SELLER,
            _C.CANCELLING,
            _P.BUYER,
            _P.SELLER,
            _P.SYSTEM,
            action="CANCEL",
            timer="the seller's deadline",
        ),
        step(_C.CAPTURING, _C.COMPLETED, _P.SYSTEM),
        # The provider proved that it never captured and never will (intent cancelled there), or that somebody took
        # another amount by hand, which is given back.
        step(_C.CAPTURING, _C.CANCELLING, _P.SYSTEM),
        step(_C.CANCELLING, _C.FAILED, _P.SYSTEM),
        step(_C.CANCELLING, _C.EXPIRED, _P.SYSTEM),
        step(_C.CANCELLING, _C.CANCELLED, _P.SYSTEM),
    ],
)

MOVING: Final = frozenset({_C.AUTHORIZING, _C.CAPTURING, _C.CANCELLING})
"""The saga has something to do by itself; an expired lease means that its process died."""
WAITING: Final = frozenset({_C.REQUIRES_ACTION, _C.IN_REVIEW, _C.AWAITING_SELLER})
ENDED: Final = frozenset({_C.COMPLETED, _C.FAILED, _C.EXPIRED, _C.CANCELLED})


class Checkout(TableRow, table=True):
    __tablename__ = "checkout"

    id: UUID = Field(primary_key=True)
    buyer_id: UUID = Field(foreign_key="user.id")
    cart_id: UUID | None = Field(default=None, foreign_key="cart.id")
    state: CheckoutState = Field(sa_type=one_of(CheckoutState))
    epoch: int = Field(default=0)
    lease_until: datetime | None = Field(default=None, sa_type=TIME)
    outcome: CheckoutState | None = Field(default=None, sa_type=one_of(CheckoutState, "outcome"))
    """While CANCELLING: the state in which it will end."""
    failure_code: str | None = Field(default=None, max_length=60)
    currency: str = Field(max_length=3)
    total_minor: int = Field(sa_type=AMOUNT)
    quote: dict[str, Any] = Field(sa_type=JSONB)
    lines: list[dict[str, Any]] = Field(sa_type=JSONB)
    """The cart's lines as consumed (variant, quantity, seen price), to be given back."""
    event_sequence: int = Field(default=0)
    expires_at: datetime | None = Field(default=None, sa_type=TIME)
    """When the reservations expire; null from the point of no return on."""
    trace: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        amounts("total_minor"),
        Index("ix_checkout_buyer", "buyer_id", "id"),
        Index(
            "ix_checkout_lease",
            "lease_until",
            postgresql_where=text("state IN ('authorizing', 'requires_action', 'capturing', 'cancelling')"),
        ),
        Index(
            "ix_checkout_expiry",
            "expires_at",
            postgresql_where=text("state IN ('authorizing', 'requires_action', 'in_review', 'awaiting_seller')"),
        ),
    )


class CheckoutEvent(TableRow, table=True):
    """What the saga did, append-only; the cursor of `checkoutUpdated` is the sequence."""

    __tablename__ = "checkout_event"

    id: UUID = Field(primary_key=True)
    checkout_id: UUID = Field(foreign_key="checkout.id")
    sequence: int = Field()
    state: CheckoutState = Field(sa_type=one_of(CheckoutState))
    reason: str = Field(default="", max_length=60)
    actor: str = Field(max_length=80)
    at: datetime = Field(sa_type=TIME)

    __table_args__ = (UniqueConstraint("checkout_id", "sequence"),)
