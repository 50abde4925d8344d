"""What the risk rules said of a checkout, and the case that a person decides when they were not sure."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.shared.columns import TIME, one_of


class Verdict(StrEnum):
    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"


class CaseStatus(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


class RiskAssessment(SQLModel, table=True):
    __tablename__ = "risk_assessment"

    id: UUID = Field(primary_key=True)
    checkout_id: UUID = Field(foreign_key="checkout.id", index=True)
    verdict: Verdict = Field(sa_type=one_of(Verdict))
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    at: datetime = Field(sa_type=TIME)


class ModerationCase(SQLModel, table=True):
    __tablename__ = "moderation_case"

    id: UUID = Field(primary_key=True)
    checkout_id: UUID = Field(foreign_key="checkout.id", index=True)
    status: CaseStatus = Field(default=CaseStatus.OPEN, sa_type=one_of(CaseStatus))
    opened_at: datetime = Field(sa_type=TIME)
    decided_at: datetime | None = Field(default=None, sa_type=TIME)
    decided_by: UUID | None = Field(default=None, foreign_key="user.id")
    note: str = Field(default="", max_length=500)

    __table_args__ = (Index("ix_moderation_case_open", "id", postgresql_where=text("status = 'open'")),)
