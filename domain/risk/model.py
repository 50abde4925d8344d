"""What the risk rules said of a checkout, and the case that a person decides when they were not sure.

A case may also be about money of a purchase that the marketplace lost: then it names the loss, all of it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import AMOUNT, TIME, one_of
from domain.shared.table_row import TableRow


class Verdict(StrEnum):
    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"


class CaseStatus(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    SETTLED = "settled"
    """Nothing of its loss is left to be decided: it was given to orders, or the money came back."""


class LossKind(StrEnum):
    """How money was lost: by whom it was given back or taken, and what the books know of it."""

    UNATTRIBUTED_REFUND = "unattributed_refund"
    """Given back by hand at the provider, and it fits several orders."""
    RELEASED_REFUND = "released_refund"
    """Given back by hand at the provider, for orders whose sellers had been paid."""
    CHARGEBACK = "chargeback"
    """Taken by the buyer's bank, for good."""


class RiskAssessment(TableRow, table=True):
    __tablename__ = "risk_assessment"

    id: UUID = Field(primary_key=True)
    checkout_id: UUID = Field(foreign_key="checkout.id", index=True)
    verdict: Verdict = Field(sa_type=one_of(Verdict))
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    at: datetime = Field(sa_type=TIME)


class ModerationCase(TableRow, table=True):
    __tablename__ = "moderation_case"

    id: UUID = Field(primary_key=True)
    checkout_id: UUID = Field(foreign_key="checkout.id", index=True)
    status: CaseStatus = Field(default=CaseStatus.OPEN, sa_type=one_of(CaseStatus))
    opened_at: datetime = Field(sa_type=TIME)
    decided_at: datetime | None = Field(default=None, sa_type=TIME)
    decided_by: UUID | None = Field(default=None, foreign_key="user.id")
    note: str = Field(default="", max_length=500)
    loss_kind: LossKind | None = Field(default=None, sa_type=one_of(LossKind))
    payment_id: UUID | None = Field(default=None, foreign_key="payment.id")
    provider_ref: str | None = Field(default=None, max_length=100)
    """The refund or chargeback, as the provider calls it."""
    loss_minor: int | None = Field(default=None, sa_type=AMOUNT)
    loss_currency: str | None = Field(default=None, max_length=3)

    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(loss_kind, payment_id, provider_ref, loss_minor, loss_currency) IN (0, 5)", name="loss"
        ),
        CheckConstraint("loss_minor > 0", name="amount"),
        Index("ix_moderation_case_open", "id", postgresql_where=text("status = 'open'")),
        Index("ix_moderation_case_loss", "payment_id", postgresql_where=text("payment_id IS NOT NULL")),
    )
