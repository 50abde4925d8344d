"""What is for sale: categories, products, listings and their variants.

Invariant: a listing is sold only in a state of `SELLABLE`, and it changes state only along LISTING_TRANSITIONS. That it
is sold out is no state: it follows from stock and passes with it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, Identity, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import AMOUNT, TIME, amounts, one_of
from domain.shared.table_row import TableRow
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


def ways_of(fulfilment: Fulfilment, pickup_too: bool) -> tuple[Fulfilment, ...]:
    """All ways in which a listing can be had, the one that counts unless its buyer chooses first."""
    return (fulfilment, Fulfilment.PICKUP) if pickup_too else (fulfilment,)


class Visibility(StrEnum):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class Condition(StrEnum):
    NEW = "new"
    REFURBISHED = "refurbished"
    USED = "used"


class MatchedBy(StrEnum):
    """Who said which product a listing is of. What an administrator decided (also: of none) stands."""

    GTIN = "gtin"
    SELLER = "seller"
    ADMIN = "admin"


class ProductEventKind(StrEnum):
    LINKED = "linked"
    UNLINKED = "unlinked"
    MERGED = "merged"


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class Category(TableRow, table=True):
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


class Product(TableRow, table=True):
    """What a thing is, whoever sells it."""

    __tablename__ = "product"

    id: UUID = Field(primary_key=True)
    category_id: UUID = Field(foreign_key="category.id", index=True)
    title: str = Field(max_length=200)
    brand: str = Field(default="", max_length=200)
    gtin: str | None = Field(default=None, max_length=14, unique=True)
    merged_into_id: UUID | None = Field(default=None, foreign_key="product.id", index=True)
    """It turned out to be this other one, which is itself never merged: one step leads to what counts."""
    created_at: datetime = Field(sa_type=TIME)


class ProductEvent(TableRow, table=True):
    """Append-only: what administrators decided about a product. `other_id` is what was merged into it."""

    __tablename__ = "product_event"

    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    kind: ProductEventKind = Field(sa_type=one_of(ProductEventKind))
    listing_id: UUID | None = Field(default=None, foreign_key="listing.id")
    other_id: UUID | None = Field(default=None, foreign_key="product.id")
    reason: str = Field(max_length=500)
    actor: str = Field(max_length=80)
    at: datetime = Field(sa_type=TIME)

    __table_args__ = (Index("ix_product_event_product", "product_id", "id"),)


class Listing(TableRow, table=True):
    __tablename__ = "listing"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id")
    category_id: UUID = Field(foreign_key="category.id", index=True)
    product_id: UUID | None = Field(default=None, foreign_key="product.id", index=True)
    gtin: str | None = Field(default=None, max_length=14)
    """As its seller gave it, in the one spelling; matched when the listing goes on sale."""
    matched_by: MatchedBy | None = Field(default=None, sa_type=one_of(MatchedBy))
    title: str = Field(max_length=200)
    description: str = Field(default="", max_length=10_000)
    brand: str = Field(default="", max_length=200)
    kind: ListingKind = Field(default=ListingKind.PRODUCT, sa_type=one_of(ListingKind))
    sale_mode: SaleMode = Field(default=SaleMode.PURCHASE, sa_type=one_of(SaleMode))
    fulfilment: Fulfilment = Field(default=Fulfilment.SHIP, sa_type=one_of(Fulfilment))
    pickup_too: bool = Field(default=False)
    """It is sent, unless the buyer would rather fetch it."""
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
        CheckConstraint("NOT pickup_too OR fulfilment = 'ship'", name="pickup_too"),
        Index("ix_listing_seller", "seller_id", "status", "id"),
        Index("ix_listing_seller_newest", "seller_id", "id"),
        Index("ix_listing_status", "status", "id"),
    )


class ListingEvent(TableRow, table=True):
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


class Variant(TableRow, table=True):
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


class ListingChange(TableRow, table=True):
    """Insert-only: something that search shows of this listing may have changed. Drained in batches."""

    __tablename__ = "listing_change"

    id: int | None = Field(default=None, sa_type=BigInteger, primary_key=True, sa_column_args=[Identity(always=True)])
    listing_id: UUID = Field()
    at: datetime = Field(sa_type=TIME)


class ListingPlace(TableRow, table=True):
    """Where a listing is. The exact place and the lines are for its seller, and for buyers who paid."""

    __tablename__ = "listing_place"

    listing_id: UUID = Field(primary_key=True, foreign_key="listing.id")
    latitude: float = Field(sa_type=Double())
    longitude: float = Field(sa_type=Double())
    public_latitude: float = Field(sa_type=Double())
    """Rounded to about a kilometre. Distances are measured from here, or they would give the exact place away."""
    public_longitude: float = Field(sa_type=Double())
    locality: str = Field(max_length=200)
    postal_code: str = Field(default="", max_length=20)
    country: str = Field(max_length=2)
    line1: str = Field(default="", max_length=200)
    line2: str = Field(default="", max_length=200)
    instructions: str = Field(default="", max_length=500)
    updated_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="place"),
        CheckConstraint(
            "public_latitude BETWEEN -90 AND 90 AND public_longitude BETWEEN -180 AND 180", name="public_place"
        ),
    )
