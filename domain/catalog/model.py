"""What is for sale: categories, products, listings and their variants.

Invariant: a listing is sold only in a state of `SELLABLE`, and it changes state only along LISTING_TRANSITIONS. That it
is sold out is no state: it follows from stock and passes with it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.shared.columns import AMOUNT, TIME, amounts, one_of
from domain.shared.transitions import Party, TransitionTable, step

VARIANTS_MAX: Final = 50
ATTRIBUTES_MAX: Final = 60
CATEGORY_DEPTH_MAX: Final = 6


class ListingStatus(StrEnum):
    DRAFT = "draft"
    PENDING_REVIEW = "pending_review"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


_L, _P = ListingStatus, Party

LISTING_TRANSITIONS: Final = TransitionTable(
    "listing",
    [
        step(_L.DRAFT, _L.PENDING_REVIEW, _P.SELLER, action="SUBMIT"),
        step(_L.DRAFT, _L.ACTIVE, _P.SYSTEM, timer="at submission, for trusted sellers"),
        step(_L.REJECTED, _L.PENDING_REVIEW, _P.SELLER, action="SUBMIT"),
        step(_L.REJECTED, _L.ACTIVE, _P.SYSTEM, timer="at submission, for trusted sellers"),
        step(_L.PENDING_REVIEW, _L.ACTIVE, _P.ADMIN, action="APPROVE"),
        step(_L.PENDING_REVIEW, _L.REJECTED, _P.ADMIN, action="REJECT"),
        step(_L.PENDING_REVIEW, _L.DRAFT, _P.SELLER, action="WITHDRAW"),
        step(_L.DRAFT, _L.ARCHIVED, _P.SELLER, action="ARCHIVE"),
        step(_L.ACTIVE, _L.PAUSED, _P.SELLER, action="PAUSE"),
        step(_L.PAUSED, _L.ACTIVE, _P.SELLER, action="RESUME"),
        step(_L.ACTIVE, _L.ARCHIVED, _P.SELLER, action="ARCHIVE"),
        step(_L.PAUSED, _L.ARCHIVED, _P.SELLER, action="ARCHIVE"),
        step(_L.REJECTED, _L.ARCHIVED, _P.SELLER, action="ARCHIVE"),
        step(_L.ACTIVE, _L.SUSPENDED, _P.ADMIN, action="SUSPEND"),
        step(_L.PAUSED, _L.SUSPENDED, _P.ADMIN, action="SUSPEND"),
        step(_L.SUSPENDED, _L.ACTIVE, _P.ADMIN, action="REINSTATE"),
    ],
)

SELLABLE: Final = frozenset({ListingStatus.ACTIVE})
EDITABLE: Final = frozenset({_L.DRAFT, _L.REJECTED, _L.ACTIVE, _L.PAUSED})
"""What is under review stays as the reviewer sees it; what is archived or suspended stays as it was."""


class ListingKind(StrEnum):
    PRODUCT = "product"
    SERVICE = "service"


class SaleMode(StrEnum):
    PURCHASE = "purchase"
    REQUEST = "request"
    """The seller accepts before money is taken."""
    BOOKING = "booking"


class Fulfilment(StrEnum):
    SHIP = "ship"
    PICKUP = "pickup"
    DIGITAL = "digital"
    ON_SITE = "on_site"


class Visibility(StrEnum):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class Condition(StrEnum):
    NEW = "new"
    REFURBISHED = "refurbished"
    USED = "used"


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class Category(SQLModel, table=True):
    """A node of the tree. `path` is the slugs from the root (`electronics/phones`), `attributes` the schema.

    The schema is a list of `{name, label, type, required, choices, unit, facet}`; a category inherits its parents'.
    """

    __tablename__ = "category"

    id: UUID = Field(primary_key=True)
    parent_id: UUID | None = Field(default=None, foreign_key="category.id", index=True)
    slug: str = Field(max_length=80)
    path: str = Field(max_length=500, unique=True)
    name: str = Field(max_length=200)
    attributes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    commission_ppm: int | None = Field(default=None)
    position: int = Field(default=0)

    __table_args__ = (CheckConstraint("commission_ppm BETWEEN 0 AND 1000000", name="commission"),)


class Product(SQLModel, table=True):
    """What a thing is, whoever sells it."""

    __tablename__ = "product"

    id: UUID = Field(primary_key=True)
    category_id: UUID = Field(foreign_key="category.id", index=True)
    title: str = Field(max_length=200)
    brand: str = Field(default="", max_length=200)
    gtin: str | None = Field(default=None, max_length=14, unique=True)
    created_at: datetime = Field(sa_type=TIME)


class Listing(SQLModel, table=True):
    __tablename__ = "listing"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id")
    category_id: UUID = Field(foreign_key="category.id", index=True)
    product_id: UUID | None = Field(default=None, foreign_key="product.id", index=True)
    title: str = Field(max_length=200)
    description: str = Field(default="", max_length=10_000)
    brand: str = Field(default="", max_length=200)
    kind: ListingKind = Field(default=ListingKind.PRODUCT, sa_type=one_of(ListingKind))
    sale_mode: SaleMode = Field(default=SaleMode.PURCHASE, sa_type=one_of(SaleMode))
    fulfilment: Fulfilment = Field(default=Fulfilment.SHIP, sa_type=one_of(Fulfilment))
    condition: Condition = Field(default=Condition.NEW, sa_type=one_of(Condition))
    visibility: Visibility = Field(default=Visibility.PUBLIC, sa_type=one_of(Visibility))
    status: ListingStatus = Field(default=ListingStatus.DRAFT, sa_type=one_of(ListingStatus))
    status_reason: str = Field(default="", max_length=500)
    currency: str = Field(max_length=3)
    attributes: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    rating_millis: int | None = Field(default=None)
    rating_count: int = Field(default=0)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    published_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        Index("ix_listing_seller", "seller_id", "status", "id"),
        Index("ix_listing_seller_newest", "seller_id", "id"),
        Index("ix_listing_status", "status", "id"),
    )


class ListingEvent(SQLModel, table=True):
    """Append-only: who moved a listing from which state into which, and why. A listing begins as a draft."""

    __tablename__ = "listing_event"

    id: UUID = Field(primary_key=True)
    listing_id: UUID = Field(foreign_key="listing.id")
    source: ListingStatus = Field(sa_type=one_of(ListingStatus, "source"))
    target: ListingStatus = Field(sa_type=one_of(ListingStatus, "target"))
    reason: str = Field(default="", max_length=500)
    actor: str = Field(max_length=80)
    at: datetime = Field(sa_type=TIME)

    __table_args__ = (Index("ix_listing_event_listing", "listing_id", "id"),)


class Variant(SQLModel, table=True):
    """The form that can be bought: one price, one stock."""

    __tablename__ = "variant"

    id: UUID = Field(primary_key=True)
    listing_id: UUID = Field(foreign_key="listing.id", index=True)
    sku: str = Field(max_length=100)
    title: str = Field(default="", max_length=200)
    options: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    price_minor: int = Field(sa_type=AMOUNT)
    position: int = Field(default=0)
    active: bool = Field(default=True)
    updated_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        amounts("price_minor"),
        UniqueConstraint("listing_id", "sku"),
        Index("ix_variant_sku", "sku"),
    )


class ListingChange(SQLModel, table=True):
    """Insert-only: something that search shows of this listing may have changed. Drained in batches."""

    __tablename__ = "listing_change"

    id: int | None = Field(default=None, sa_type=BigInteger, primary_key=True, sa_column_args=[Identity(always=True)])
    listing_id: UUID = Field()
    at: datetime = Field(sa_type=TIME)
