"""One batch of demo listings with all that happened to them, written in one transaction.

Invariant: a batch is there wholly or not at all, so a run that was broken off goes on where it stopped. What batches
share (accounts, what sellers are owed, tallies of sellers and buyers) is added to, never set.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from app.demo.listings import add_listing, listing_of
from app.demo.order_rows import add_order
from app.demo.pictures import add_pictures
from app.demo.places import add_place
from app.demo.purchase_rows import add_postings, add_purchase, postings_of
from app.demo.reviews import Tallies, add_reviews, shown_rating, tally_rows
from app.demo.rows import Rows
from app.demo.sales import DemoSale, sales_of
from domain.ledger.model import AccountKind
from domain.ledger.posting import AccountKey, Posting, account_id, balance_id
from domain.reviews.counting import average_millis
from domain.reviews.model import STARS, ReviewKind, ReviewTally

_ADD_ACCOUNTS: Final = """
INSERT INTO account (id, kind, owner_id, currency, created_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[]) ON CONFLICT DO NOTHING
"""
_ADD_BALANCES: Final = """
INSERT INTO balance (id, account_id, amount_minor) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
ON CONFLICT (account_id, order_id) DO UPDATE SET amount_minor = balance.amount_minor + excluded.amount_minor
"""
_ADD_TALLIES: Final = """
INSERT INTO review_tally (kind, subject_id, stars_1, stars_2, stars_3, stars_4, stars_5, updated_at)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::timestamptz[])
ON CONFLICT (kind, subject_id) DO UPDATE SET
    stars_1 = review_tally.stars_1 + excluded.stars_1, stars_2 = review_tally.stars_2 + excluded.stars_2,
    stars_3 = review_tally.stars_3 + excluded.stars_3, stars_4 = review_tally.stars_4 + excluded.stars_4,
    stars_5 = review_tally.stars_5 + excluded.stars_5, updated_at = excluded.updated_at
"""


@dataclass(slots=True)
class Batch:
    """`postings`: what each sale books, in the order of time."""

    rows: Rows = field(default_factory=Rows)
    tallies: Tallies = field(default_factory=lambda: defaultdict(Counter))
    postings: list[tuple[DemoSale, Sequence[Posting]]] = field(default_factory=list)


def batch_of(numbers: Iterable[int], as_of: datetime, *, pictures: bool = False) -> Batch:
    """Everything that belongs to the numbered listings; their pictures only where the files are stored."""
    batch = Batch()
    for number in numbers:
        listing, sold = listing_of(number, as_of), Counter[UUID]()
        for sale in sales_of(listing, as_of):
            sold[sale.variant.id] += sale.quantity
            add_purchase(batch.rows, sale)
            add_order(batch.rows, sale)
            add_reviews(batch.rows, sale, batch.tallies)
            batch.postings.append((sale, postings_of(sale)))
        rating = shown_rating(batch.tallies[ReviewKind.LISTING, listing.id])
        add_listing(batch.rows, listing, sold, rating, as_of)
        add_place(batch.rows, listing)
        if pictures:
            add_pictures(batch.rows, listing)
    batch.rows.add(ReviewTally, *tally_rows(batch.tallies, as_of, [ReviewKind.LISTING]))
    return batch


async def write_batch(connection: asyncpg.Connection, batch: Batch, as_of: datetime) -> None:
    async with connection.transaction():
        keys = {posting.key_of(entry) for _, some in batch.postings for posting in some for entry in posting.entries}
        await _open_accounts(connection, keys, as_of)
        owed: Counter[UUID] = Counter()
        for sale, postings in batch.postings:
            add_postings(batch.rows, sale, postings)
            for posting in postings:
                for entry in posting.entries:
                    if entry.account is AccountKind.SELLER_PAYABLE:
                        owed[account_id(*posting.key_of(entry))] -= entry.amount_minor
        await batch.rows.write(connection)
        payables = sorted(owed.items(), key=str)
        ids = [balance_id(account, None) for account, _ in payables]
        await connection.execute(_ADD_BALANCES, ids, *_columns(payables, 2))
        await _add_tallies(connection, batch.tallies, as_of)


async def _open_accounts(connection: asyncpg.Connection, keys: set[AccountKey], as_of: datetime) -> None:
    """Those that nobody has used yet."""
    ids = {account_id(*key): key for key in keys}
    opened = [(id_, *ids[id_], as_of) for id_ in sorted(ids)]
    await connection.execute(_ADD_ACCOUNTS, *_columns(opened, 5))


async def _add_tallies(connection: asyncpg.Connection, tallies: Tallies, as_of: datetime) -> None:
    shared = tally_rows(tallies, as_of, [ReviewKind.SELLER, ReviewKind.BUYER])
    # In one order always: two runs at once wait for each other and do not deadlock.
    shared.sort(key=lambda row: (row["kind"], row["subject_id"]))
    await connection.execute(_ADD_TALLIES, *_columns([tuple(row.values()) for row in shared], 8))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[place] for row in rows] for place in range(width)]


async def show_seller_ratings(connection: asyncpg.Connection) -> None:
    """Shops show the average of their reviews; those whose average is right already are left alone."""
    stars = ", ".join(f"stars_{each}" for each in STARS)
    rows = await connection.fetch(f"SELECT subject_id, {stars} FROM review_tally WHERE kind = 'seller'")  # noqa: S608  # our own columns
    shown = [_shown(row) for row in rows]
    await connection.executemany(
        "UPDATE seller SET rating_millis = $2, rating_count = $3 WHERE id = $1 AND rating_count <> $3", shown
    )


def _shown(row: asyncpg.Record) -> tuple[UUID, int | None, int]:
    counts = {stars: row[f"stars_{stars}"] for stars in STARS}
    return row["subject_id"], average_millis(counts), sum(counts.values())
