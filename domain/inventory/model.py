"""Stock: what is there, what is promised, and every movement between.

Invariant: 0 <= reserved <= on_hand on every stock item, enforced by the database; `reserved` is the sum of the held
reservations, and every change of either number has a movement.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from domain.shared.columns import TIME, one_of
from domain.shared.table_row import TableRow

GENERAL_POOL: Final = "general"
QUANTITY_MAX: Final = 1_000_000
LOW_STOCK_MAX: Final = 5
SHOWN_MAX: Final = 100
"""Browsers learn of at most this many: one more than a cart line may hold, so it decides as well as the true number."""


class ReservationStatus(StrEnum):
    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


class MovementKind(StrEnum):
    RESTOCK = "restock"
    ADJUSTMENT = "adjustment"
    RESERVE = "reserve"
    RELEASE = "release"
    COMMIT = "commit"
    RETURN = "return"


class StockStatus(StrEnum):
    IN_STOCK = "in_stock"
    LOW_STOCK = "low_stock"
    OUT_OF_STOCK = "out_of_stock"


class StockItem(TableRow, table=True):
    """Units of one variant in one pool: `general`, or that of a flash sale."""

    __tablename__ = "stock_item"

    id: UUID = Field(primary_key=True)
    variant_id: UUID = Field(foreign_key="variant.id")
    pool: str = Field(default=GENERAL_POOL, max_length=60)
    on_hand: int = Field(default=0)
    reserved: int = Field(default=0)
    updated_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        CheckConstraint("0 <= reserved AND reserved <= on_hand", name="no_oversell"),
        UniqueConstraint("variant_id", "pool"),
    )

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Reservation(TableRow, table=True):
    """Units held for a checkout. `expires_at` null: the point of no return is passed, nothing takes them back."""

    __tablename__ = "reservation"

    id: UUID = Field(primary_key=True)
    stock_item_id: UUID = Field(foreign_key="stock_item.id")
    checkout_id: UUID = Field(foreign_key="checkout.id", index=True)
    variant_id: UUID = Field(foreign_key="variant.id")
    quantity: int = Field()
    status: ReservationStatus = Field(default=ReservationStatus.HELD, sa_type=one_of(ReservationStatus))
    reason: str = Field(default="", max_length=200)
    expires_at: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_reservation_held", "stock_item_id", postgresql_where=text("status = 'held'")),
    )


class StockMovement(TableRow, table=True):
    """Append-only: what changed on a stock item, by whom and why."""

    __tablename__ = "stock_movement"

    id: UUID = Field(primary_key=True)
    stock_item_id: UUID = Field(foreign_key="stock_item.id")
    kind: MovementKind = Field(sa_type=one_of(MovementKind))
    on_hand_delta: int = Field(default=0)
    reserved_delta: int = Field(default=0)
    reason: str = Field(default="", max_length=200)
    actor: str = Field(max_length=80)
    cause_id: UUID | None = Field(default=None)
    at: datetime = Field(sa_type=TIME)

    __table_args__ = (Index("ix_stock_movement_item", "stock_item_id", "id"),)


class VariantUpdates(TableRow, table=True):
    """What became of each item of one bulk update, so that a repeated request is told the same."""

    __tablename__ = "variant_updates"

    id: UUID = Field(primary_key=True)
    seller_id: UUID = Field(foreign_key="seller.id")
    outcomes: list[dict[str, Any]] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=TIME)


class VariantStock(TableRow, table=True):
    """The projection that browsing reads, so that it never locks or waits for stock rows. Written by a job.

    `available` stops at SHOWN_MAX: a thousand sales out of a full warehouse change nothing here. `revision` grows with
    each change of the status, so that who watches it can go on where they stopped.
    """

    __tablename__ = "variant_stock"

    variant_id: UUID = Field(primary_key=True, foreign_key="variant.id")
    status: StockStatus = Field(sa_type=one_of(StockStatus))
    available: int = Field(default=0)
    revision: int = Field(default=1)
    updated_at: datetime = Field(sa_type=TIME)
