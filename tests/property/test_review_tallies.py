"""The guarantee: after any operations in any order the averages equal a count of what is published.

Operations of many people run at once, their jobs late, twice and out of order.
"""

import asyncio
import random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.container import Container
from domain.reviews.errors import AlreadyReviewed
from domain.shared.actor import Actor
from domain.shared.errors import IllegalTransition
from tests.domain.orders.lifecycle import rows_of
from tests.domain.reviews.reviewing import a_delivery, count, decide, edit, on_buyer, on_listing, on_seller
from tests.makers import a_moderator
from tests.sales import Sale, the_lines

OPERATIONS = 1_000
AT_ONCE = 8
KINDS = ("write", "write", "edit", "edit", "hold", "publish", "remove", "count", "count")

COUNTED = """
    SELECT listing_id AS subject_id, 'listing' AS kind FROM review WHERE kind = 'listing' AND order_id = ANY(:orders)
    UNION SELECT seller_id, 'seller' FROM review WHERE order_id = ANY(:orders)
    UNION SELECT buyer_id, 'buyer' FROM review WHERE order_id = ANY(:orders)
"""
TRUTH = f"""
    SELECT subject.kind, subject.subject_id,
        (SELECT array_agg(n ORDER BY stars) FROM (
            SELECT stars, count(review.id) AS n FROM generate_series(1, 5) AS stars
            LEFT JOIN review ON review.rating = stars AND review.kind = subject.kind AND review.status = 'published'
                AND subject.subject_id = CASE review.kind
                    WHEN 'listing' THEN review.listing_id WHEN 'seller' THEN review.seller_id ELSE review.buyer_id END
            GROUP BY stars) AS counted) AS counts,
        tally.stars_1, tally.stars_2, tally.stars_3, tally.stars_4, tally.stars_5,
        coalesce(listing.rating_count, seller.rating_count) AS shown_count,
        coalesce(listing.rating_millis, seller.rating_millis) AS shown_millis
    FROM ({COUNTED}) AS subject
    LEFT JOIN review_tally AS tally ON tally.kind = subject.kind AND tally.subject_id = subject.subject_id
    LEFT JOIN listing ON subject.kind = 'listing' AND listing.id = subject.subject_id
    LEFT JOIN seller ON subject.kind = 'seller' AND seller.id = subject.subject_id
"""  # no outside values


class World:
    """Some deliveries and what may be written about them; reviews are known by their place."""

    def __init__(self, container: Container, sales: list[Sale], lines: list[tuple[Sale, UUID]], mod: Actor) -> None:
        self.container, self.sales, self.moderator = container, sales, mod
        self.places: list[tuple[Any, Sale, UUID | None]] = [(on_listing, sale, line) for sale, line in lines]
        for sale in sales:
            self.places += [(on_seller, sale, None), (on_buyer, sale, None)]
        self.reviews: dict[int, UUID] = {}

    async def do(self, kind: str, place: int, rating: int) -> None:
        write, sale, line_id = self.places[place % len(self.places)]
        place %= len(self.places)
        review_id = self.reviews.get(place)
        if kind == "write" or review_id is None:
            more = {"line_id": line_id} if line_id is not None else {}
            try:
                self.reviews[place] = await write(self.container, sale, rating=rating, **more)
            except AlreadyReviewed as known:
                self.reviews[place] = known.review_id
        elif kind == "count":
            await count(self.container, review_id)
        else:
            await self._change(kind, review_id, rating, sale.seller if write is on_buyer else sale.buyer)

    async def _change(self, kind: str, review_id: UUID, rating: int, author: Actor) -> None:
        try:
            if kind == "edit":
                await edit(self.container, review_id, author, rating=rating)
            else:
                await decide(self.container, kind, review_id, self.moderator)
        except IllegalTransition:
            return

    async def settle(self) -> None:
        """Every job that a change left behind runs in the end; here in any order, some of them twice."""
        pending = [*self.reviews.values(), *list(self.reviews.values())[::3]]
        for start in range(0, len(pending), AT_ONCE):
            await asyncio.gather(*(count(self.container, review_id) for review_id in pending[start : start + AT_ONCE]))

    async def check(self) -> int:
        """How many subjects were compared."""
        rows = await rows_of(self.container, TRUTH, orders=[sale.order_id for sale in self.sales])
        for row in rows:
            tally = [row.stars_1, row.stars_2, row.stars_3, row.stars_4, row.stars_5]
            assert [each or 0 for each in tally] == row.counts, row
            if row.kind != "buyer":
                total = sum(stars * number for stars, number in enumerate(row.counts, start=1))
                number = sum(row.counts)
                assert row.shown_count == number
                assert row.shown_millis == (int(total * 1_000 / number + 0.5) if number else None)
        return len(rows)


async def a_world(container: Container, *, sales: int, items: int) -> World:
    made = [await a_delivery(container, items=items) for _ in range(sales)]
    lines = [(sale, line.id) for sale in made for line in await the_lines(container, sale.order_id)]
    return World(container, made, lines, await a_moderator(container))


@pytest.mark.parametrize("seed", [1])
async def test_averages_equal_a_count_after_a_thousand_random_operations(container: Container, seed: int) -> None:
    draw = random.Random(seed)
    world = await a_world(container, sales=3, items=12)
    operations = [(draw.choice(KINDS), draw.randrange(10_000), draw.randint(1, 5)) for _ in range(OPERATIONS)]
    for start in range(0, OPERATIONS, AT_ONCE):
        await asyncio.gather(*(world.do(*operation) for operation in operations[start : start + AT_ONCE]))
    await world.settle()
    assert len(world.reviews) == len(world.places), "every review was written at some time"
    assert await world.check() == 9


operation = st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(1, 5))


@settings(max_examples=10)
@given(operations=st.lists(operation, max_size=12))
async def test_averages_equal_a_count_after_any_sequence(
    container: Container, operations: list[tuple[str, int, int]]
) -> None:
    world = await a_world(container, sales=1, items=2)
    for each in operations:
        await world.do(*each)
    await world.settle()
    await world.check()
