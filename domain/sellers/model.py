"""Shops: who runs them, how they ship, and the account they are paid through.

Invariant: nothing sold or owed refers to a user; it refers to a seller.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, text
from sqlmodel import Field

from domain.shared.columns import AMOUNT, TIME, amounts, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step

SHIPPING_RATES_MAX: Final = 50
MEMBERS_MAX: Final = 50
INVITATIONS_OPEN_MAX: Final = 20
SHOPS_PER_USER_MAX: Final = 20
"""A person may work for so many, and no list of theirs is longer."""


class SellerStatus(StrEnum):
    APPLIED = "applied"
    ACTIVE = "active"
    RESTRICTED = "restricted"
    """Sells on, but new listings are reviewed and nothing is paid out."""
    SUSPENDED = "suspended"
    REJECTED = "rejected"


_S, _P = SellerStatus, Party

SELLER_TRANSITIONS: Final = TransitionTable(
    "seller",
    [
        step(_S.APPLIED, _S.ACTIVE, _P.ADMIN, action="APPROVE"),
        step(_S.APPLIED, _S.REJECTED, _P.ADMIN, action="REJECT"),
        step(_S.REJECTED, _S.APPLIED, _P.SELLER, action="APPLY_AGAIN"),
        step(_S.ACTIVE, _S.RESTRICTED, _P.ADMIN, _P.SYSTEM, action="RESTRICT"),
        step(_S.RESTRICTED, _S.ACTIVE, _P.ADMIN, action="LIFT_RESTRICTION"),
        step(_S.ACTIVE, _S.SUSPENDED, _P.ADMIN, action="SUSPEND"),
        step(_S.RESTRICTED, _S.SUSPENDED, _P.ADMIN, action="SUSPEND"),
        step(_S.SUSPENDED, _S.ACTIVE, _P.ADMIN, action="REINSTATE"),
    ],
)


class MemberRole(StrEnum):
    OWNER = "owner"
    STAFF = "staff"


class Seller(TableRow, table=True):
    __tablename__ = "seller"

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=200)
    slug: str = Field(max_length=80, unique=True)
    description: str = Field(default="", max_length=10_000)
    country: str = Field(max_length=2)
    currency: str = Field(max_length=3)
    tax_id: str = Field(default="", max_length=50)
    status: SellerStatus = Field(default=SellerStatus.APPLIED, sa_type=one_of(SellerStatus))
    status_reason: str = Field(default="", max_length=500)
    trusted: bool = Field(default=False)
    """Listings of a trusted seller need no approval."""
    commission_ppm: int | None = Field(default=None)
    """Overrides the category's and the platform's rate."""
    handling_days: int = Field(default=2)
    returns_days: int = Field(default=14)
    policy: str = Field(default="", max_length=10_000)
    rating_millis: int | None = Field(default=None)
    """Average of the published reviews in thousandths of a star."""
    rating_count: int = Field(default=0)
    version: int = Field(default=1)
    applied_at: datetime = Field(sa_type=TIME)
    approved_at: datetime | None = Field(default=None, sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        CheckConstraint("commission_ppm BETWEEN 0 AND 1000000", name="commission"),
        CheckConstraint("handling_days BETWEEN 0 AND 60", name="handling"),
        CheckConstraint("returns_days BETWEEN 0 AND 365", name="returns"),
        Index("ix_seller_status", "status", "id"),
    )


class SellerMember(TableRow, table=True):
    __tablename__ = "seller_member"

    seller_id: UUID = Field(primary_key=True, foreign_key="seller.id")
    user_id: UUID = Field(primary_key=True, foreign_key="user.id", index=True)
    role: MemberRole = Field(sa_type=one_of(MemberRole))
    added_at: datetime = Field(sa_type=TIME)


class InvitationEnd(StrEnum):
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    REPLACED = "replaced"
    """The address was invited anew."""


class SellerInvitation(TableRow, table=True):
    """That an address may join a shop. Its token is known here by its SHA-256 only."""

    __tablename__ = "seller_invitation"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id")
    email: str = Field(max_length=320)
    role: MemberRole = Field(sa_type=one_of(MemberRole))
    invited_by: UUID = Field(foreign_key="user.id")
    token_digest: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)
    ended_because: InvitationEnd | None = Field(default=None, sa_type=one_of(InvitationEnd))

    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="ended"),
        Index("ix_seller_invitation_seller", "seller_id", "created_at"),
        Index("ix_seller_invitation_email", text("lower(email)"), "created_at"),
        Index(
            "uq_seller_invitation_open",
            "seller_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class SellerDecision(TableRow, table=True):
    """One change of a seller's status: the timeline of how it stands with the marketplace. Only added to."""

    __tablename__ = "seller_decision"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id", index=True)
    action: str = Field(max_length=40)
    status: SellerStatus = Field(sa_type=one_of(SellerStatus))
    reason: str = Field(default="", max_length=500)
    actor: str = Field(max_length=60)
    at: datetime = Field(sa_type=TIME)


class PaymentAccount(TableRow, table=True):
    """The seller's account with a payment provider. Selling needs `charges_enabled`."""

    __tablename__ = "payment_account"

    seller_id: UUID = Field(primary_key=True, foreign_key="seller.id")
    provider: str = Field(primary_key=True, max_length=20)
    account_ref: str = Field(max_length=100, unique=True)
    requirements_due: list[str] = Field(default_factory=list, sa_type=ARRAY(Text()))
    """What the seller still has to tell the provider, in the provider's words."""
    charges_enabled: bool = Field(default=False)
    payouts_enabled: bool = Field(default=False)
    details_submitted: bool = Field(default=False)
    version: int = Field(default=1)
    """Grows with each write: a state read from the provider before another was written is read again."""
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class ShippingRate(TableRow, table=True):
    """What a seller asks for sending to a country; `*` is every country without a rate of its own."""

    __tablename__ = "shipping_rate"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id", index=True)
    name: str = Field(max_length=200)
    country: str = Field(max_length=2)
    currency: str = Field(max_length=3)
    base_minor: int = Field(sa_type=AMOUNT)
    per_item_minor: int = Field(default=0, sa_type=AMOUNT)
    """For each item after the first."""
    free_over_minor: int | None = Field(default=None, sa_type=AMOUNT)
    days_min: int = Field(default=2)
    days_max: int = Field(default=5)
    created_at: datetime = Field(sa_type=TIME)
    deleted_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        amounts("base_minor", "per_item_minor"),
        CheckConstraint("days_min BETWEEN 0 AND days_max AND days_max <= 90", name="days"),
        Index(
            "uq_shipping_rate_name",
            "seller_id",
            "country",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )
