"""Payments: one row per provider intent, shared out over the orders that it pays.

Invariant: refunded <= captured <= authorized for every order's share, enforced by the database; refunds, fees and
chargebacks refer to the share, never to the payment as a whole.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from domain.shared.columns import AMOUNT, TIME, amounts, one_of
from domain.shared.table_row import TableRow


class PaymentStatus(StrEnum):
    CREATED = "created"
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    CANCELLED = "cancelled"


class RefundCause(StrEnum):
    """Whence a refund comes that nobody asked the provider for here; the others name the order's activity."""

    BY_HAND = "by_hand"
    CHARGEBACK = "chargeback"


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Payment(TableRow, table=True):
    """One intent of one provider, in one currency, captured at one moment.

    The idempotency key of a call is `<id>:<step>:<attempt>`; `attempt` rises only after a read proved that the last
    call had no effect.
    """

    __tablename__ = "payment"

    id: UUID = Field(primary_key=True)
    checkout_id: UUID = Field(foreign_key="checkout.id", index=True)
    provider: str = Field(max_length=20)
    provider_ref: str | None = Field(default=None, max_length=100)
    status: PaymentStatus = Field(default=PaymentStatus.CREATED, sa_type=one_of(PaymentStatus))
    currency: str = Field(max_length=3)
    amount_minor: int = Field(sa_type=AMOUNT)
    captured_minor: int = Field(default=0, sa_type=AMOUNT)
    refunded_minor: int = Field(default=0, sa_type=AMOUNT)
    """Of all shares, and what was given back by hand and belongs to none of them.

    What a bank took by a chargeback is in it once an administrator has given it to orders.
    """
    fee_minor: int | None = Field(default=None, sa_type=AMOUNT)
    """What the provider kept; None until it says so, perhaps some time after the capture."""
    fee_currency: str | None = Field(default=None, max_length=3)
    """Of the fee, where the provider settles in another currency than the payment's."""
    attempt: int = Field(default=1)
    payment_method: str | None = Field(default=None, max_length=100)
    client_secret: str | None = Field(default=None, max_length=200)
    decline_code: str | None = Field(default=None, max_length=60)
    capture_before: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        amounts("amount_minor", "captured_minor", "refunded_minor", "fee_minor"),
        CheckConstraint("refunded_minor <= captured_minor AND captured_minor <= amount_minor", name="order"),
        CheckConstraint("fee_currency IS NULL OR fee_minor IS NOT NULL AND fee_currency <> currency", name="fee"),
        Index("ix_payment_provider_ref", "provider", "provider_ref"),
        Index(
            "ix_payment_fee_unknown",
            "updated_at",
            postgresql_where=text("status = 'captured' AND fee_minor IS NULL"),
        ),
    )


class PaymentAllocation(TableRow, table=True):
    """The share of one order in one payment."""

    __tablename__ = "payment_allocation"

    payment_id: UUID = Field(primary_key=True, foreign_key="payment.id")
    order_id: UUID = Field(primary_key=True, foreign_key="order.id", index=True)
    amount_minor: int = Field(sa_type=AMOUNT)
    authorized_minor: int = Field(default=0, sa_type=AMOUNT)
    captured_minor: int = Field(default=0, sa_type=AMOUNT)
    refunded_minor: int = Field(default=0, sa_type=AMOUNT)

    __table_args__ = (
        amounts("amount_minor", "authorized_minor", "captured_minor", "refunded_minor"),
        CheckConstraint(
            "refunded_minor <= captured_minor AND captured_minor <= authorized_minor"
            " AND authorized_minor <= amount_minor",
            name="order",
        ),
    )


class Refund(TableRow, table=True):
    """Money on its way back. Written before the provider is asked, so that a crash cannot forget or repeat it."""

    __tablename__ = "refund"

    id: UUID = Field(primary_key=True)
    payment_id: UUID = Field(foreign_key="payment.id", index=True)
    order_id: UUID = Field(foreign_key="order.id", index=True)
    amount_minor: int = Field(sa_type=AMOUNT)
    currency: str = Field(max_length=3)
    status: RefundStatus = Field(default=RefundStatus.PENDING, sa_type=one_of(RefundStatus))
    provider_ref: str | None = Field(default=None, max_length=100)
    attempt: int = Field(default=1)
    lease_until: datetime | None = Field(default=None, sa_type=TIME)
    """Until then one process is at it. Set once: the provider may have been asked."""
    cause: str = Field(max_length=60)
    failure_code: str | None = Field(default=None, max_length=60)
    created_at: datetime = Field(sa_type=TIME)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_refund_pending", "created_at", postgresql_where=text("status = 'pending'")),
    )
