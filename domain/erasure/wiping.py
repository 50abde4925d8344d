"""What is known of a person, table by table, and how each row of it ends.

Invariant: this is the one list of places where personal data may stand. Rows that others need (orders, reviews, the
ledger) stay and refer to a user without a name; what only told about the person is deleted. A test searches all tables
for what somebody wrote of themself.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, func, select, update

from domain.browsing.model import RecentView
from domain.catalog.model import Listing, ListingPlace
from domain.notifications.model import MailDelivery, MailPreference, Notification
from domain.orders.model import Order, OrderAddress, OrderPickup, OrderPickupPlace
from domain.reviews.model import ReviewReport
from domain.sellers.model import Seller, SellerInvitation
from domain.shared.database import Tx, table
from domain.users.model import Address, ClientSignal, RefreshToken, User, UserSession, UserStatus

NOBODY: Final = "erased.invalid"
"""A domain that never has mail; the address is only there because it has to be unique."""
FORMER_SHOP: Final = "Former shop"

_sessions, _tokens, _signals, _addresses = (
    table(UserSession), table(RefreshToken), table(ClientSignal), table(Address),
)  # fmt: skip
_notifications, _mails, _preferences = table(Notification), table(MailDelivery), table(MailPreference)
_orders, _order_addresses, _places = table(Order), table(OrderAddress), table(OrderPickupPlace)
_invitations = table(SellerInvitation)
_views, _reports = table(RecentView), table(ReviewReport)
_listings, _listing_places = table(Listing), table(ListingPlace)

_BLANK_ADDRESS: Final = dict.fromkeys(("name", "line1", "line2", "city", "region", "postal_code", "phone"), "")
"""The country stays: the tax of the order depends on it."""


async def wipe(tx: Tx, user: User) -> None:
    """Everything but the shops. The row stays, so that what refers to it can; whoever it was is gone.

    The payment provider's customer is deleted afterwards (see `customers.py`), and the address once a last mail went
    there (see `farewell.py`).
    """
    await _delete_what_told_of(tx, user.id)
    bought = select(_orders.c.id).where(_orders.c.buyer_id == user.id)
    await _change(tx, _order_addresses, _order_addresses.c.order_id.in_(bought), **_BLANK_ADDRESS)
    await _change(tx, table(OrderPickup), table(OrderPickup).c.order_id.in_(bought), note="")
    await _change(tx, _reports, _reports.c.reporter_id == user.id, note="")
    await tx.execute(delete(_invitations).where(func.lower(_invitations.c.email) == user.email.lower()))
    user.email = f"{user.id.hex}@{NOBODY}"
    user.password_hash = user.display_name = user.status_reason = ""
    user.phone = None
    user.locale = "en"
    user.roles = []
    user.status = UserStatus.ERASED
    user.updated_at = tx.now


async def wipe_shop(tx: Tx, seller: Seller) -> None:
    """A shop that nobody is left to run: what it said of itself, and where its things were fetched."""
    seller.name, seller.slug = FORMER_SHOP, f"former-{seller.id.hex}"
    seller.description = seller.policy = seller.tax_id = ""
    seller.version += 1
    seller.updated_at = tx.now
    await tx.execute(delete(_invitations).where(_invitations.c.seller_id == seller.id))
    own = select(_listings.c.id).where(_listings.c.seller_id == seller.id)
    await _remove(tx, _listing_places, _listing_places.c.listing_id.in_(own))
    sold = select(_orders.c.id).where(_orders.c.seller_id == seller.id)
    await _remove(tx, _places, _places.c.order_id.in_(sold))
    await _change(tx, table(OrderPickup), table(OrderPickup).c.order_id.in_(sold), note="")


async def _delete_what_told_of(tx: Tx, user_id: UUID) -> None:
    sessions = select(_sessions.c.id).where(_sessions.c.user_id == user_id)
    await _remove(tx, _tokens, _tokens.c.session_id.in_(sessions))
    await _remove(tx, _sessions, _sessions.c.user_id == user_id)
    told = select(_notifications.c.id).where(_notifications.c.recipient_id == user_id)
    await _remove(tx, _mails, _mails.c.id.in_(told))
    await _remove(tx, _notifications, _notifications.c.recipient_id == user_id)
    for rows in (_preferences, _signals, _addresses, _views):
        await _remove(tx, rows, rows.c.user_id == user_id)


async def _remove(tx: Tx, rows: Table, which: ColumnElement[bool]) -> None:
    await tx.execute(delete(rows).where(which))


async def _change(tx: Tx, rows: Table, which: ColumnElement[bool], **values: Any) -> None:
    await tx.execute(update(rows).where(which).values(**values))
