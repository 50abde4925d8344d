"""Replies, reports and what moderators decide."""

from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from app.container import Container
from domain.reviews.errors import ReplyRemoved
from domain.reviews.model import REVIEW_TRANSITIONS, ReportReason, ReviewStatus
from domain.reviews.moderation import ModerateReview, ReportReview, remove_reply, report_review
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.errors import IllegalTransition, NotFound, NotPermitted, NotSignedIn
from domain.shared.transitions import Party
from tests.domain.orders.lifecycle import rows_of
from tests.domain.reviews.reviewing import a_delivery, decide, on_buyer, on_listing, on_seller, reply, the_review
from tests.makers import a_buyer, a_moderator, a_seller, an_admin


async def report(container: Container, review_id: UUID, actor: Actor) -> UUID:
    command = ReportReview(review_id=review_id, reason=ReportReason.SPAM)
    return await report_review(command, actor=actor, db=container.ports.db)


async def test_the_shop_answers_and_may_change_its_answer(container: Container) -> None:
    sale = await a_delivery(container)
    for review_id in (await on_listing(container, sale), await on_seller(container, sale)):
        await reply(container, review_id, sale.seller)
        await reply(container, review_id, sale.seller, "Thank you, Ann.")
        review = await the_review(container, review_id)
        assert (review.reply, review.replied_at is None) == ("Thank you, Ann.", False)


async def test_nobody_else_answers_and_nobody_answers_a_shop(container: Container) -> None:
    sale = await a_delivery(container)
    about_us, about_buyer = await on_listing(container, sale), await on_buyer(container, sale)
    with pytest.raises(NotFound):
        await reply(container, about_us, await a_seller(container))
    with pytest.raises(NotPermitted):
        await reply(container, about_us, sale.buyer)
    with pytest.raises(NotFound):
        await reply(container, about_buyer, sale.seller)


async def test_what_does_not_show_is_not_answered(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    await decide(container, "hold", review_id, await a_moderator(container))
    with pytest.raises(NotFound):
        await reply(container, review_id, sale.seller)


async def test_a_removed_answer_is_not_given_again(container: Container) -> None:
    sale, moderator = await a_delivery(container), await a_moderator(container)
    review_id = await on_listing(container, sale)
    command = ModerateReview(review_id=review_id, reason="rude")
    with pytest.raises(NotFound):
        await remove_reply(command, actor=moderator, db=container.ports.db)
    await reply(container, review_id, sale.seller)
    await remove_reply(command, actor=moderator, db=container.ports.db)
    assert (await the_review(container, review_id)).reply == ""
    with pytest.raises(ReplyRemoved):
        await reply(container, review_id, sale.seller)


async def test_moderators_move_reviews_along_the_table_and_everything_is_written_down(container: Container) -> None:
    sale, moderator = await a_delivery(container), await an_admin(container)
    review_id = await on_listing(container, sale)
    for what, status in (("hold", "held"), ("publish", "published"), ("remove", "removed"), ("publish", "published")):
        await decide(container, what, review_id, moderator)
        assert (await the_review(container, review_id)).status == status
    statement = "SELECT action, source, target, reason, actor FROM review_event WHERE review_id = :id ORDER BY id"
    events = [tuple(row) for row in await rows_of(container, statement, id=review_id)]
    assert [event[:3] for event in events] == [
        ("HOLD", "published", "held"),
        ("PUBLISH", "held", "published"),
        ("REMOVE", "published", "removed"),
        ("PUBLISH", "removed", "published"),
    ]
    assert {event[3:] for event in events} == {("looked at it", f"user:{moderator.user_id}")}
    with pytest.raises(DBAPIError, match="append-only"):
        await rows_of(container, "DELETE FROM review_event WHERE review_id = :id RETURNING id", id=review_id)


@pytest.mark.parametrize("source", ReviewStatus)
@pytest.mark.parametrize("target", ReviewStatus)
def test_the_table_of_states_is_for_moderators_only(source: ReviewStatus, target: ReviewStatus) -> None:
    legal = {
        (ReviewStatus.PUBLISHED, ReviewStatus.HELD),
        (ReviewStatus.HELD, ReviewStatus.PUBLISHED),
        (ReviewStatus.PUBLISHED, ReviewStatus.REMOVED),
        (ReviewStatus.HELD, ReviewStatus.REMOVED),
        (ReviewStatus.REMOVED, ReviewStatus.PUBLISHED),
    }
    for party in Party:
        allowed = REVIEW_TRANSITIONS.allows(source, target, party)
        assert allowed is ((source, target) in legal and party is Party.ADMIN)


async def test_nobody_else_moderates(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    for actor in (sale.buyer, sale.seller, await a_buyer(container)):
        with pytest.raises(NotPermitted):
            await decide(container, "remove", review_id, actor)
    with pytest.raises(NotSignedIn):
        await decide(container, "remove", review_id, ANONYMOUS)


async def test_a_step_that_the_table_does_not_have_is_refused(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    with pytest.raises(IllegalTransition):
        await decide(container, "publish", review_id, await a_moderator(container))


async def test_each_person_reports_once_and_a_decision_closes_the_reports(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    stranger = await a_buyer(container)
    for actor in (stranger, stranger, sale.seller):
        await report(container, review_id, actor)
    assert (await the_review(container, review_id)).open_reports == 2
    await decide(container, "hold", review_id, await a_moderator(container))
    assert (await the_review(container, review_id)).open_reports == 0
    statement = "SELECT count(*) FROM review_report WHERE review_id = :id AND closed_at IS NULL"
    assert [row[0] for row in await rows_of(container, statement, id=review_id)] == [0]


async def test_only_readers_report_and_not_what_they_wrote(container: Container) -> None:
    sale = await a_delivery(container)
    mine, of_me = await on_listing(container, sale), await on_buyer(container, sale)
    with pytest.raises(NotPermitted):
        await report(container, mine, sale.buyer)
    with pytest.raises(NotFound):
        await report(container, of_me, await a_buyer(container))
    await report(container, of_me, sale.buyer)
