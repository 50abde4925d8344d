"""The averages of listings, shops and buyers, kept by a job per change of a review.

Invariant: a review says itself what the tally counts of it (`counted_rating`). The job brings the two together under
the review's lock, so that it may run twice, late, or in any order: what counts is the present state, each review at
most once, and no job ever reads more than one review.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.catalog.changes import note_changes, note_changes_of_seller
from domain.catalog.model import Listing
from domain.reviews.model import STARS, Review, ReviewKind, ReviewStatus, ReviewTally
from domain.sellers.model import Seller
from domain.shared.database import Database, Tx, table

SELLER_MOVED_MILLIS: Final = 50
"""By so much a shop's average must have moved before search looks at all its listings again.

Its hits show the present average anyway; what is delayed, by a day at most, is its weight in the ranking.
"""

_tallies, _listings, _sellers = table(ReviewTally), table(Listing), table(Seller)
_SHOWN = select(_sellers.c.rating_millis).where(_sellers.c.id == bindparam("id"))


async def count_review(review_id: UUID, *, db: Database) -> None:
    """Bring the tally of what is reviewed, and the rating shown of it, in step with this review."""

    async def step(tx: Tx) -> None:
        for review in await tx.lock(Review, [review_id]):
            await _count(tx, review)

    await db.run(step)


async def _count(tx: Tx, review: Review) -> None:
    due = review.rating if review.status is ReviewStatus.PUBLISHED else None
    if due == review.counted_rating:
        return
    deltas = dict.fromkeys(STARS, 0)
    if review.counted_rating is not None:
        deltas[review.counted_rating] -= 1
    if due is not None:
        deltas[due] += 1
    review.counted_rating = due
    counts = await _add_up(tx, review.kind, subject_of(review), deltas)
    millis, count = average_millis(counts), sum(counts.values())
    if review.kind is ReviewKind.LISTING:
        await _show_listing(tx, subject_of(review), millis, count)
    elif review.kind is ReviewKind.SELLER:
        await _show_seller(tx, review.seller_id, millis, count)


def subject_of(review: Review) -> UUID:
    if review.kind is ReviewKind.LISTING:
        assert review.listing_id is not None
        return review.listing_id
    return review.seller_id if review.kind is ReviewKind.SELLER else review.buyer_id


def average_millis(counts: dict[int, int]) -> int | None:
    """Thousandths of a star, half up; None without any."""
    count = sum(counts.values())
    total = sum(stars * number for stars, number in counts.items())
    return (2_000 * total + count) // (2 * count) if count else None


async def _add_up(tx: Tx, kind: ReviewKind, subject_id: UUID, deltas: dict[int, int]) -> dict[int, int]:
    """The tally's row stays locked to the end: what is shown of it is written in the same order."""
    columns = {stars: _tallies.c[f"stars_{stars}"] for stars in STARS}
    first = {column.name: max(deltas[stars], 0) for stars, column in columns.items()}
    rise = {column.name: column + deltas[stars] for stars, column in columns.items()}
    statement = (
        insert(_tallies)
        .values(kind=kind, subject_id=subject_id, updated_at=tx.now, **first)
        .on_conflict_do_update(index_elements=["kind", "subject_id"], set_={**rise, "updated_at": tx.now})
        .returning(*columns.values())
    )
    row = (await tx.execute(statement)).one()
    return dict(zip(columns, row, strict=True))


async def _show_listing(tx: Tx, listing_id: UUID, millis: int | None, count: int) -> None:
    await tx.execute(
        update(_listings).where(_listings.c.id == listing_id).values(rating_millis=millis, rating_count=count)
    )
    await note_changes(tx, [listing_id])


async def _show_seller(tx: Tx, seller_id: UUID, millis: int | None, count: int) -> None:
    # Not locked as other rows are: purchases refer to the shop and would wait. The tally's lock orders its writers.
    before: int | None = await tx.reads.scalar(_SHOWN, id=seller_id)
    await tx.execute(
        update(_sellers).where(_sellers.c.id == seller_id).values(rating_millis=millis, rating_count=count)
    )
    if before is None or millis is None or abs(before - millis) >= SELLER_MOVED_MILLIS:
        await note_changes_of_seller(tx, seller_id)
