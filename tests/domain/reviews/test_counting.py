"""What a review sets in motion: the average of what it is about, and a second look of search."""

import asyncio

from app.container import Container
from app.jobs import HANDLERS, handlers_of
from domain.reviews.counting import average_millis
from domain.reviews.events import ReviewEdited, ReviewModerated, ReviewWritten
from domain.sellers.model import Seller
from tests.domain.orders.lifecycle import rows_of
from tests.domain.reviews.reviewing import a_delivery, count, decide, edit, on_buyer, on_listing, on_seller
from tests.makers import a_moderator, change
from tests.sales import Sale, the_lines

NOTED = "SELECT count(*) FROM listing_change WHERE listing_id = :id"


async def shown(container: Container, sale: Sale) -> tuple[int | None, int]:
    statement = "SELECT rating_millis, rating_count FROM listing WHERE id = :id"
    (row,) = await rows_of(container, statement, id=sale.items[0].listing_id)
    return row.rating_millis, row.rating_count


async def shown_of_shop(container: Container, sale: Sale) -> tuple[int | None, int]:
    statement = "SELECT rating_millis, rating_count FROM seller WHERE id = :id"
    (row,) = await rows_of(container, statement, id=sale.seller.seller())
    return row.rating_millis, row.rating_count


async def notes(container: Container, sale: Sale) -> int:
    return int((await rows_of(container, NOTED, id=sale.items[0].listing_id))[0][0])


def test_averages_are_rounded_half_up() -> None:
    assert average_millis({}) is None
    assert average_millis({5: 1, 4: 2}) == 4_333
    assert average_millis({5: 2, 4: 1}) == 4_667
    assert average_millis({5: 1, 4: 15}) == 4_063, "4.0625 and half up"


def test_every_change_of_a_review_is_counted() -> None:
    for event in (ReviewWritten, ReviewEdited, ReviewModerated):
        (name,) = [name for name in handlers_of()[event.kind] if name.startswith("count")]
        (handler,) = [handler for handler in HANDLERS if handler.name == name]
        assert handler.event is event


async def test_the_job_of_a_review_shows_it_and_tells_search(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale, rating=4)
    assert await shown(container, sale) == (None, 0), "only the job counts"
    before = await notes(container, sale)
    (handler,) = [handler for handler in HANDLERS if handler.name == "count_review"]
    event = ReviewWritten(
        at=container.ports.clock.now(), review_id=review_id, seller_id=sale.seller.seller(), buyer_id=sale.buyer.user()
    )
    for _ in range(2):
        await handler.handle(ReviewWritten.parse(event.payload()), container)
    assert await shown(container, sale) == (4_000, 1)
    assert await notes(container, sale) == before + 1, "the second time there was nothing to do"


async def test_an_edited_rating_replaces_the_old_one(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale, rating=5)
    await count(container, review_id)
    await edit(container, review_id, sale.buyer, rating=2)
    await count(container, review_id)
    assert await shown(container, sale) == (2_000, 1)


async def test_held_and_removed_reviews_do_not_count_until_they_are_published_again(container: Container) -> None:
    sale, moderator = await a_delivery(container), await a_moderator(container)
    review_id = await on_seller(container, sale, rating=3)
    for what, expected in (("hold", (None, 0)), ("publish", (3_000, 1)), ("remove", (None, 0))):
        await decide(container, what, review_id, moderator)
        await count(container, review_id)
        assert await shown_of_shop(container, sale) == expected


async def test_what_a_shop_says_of_a_buyer_counts_for_the_buyer_alone(container: Container) -> None:
    sale = await a_delivery(container)
    await count(container, await on_buyer(container, sale, rating=1))
    assert await shown(container, sale) == (None, 0)
    assert await shown_of_shop(container, sale) == (None, 0)
    statement = "SELECT stars_1 FROM review_tally WHERE kind = 'buyer' AND subject_id = :id"
    assert (await rows_of(container, statement, id=sale.buyer.user()))[0][0] == 1


async def test_jobs_of_one_listing_at_once_count_every_review(container: Container) -> None:
    sale = await a_delivery(container, items=8)
    lines = await the_lines(container, sale.order_id)
    written = [await on_listing(container, sale, line_id=line.id, rating=5 - i % 2) for i, line in enumerate(lines)]
    await asyncio.gather(*(count(container, review_id) for review_id in written * 2))
    assert await shown(container, sale) == (4_500, 8)


async def test_a_rating_does_not_disturb_who_edits_the_listing_or_the_shop(container: Container) -> None:
    sale = await a_delivery(container)
    of_versions = "SELECT listing.version, seller.version FROM listing JOIN seller ON seller.id = seller_id"
    statement = f"{of_versions} WHERE listing.id = :id"
    before = await rows_of(container, statement, id=sale.items[0].listing_id)
    await count(container, await on_listing(container, sale), await on_seller(container, sale))
    assert await rows_of(container, statement, id=sale.items[0].listing_id) == before


async def test_search_looks_again_at_a_shop_only_when_its_average_moved(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_seller(container, sale, rating=4)
    await change(container, Seller, sale.seller.seller(), rating_millis=4_010, rating_count=90)
    before = await notes(container, sale)
    await count(container, review_id)
    assert await notes(container, sale) == before
    await edit(container, review_id, sale.buyer, rating=3)
    await count(container, review_id)
    assert await notes(container, sale) == before + 1
