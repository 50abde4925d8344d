"""The cart: what somebody means to buy. A row changed by compare-and-set on `version`.

Invariant: PostgreSQL is the truth. A copy elsewhere serves reads and is dropped in doubt, so a lost or restored copy
can neither lose a line nor bring a bought cart back.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from domain.catalog.model import Fulfilment
from domain.shared.columns import AMOUNT, TIME, amounts, one_of
from domain.shared.table_row import TableRow

LINES_MAX: Final = 100
LINE_QUANTITY_MAX: Final = 99
GUEST_DAYS: Final = 7
USER_DAYS: Final = 90


class Cart(TableRow, table=True):
    """Of a user, or of whoever holds the token (kept by its SHA-256). `checked_out_by` is the consuming checkout."""

    __tablename__ = "cart"

    id: UUID = Field(primary_key=True)
    user_id: UUID | None = Field(default=None, foreign_key="user.id")
    token_digest: str | None = Field(default=None, max_length=64)
    country: str | None = Field(default=None, max_length=2)
    """Where it would be sent, for shipping and tax before an address is known."""
    version: int = Field(default=1)
    checked_out_by: UUID | None = Field(default=None)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME, index=True)

    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (token_digest IS NULL)", name="owner"),
        Index("uq_cart_user", "user_id", unique=True, postgresql_where=text("user_id IS NOT NULL")),
        Index("uq_cart_token", "token_digest", unique=True, postgresql_where=text("token_digest IS NOT NULL")),
    )


class CartLine(TableRow, table=True):
    """`seen_price_minor` is what the buyer last saw and accepted; warnings compare with it."""

    __tablename__ = "cart_line"

    id: UUID = Field(primary_key=True)
    cart_id: UUID = Field(foreign_key="cart.id")
    variant_id: UUID = Field(foreign_key="variant.id")
    quantity: int = Field()
    seen_price_minor: int = Field(sa_type=AMOUNT)
    fulfilment: Fulfilment | None = Field(default=None, sa_type=one_of(Fulfilment))
    """Chosen by the buyer; None: whichever way the listing names first."""
    added_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        CheckConstraint(f"quantity BETWEEN 1 AND {LINE_QUANTITY_MAX}", name="quantity"),
        amounts("seen_price_minor"),
    )


class CartDelivery(TableRow, table=True):
    """The shipping rate chosen for one seller's part; without one the cheapest is taken."""

    __tablename__ = "cart_delivery"

    cart_id: UUID = Field(primary_key=True, foreign_key="cart.id")
    seller_id: UUID = Field(primary_key=True, foreign_key="seller.id")
    shipping_rate_id: UUID = Field(foreign_key="shipping_rate.id")
