"""The shop's answer to what buyers say of it: one to each review, which it may change.

Invariant: only the shop that was reviewed answers, and not again where a moderator took its answer away.
"""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from domain.reviews.access import lock_review
from domain.reviews.errors import ReplyRemoved
from domain.reviews.events import ReviewReplied
from domain.reviews.model import REPLY_MAX, ReviewKind, ReviewStatus
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx
from domain.shared.errors import NotFound
from domain.shared.ids import ReviewId

Reply = Annotated[str, StringConstraints(min_length=1, max_length=REPLY_MAX, pattern=r"^[^\x00]*$")]


@command
class ReplyToReview:
    review_id: ReviewId
    text: Reply


async def reply_to_review(command: ReplyToReview, *, actor: Actor, db: Database) -> UUID:
    """The review's id; an answer that stands is replaced.

    Raises NotFound (also while the review is not published), ReplyRemoved.
    """
    seller_id = actor.seller()

    async def step(tx: Tx) -> UUID:
        review = await lock_review(tx, command.review_id)
        about_us = review.seller_id == seller_id and review.kind is not ReviewKind.BUYER
        if not about_us or review.status is not ReviewStatus.PUBLISHED:
            raise NotFound("review")
        if review.reply_removed_at is not None:
            raise ReplyRemoved()
        if review.reply != command.text:
            review.reply, review.replied_at = command.text, tx.now
            tx.record(
                ReviewReplied(at=tx.now, review_id=review.id, seller_id=review.seller_id, buyer_id=review.buyer_id)
            )
        return review.id

    return await db.run(step)
