"""Demo data: a marketplace of a dozen and more categories and ten shops, filled in seconds through COPY.

Invariant: seeding again adds what is missing and changes nothing that is there, so it can be run at every start and
go on after a crash. Each batch of listings is one transaction, together with the note that they changed.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from app.demo import people, rules
from app.demo.accounts import DEMO_PASSWORD
from app.demo.copying import Row, copy_missing, copy_rows
from app.demo.ids import demo_id
from app.demo.listings import rows_of
from domain.catalog.model import Category, Listing, ListingChange, Product, Variant
from domain.inventory.model import StockItem, StockMovement, VariantStock
from domain.pricing.model import TaxRule
from domain.reviews.model import ReviewTally
from domain.sellers.model import PaymentAccount, Seller, SellerMember, ShippingRate
from domain.users.model import Address, User
from infra.argon2.hasher import Argon2PasswordHasher

LISTINGS_MAX: Final = 1_000_000
BATCH_LISTINGS: Final = 1_000
PROVIDER: Final = "stripe"

OpenAccount = Callable[[str, str, UUID], Awaitable[str]]
"""(country, e-mail, seller id) -> the reference of a payment account that can be charged for and paid out."""
Progress = Callable[[int, int], None]
"""(listings written or found, listings wanted)"""


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What there is now, and how much of it this run added."""

    listings: int
    listings_added: int


async def seed(
    url: str,
    listings: int = 500,
    *,
    open_account: OpenAccount | None = None,
    progress: Progress | None = None,
) -> SeedReport:
    """Fill a migrated database. `listings` may be raised later: the first ones stay what they are.

    Without `open_account` the shops get account references that no payment provider knows. Raises ValueError for
    more than LISTINGS_MAX listings.
    """
    if not 0 <= listings <= LISTINGS_MAX:
        raise ValueError(f"between 0 and {LISTINGS_MAX} listings")
    now = datetime.now(UTC)
    connection = await asyncpg.connect(url, timeout=10, command_timeout=120)
    try:
        await _seed_people(connection, now)
        await _seed_payment_accounts(connection, open_account, now)
        added = 0
        for start in range(0, listings, BATCH_LISTINGS):
            end = min(start + BATCH_LISTINGS, listings)
            added += await _seed_listings(connection, range(start, end), now)
            if progress is not None:
                progress(end, listings)
    finally:
        await connection.close()
    return SeedReport(listings=listings, listings_added=added)


async def _seed_people(connection: asyncpg.Connection, now: datetime) -> None:
    hasher = Argon2PasswordHasher()
    try:
        password_hash = await hasher.hash(DEMO_PASSWORD)
    finally:
        hasher.close()
    async with connection.transaction():
        await copy_missing(connection, User, list(people.users(password_hash, now)))
        await copy_missing(connection, Address, list(people.addresses(now)))
        # Members and counts of reviews have no id of their own: they come with their shops.
        if await copy_missing(connection, Seller, list(people.sellers(now))):
            await copy_rows(connection, SellerMember, people.members(now))
            await copy_rows(connection, ReviewTally, people.tallies(now))
        await copy_missing(connection, ShippingRate, list(people.shipping_rates(now)))
        await copy_missing(connection, Category, list(rules.categories()))
        await copy_missing(connection, TaxRule, list(rules.tax_rules()))


async def _seed_payment_accounts(
    connection: asyncpg.Connection, open_account: OpenAccount | None, now: datetime
) -> None:
    known = {
        record["seller_id"]: record["account_ref"]
        for record in await connection.fetch("SELECT seller_id, account_ref FROM payment_account")
    }
    rows: list[Row] = []
    for shop in people.SHOPS:
        account_ref = known.get(shop.id)
        if account_ref is not None and (open_account is None or account_ref != shop.spare_account_ref):
            continue
        if open_account is not None:
            account_ref = await open_account(shop.country, shop.owner_email, shop.id)
        rows.append(
            {
                "seller_id": shop.id,
                "provider": PROVIDER,
                "account_ref": account_ref or shop.spare_account_ref,
                "charges_enabled": True,
                "payouts_enabled": True,
                "details_submitted": True,
                "created_at": now,
                "updated_at": now,
            }
        )
    async with connection.transaction():
        await connection.execute(
            "DELETE FROM payment_account WHERE seller_id = ANY($1) AND starts_with(account_ref, $2)",
            [row["seller_id"] for row in rows],
            people.SPARE_ACCOUNT_REF,
        )
        await copy_rows(connection, PaymentAccount, rows)


async def _seed_listings(connection: asyncpg.Connection, numbers: Sequence[int], now: datetime) -> int:
    """Writes those of the numbered listings that are not there; how many that were."""
    ids = {demo_id("listing", number): number for number in numbers}
    known = await connection.fetch("SELECT id FROM listing WHERE id = ANY($1)", list(ids))
    missing = sorted(set(ids.values()) - {ids[record["id"]] for record in known})
    if not missing:
        return 0
    rows = rows_of(missing, now)
    async with connection.transaction():
        await copy_missing(connection, Product, rows.products)
        await copy_rows(connection, Listing, rows.listings)
        await copy_rows(connection, Variant, rows.variants)
        await copy_rows(connection, StockItem, rows.stock_items)
        await copy_rows(connection, StockMovement, rows.movements)
        await copy_rows(connection, VariantStock, rows.stocks)
        await copy_rows(connection, ListingChange, rows.changes)
        await copy_rows(connection, ReviewTally, rows.tallies)
    return len(missing)
