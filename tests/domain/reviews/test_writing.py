"""The guarantee: not before delivery, not twice, not by the wrong person, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from app.container import Container
from domain.catalog.model import Fulfilment
from domain.orders.model import OrderLine
from domain.reviews.eligibility import EDIT_DAYS, REVIEW_DAYS
from domain.reviews.errors import AlreadyReviewed, EditWindowOver, NotDelivered, ReviewWindowOver
from domain.reviews.model import Review, ReviewKind, ReviewStatus
from domain.sellers.model import MemberRole, SellerMember
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.errors import IllegalTransition, NotFound, NotPermitted
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import cancel, confirm, give, rows_of, ship
from tests.domain.reviews.reviewing import (
    a_delivery,
    decide,
    edit,
    on_buyer,
    on_listing,
    on_seller,
    the_review,
)
from tests.makers import a_buyer, a_moderator, a_seller, change
from tests.sales import Sale, a_sale, the_lines

Write = Callable[..., Awaitable[UUID]]
ALL: tuple[Write, ...] = (on_listing, on_seller, on_buyer)


@pytest.mark.parametrize("write", ALL)
async def test_nothing_is_reviewed_before_it_is_delivered(container: Container, write: Write) -> None:
    sale = await a_sale(container)
    with pytest.raises(NotDelivered):
        await write(container, sale)
    await ship(container, sale)
    with pytest.raises(NotDelivered):
        await write(container, sale)
    await confirm(container, sale)
    assert (await the_review(container, await write(container, sale))).status is ReviewStatus.PUBLISHED


@pytest.mark.parametrize("write", ALL)
async def test_what_was_cancelled_is_never_reviewed(container: Container, write: Write) -> None:
    sale = await a_sale(container)
    await cancel(container, sale, sale.buyer)
    with pytest.raises(NotDelivered):
        await write(container, sale)


async def test_a_line_of_which_nothing_came_is_not_reviewed(container: Container) -> None:
    sale = await a_delivery(container)
    (line,) = await the_lines(container, sale.order_id)
    await change(container, OrderLine, line.id, cancelled=line.quantity)
    with pytest.raises(NotDelivered):
        await on_listing(container, sale)


@pytest.mark.parametrize("write", ALL)
async def test_nothing_is_reviewed_twice(container: Container, write: Write) -> None:
    sale = await a_delivery(container)
    first = await write(container, sale)
    with pytest.raises(AlreadyReviewed) as refused:
        await write(container, sale, rating=1)
    assert refused.value.review_id == first
    assert (await the_review(container, first)).rating == 5


@pytest.mark.parametrize("write", ALL)
async def test_of_many_at_once_one_is_written_and_the_others_are_told(container: Container, write: Write) -> None:
    sale = await a_delivery(container)
    outcomes = await asyncio.gather(*(write(container, sale) for _ in range(6)), return_exceptions=True)
    (first,) = [each for each in outcomes if isinstance(each, UUID)]
    others = [each for each in outcomes if isinstance(each, AlreadyReviewed)]
    assert {each.review_id for each in others} == {first}
    assert len(others) == 5


async def test_a_removed_review_cannot_be_written_anew(container: Container) -> None:
    sale = await a_delivery(container)
    first = await on_listing(container, sale)
    await decide(container, "remove", first, await a_moderator(container))
    with pytest.raises(AlreadyReviewed):
        await on_listing(container, sale)


async def test_every_line_has_a_review_of_its_own(container: Container) -> None:
    sale = await a_delivery(container, items=2)
    one, other = await the_lines(container, sale.order_id)
    written = {await on_listing(container, sale, line_id=line.id) for line in (one, other)}
    assert len(written) == 2


async def test_only_the_buyer_reviews_what_was_bought(container: Container) -> None:
    sale = await a_delivery(container)
    for stranger in (await a_buyer(container), sale.seller, await a_seller(container)):
        with pytest.raises(NotFound):
            await on_listing(container, sale, actor=stranger)
        with pytest.raises(NotFound):
            await on_seller(container, sale, actor=stranger)


async def test_only_the_shop_reviews_its_buyer(container: Container) -> None:
    sale = await a_delivery(container)
    with pytest.raises(NotFound):
        await on_buyer(container, sale, actor=await a_seller(container))
    with pytest.raises(NotPermitted):
        await on_buyer(container, sale, actor=sale.buyer)


async def test_shipping_is_no_listing(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    await confirm(container, sale)
    statement = "SELECT id FROM order_line WHERE order_id = :id AND kind = 'shipping'"
    (row,) = await rows_of(container, statement, id=sale.order_id)
    with pytest.raises(NotFound):
        await on_listing(container, sale, line_id=row.id)


async def test_nobody_reviews_the_shop_they_work_for(container: Container) -> None:
    sale = await a_delivery(container)
    buyer = Actor(sale.buyer.kind, user_id=sale.buyer.user_id, seller_id=sale.seller.seller_id)

    async def hire(tx: Tx) -> None:
        await tx.add(
            SellerMember(seller_id=sale.seller.seller(), user_id=buyer.user(), role=MemberRole.STAFF, added_at=tx.now)
        )

    await container.ports.db.run(hire)
    for write in (on_listing, on_seller, on_buyer):
        with pytest.raises(NotPermitted):
            await write(container, sale, actor=buyer)


@pytest.mark.parametrize("write", ALL)
async def test_the_time_to_review_ends(fresh_container: Container, clock: FakeClock, write: Write) -> None:
    late, just_in_time = await a_delivery(fresh_container), await a_delivery(fresh_container)
    clock.advance(days=REVIEW_DAYS, minutes=-1)
    await write(fresh_container, just_in_time)
    clock.advance(minutes=2)
    with pytest.raises(ReviewWindowOver):
        await write(fresh_container, late)


async def test_a_parcel_that_nobody_tracked_is_reviewed_from_its_completion_on(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    await confirm(container, sale)
    await rows_of(container, 'UPDATE "order" SET delivered_at = NULL WHERE id = :id RETURNING id', id=sale.order_id)
    await on_seller(container, sale)


async def test_where_it_came_from_is_kept_apart_and_expires(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    statement = "SELECT user_id, ip, kind, expires_at > at AS expires FROM client_signal WHERE cause_id = :id"
    (signal,) = await rows_of(container, statement, id=review_id)
    assert (signal.user_id, signal.ip, signal.kind, signal.expires) == (
        sale.buyer.user_id, "192.0.2.7", "reviewed", True,
    )  # fmt: skip


async def test_an_edit_changes_what_it_names(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale, title="Good", body="It shines.")
    await edit(container, review_id, sale.buyer, rating=3)
    review = await the_review(container, review_id)
    assert (review.rating, review.title, review.body) == (3, "Good", "It shines.")
    assert review.edited_at is not None


async def test_only_the_author_edits_and_any_member_for_the_shop(container: Container) -> None:
    sale = await a_delivery(container)
    mine, ours = await on_listing(container, sale), await on_buyer(container, sale)
    for review_id, stranger in ((mine, sale.seller), (mine, await a_buyer(container)), (ours, sale.buyer)):
        with pytest.raises(NotFound):
            await edit(container, review_id, stranger, rating=1)
    colleague = Actor(sale.seller.kind, user_id=(await a_buyer(container)).user_id, seller_id=sale.seller.seller_id)
    await edit(container, ours, colleague, rating=4)


async def test_the_time_to_edit_ends(fresh_container: Container, clock: FakeClock) -> None:
    sale = await a_delivery(fresh_container)
    review_id = await on_listing(fresh_container, sale)
    clock.advance(days=EDIT_DAYS, minutes=-1)
    await edit(fresh_container, review_id, sale.buyer, rating=4)
    clock.advance(minutes=2)
    with pytest.raises(EditWindowOver):
        await edit(fresh_container, review_id, sale.buyer, rating=1)


async def test_an_edit_brings_nothing_back(container: Container) -> None:
    sale, moderator = await a_delivery(container), await a_moderator(container)
    review_id = await on_listing(container, sale)
    await decide(container, "hold", review_id, moderator)
    await edit(container, review_id, sale.buyer, body="Nicer words.")
    assert (await the_review(container, review_id)).status is ReviewStatus.HELD
    await decide(container, "remove", review_id, moderator)
    with pytest.raises(IllegalTransition):
        await edit(container, review_id, sale.buyer, body="Nicer still.")


@pytest.mark.parametrize(
    "values",
    [
        {"rating": 6},
        {"rating": 0},
        {"counted_rating": 9},
        {"open_reports": -1},
        {"kind": "seller"},
        {"listing_id": None},
    ],
)
async def test_the_database_refuses_what_no_review_is(container: Container, values: dict[str, Any]) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    with pytest.raises(DBAPIError):
        await change(container, Review, review_id, **values)


async def test_kinds_and_states_are_those_of_the_model(container: Container) -> None:
    sale: Sale = await a_sale(container, fulfilment=Fulfilment.PICKUP)
    await give(container, sale)
    written = [await write(container, sale) for write in ALL]
    reviews = [await the_review(container, review_id) for review_id in written]
    assert [review.kind for review in reviews] == list(ReviewKind)
    assert {review.order_id for review in reviews} == {sale.order_id}
    assert [review.author_id for review in reviews] == [sale.buyer.user_id] * 2 + [sale.seller.user_id]
