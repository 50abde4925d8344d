"""Reviews: what buyers say of listings and shops, and shops of buyers, after delivery.

Invariant: one per order line of a listing, and one per order and direction between buyer and shop. The narrow table
`review_key` decides that for all time, so that `review`, which grows with orders, has no unique key but its id and can
be cut into ranges of it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from domain.shared.columns import TIME, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step

STARS: Final = (5, 4, 3, 2, 1)
TITLE_MAX: Final = 120
BODY_MAX: Final = 5_000
REPLY_MAX: Final = 2_000


class ReviewKind(StrEnum):
    """What a review is about: it decides who writes it, and for what it is the only one."""

    LISTING = "listing"
    """By the buyer, for each order line."""
    SELLER = "seller"
    """By the buyer, for each order."""
    BUYER = "buyer"
    """By the shop, for each order."""


class ReviewStatus(StrEnum):
    PUBLISHED = "published"
    HELD = "held"
    """A moderator looks at it; it neither shows nor counts."""
    REMOVED = "removed"


_R, _MODERATOR = ReviewStatus, Party.ADMIN

REVIEW_TRANSITIONS: Final = TransitionTable(
    "review",
    [
        step(_R.PUBLISHED, _R.HELD, _MODERATOR, action="HOLD"),
        step(_R.HELD, _R.PUBLISHED, _MODERATOR, action="PUBLISH"),
        step(_R.PUBLISHED, _R.REMOVED, _MODERATOR, action="REMOVE"),
        step(_R.HELD, _R.REMOVED, _MODERATOR, action="REMOVE"),
        step(_R.REMOVED, _R.PUBLISHED, _MODERATOR, action="PUBLISH"),
    ],
)


class ReportReason(StrEnum):
    SPAM = "spam"
    OFFENSIVE = "offensive"
    PERSONAL_DATA = "personal_data"
    FAKE = "fake"
    OTHER = "other"


OF_LISTING: Final = "review.kind = 'listing' AND review.status = 'published'"
OF_SHOP: Final = "review.kind = 'seller' AND review.status = 'published'"
FOR_SHOP: Final = "review.kind <> 'buyer' AND review.status = 'published'"
REPORTED: Final = "review.open_reports > 0"
"""Conditions of partial indexes, word for word: with parameters the planner could not use them."""


def _where(condition: str) -> object:
    return text(condition.replace("review.", ""))


class Review(TableRow, table=True):
    """`author_id` is the person who wrote it: the buyer, or a member of the shop.

    `counted_rating` is what the tally of its subject counts of it at present: None, nothing.
    """

    __tablename__ = "review"

    id: UUID = Field(primary_key=True)
    kind: ReviewKind = Field(sa_type=one_of(ReviewKind))
    order_id: UUID = Field(foreign_key="order.id", index=True)
    order_line_id: UUID | None = Field(default=None, foreign_key="order_line.id")
    listing_id: UUID | None = Field(default=None, foreign_key="listing.id")
    seller_id: UUID = Field(foreign_key="seller.id")
    buyer_id: UUID = Field(foreign_key="user.id")
    author_id: UUID = Field(foreign_key="user.id")
    rating: int = Field()
    title: str = Field(default="", max_length=TITLE_MAX)
    body: str = Field(default="", max_length=BODY_MAX)
    status: ReviewStatus = Field(default=ReviewStatus.PUBLISHED, sa_type=one_of(ReviewStatus))
    status_reason: str = Field(default="", max_length=500)
    counted_rating: int | None = Field(default=None)
    reply: str = Field(default="", max_length=REPLY_MAX)
    replied_at: datetime | None = Field(default=None, sa_type=TIME)
    reply_removed_at: datetime | None = Field(default=None, sa_type=TIME)
    open_reports: int = Field(default=0)
    created_at: datetime = Field(sa_type=TIME)
    edited_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint("counted_rating BETWEEN 1 AND 5", name="counted"),
        CheckConstraint("open_reports >= 0", name="reports"),
        CheckConstraint(
            "(kind = 'listing') = (order_line_id IS NOT NULL AND listing_id IS NOT NULL)"
            " AND (order_line_id IS NULL) = (listing_id IS NULL)",
            name="subject",
        ),
        Index("ix_review_listing_newest", "listing_id", "id", postgresql_where=_where(OF_LISTING)),
        Index("ix_review_listing_highest", "listing_id", "rating", "id", postgresql_where=_where(OF_LISTING)),
        Index("ix_review_listing_lowest", "listing_id", "rating", text("id DESC"), postgresql_where=_where(OF_LISTING)),
        Index("ix_review_shop_newest", "seller_id", "id", postgresql_where=_where(OF_SHOP)),
        Index("ix_review_shop_highest", "seller_id", "rating", "id", postgresql_where=_where(OF_SHOP)),
        Index("ix_review_shop_lowest", "seller_id", "rating", text("id DESC"), postgresql_where=_where(OF_SHOP)),
        Index("ix_review_seller", "seller_id", "id", postgresql_where=_where(FOR_SHOP)),
        Index("ix_review_seller_rating", "seller_id", "rating", "id", postgresql_where=_where(FOR_SHOP)),
        Index("ix_review_buyer", "buyer_id", "id"),
        Index("ix_review_status", "status", "id"),
        Index("ix_review_reported", "id", postgresql_where=_where(REPORTED)),
    )


class ReviewKey(TableRow, table=True):
    """That there is a review of this kind for this order line (LISTING) or order (the others), for all time."""

    __tablename__ = "review_key"

    kind: ReviewKind = Field(primary_key=True, sa_type=one_of(ReviewKind))
    cause_id: UUID = Field(primary_key=True)
    review_id: UUID = Field()


class ReviewTally(TableRow, table=True):
    """How many published reviews of each number of stars a listing, a shop or a buyer has."""

    __tablename__ = "review_tally"

    kind: ReviewKind = Field(primary_key=True, sa_type=one_of(ReviewKind))
    subject_id: UUID = Field(primary_key=True)
    stars_1: int = Field(default=0)
    stars_2: int = Field(default=0)
    stars_3: int = Field(default=0)
    stars_4: int = Field(default=0)
    stars_5: int = Field(default=0)
    updated_at: datetime = Field(sa_type=TIME)

    __table_args__ = (CheckConstraint("least(stars_1, stars_2, stars_3, stars_4, stars_5) >= 0", name="stars"),)


class ReviewReport(TableRow, table=True):
    """Somebody's word that a review should not stand; one of each person. Moderators close them by deciding."""

    __tablename__ = "review_report"

    review_id: UUID = Field(primary_key=True, foreign_key="review.id")
    reporter_id: UUID = Field(primary_key=True, foreign_key="user.id", index=True)
    reason: ReportReason = Field(sa_type=one_of(ReportReason))
    note: str = Field(default="", max_length=500)
    at: datetime = Field(sa_type=TIME)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)


class ReviewEvent(TableRow, table=True):
    """Append-only: what moderators did about a review, and why."""

    __tablename__ = "review_event"

    id: UUID = Field(primary_key=True)
    review_id: UUID = Field(foreign_key="review.id", index=True)
    action: str = Field(max_length=40)
    source: ReviewStatus = Field(sa_type=one_of(ReviewStatus, "source"))
    target: ReviewStatus = Field(sa_type=one_of(ReviewStatus, "target"))
    reason: str = Field(default="", max_length=500)
    actor: str = Field(max_length=80)
    at: datetime = Field(sa_type=TIME)
