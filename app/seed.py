"""Demo data: a believable marketplace of 28 categories, 60 shops, their offers and past sales, filled through COPY.

Invariant: seeding again adds what is missing and changes nothing that is there, so it can be run at every start and
go on after a crash. Each batch of listings is one transaction with all their past sales, together with the note that
they changed. The same listings on the same day are the same rows everywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from app.demo import people, rules
from app.demo.accounts import DEMO_PASSWORD
from app.demo.batches import batch_of, show_seller_ratings, write_batch
from app.demo.copying import Row, copy_missing, copy_rows
from app.demo.ids import demo_id
from app.demo.pictures import store_pictures, write_contents
from app.demo.shops import SHOPS, SPARE_ACCOUNT_REF, Shop
from domain.catalog.model import Category
from domain.media.ports import ObjectStorage
from domain.pricing.model import TaxRule
from domain.sellers.model import PaymentAccount, Seller, SellerMember, ShippingRate
from domain.sellers.ports import PROVIDER_NAME
from domain.users.model import Address, User
from infra.argon2.hasher import Argon2PasswordHasher

LISTINGS_MAX: Final = 1_000_000
BATCH_LISTINGS: Final = 500
DEFAULT_LISTINGS: Final = 5_000
ACCOUNTS_AT_ONCE: Final = 8

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
    listings: int = DEFAULT_LISTINGS,
    *,
    as_of: datetime | None = None,
    open_account: OpenAccount | None = None,
    storage: ObjectStorage | None = None,
    progress: Progress | None = None,
) -> SeedReport:
    """Fill a migrated database. `listings` may be raised later: the first ones stay what they are.

    All times lie before `as_of`, by default the beginning of this day: the same moment, the same rows.
    Without `open_account` the shops get account references that no payment provider knows, without `storage` there
    are no pictures. Raises ValueError for more than LISTINGS_MAX listings.
    """
    if not 0 <= listings <= LISTINGS_MAX:
        raise ValueError(f"between 0 and {LISTINGS_MAX} listings")
    as_of = as_of or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    connection = await asyncpg.connect(url, timeout=10, command_timeout=120)
    try:
        await _seed_people(connection, as_of)
        await _seed_payment_accounts(connection, open_account, as_of)
        if storage is not None:
            await store_pictures(storage)
            await write_contents(connection)
        added = await _seed_listings(
            connection, listings, as_of, pictures=storage is not None, progress=progress or (lambda _done, _total: None)
        )
        await show_seller_ratings(connection)
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
        there = {record["id"] for record in await connection.fetch("SELECT id FROM seller")}
        await copy_missing(connection, Seller, list(people.sellers(now)))
        # Members have no id of their own: they come with their shops.
        members = [row for row in people.members(now) if row["seller_id"] not in there]
        await copy_rows(connection, SellerMember, members)
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
    wanted = [
        shop
        for shop in SHOPS
        if shop.id not in known or (open_account is not None and known[shop.id] == shop.spare_account_ref)
    ]
    at_once = asyncio.Semaphore(ACCOUNTS_AT_ONCE)

    async def account_row(shop: Shop) -> Row:
        async with at_once:
            opened = open_account and await open_account(shop.country, shop.owner_email, shop.id)
        return {
            "seller_id": shop.id,
            "provider": PROVIDER_NAME,
            "account_ref": opened or shop.spare_account_ref,
            "charges_enabled": True,
            "payouts_enabled": True,
            "details_submitted": True,
            "created_at": now,
            "updated_at": now,
        }

    rows = await asyncio.gather(*(account_row(shop) for shop in wanted))
    async with connection.transaction():
        await connection.execute(
            "DELETE FROM payment_account WHERE seller_id = ANY($1) AND starts_with(account_ref, $2)",
            [row["seller_id"] for row in rows],
            SPARE_ACCOUNT_REF,
        )
        await copy_rows(connection, PaymentAccount, rows)


async def _seed_listings(
    connection: asyncpg.Connection, listings: int, as_of: datetime, *, pictures: bool, progress: Progress
) -> int:
    """Writes those that are not there, batch by batch; how many that were.

    While PostgreSQL takes one batch in, a thread makes the next: two are in memory, however many there are to be.
    """
    added, waiting, ends = 0, None, 0
    for start in range(0, listings, BATCH_LISTINGS):
        end = min(start + BATCH_LISTINGS, listings)
        missing = await _missing(connection, range(start, end))
        made = asyncio.create_task(asyncio.to_thread(batch_of, missing, as_of, pictures=pictures)) if missing else None
        if waiting is not None:
            await write_batch(connection, await waiting, as_of)
        progress(ends, listings)
        added, waiting, ends = added + len(missing), made, end
    if waiting is not None:
        await write_batch(connection, await waiting, as_of)
    progress(ends, listings)
    return added


async def _missing(connection: asyncpg.Connection, numbers: Sequence[int]) -> list[int]:
    ids = {demo_id("listing", number): number for number in numbers}
    known = await connection.fetch("SELECT id FROM listing WHERE id = ANY($1)", list(ids))
    return sorted(set(ids.values()) - {ids[record["id"]] for record in known})
