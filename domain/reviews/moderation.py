"""What people report of reviews, and what moderators do about it.

Invariant: every decision stands in `review_event` with its reason, closes the reports that led to it, and reaches the
averages by the same commit's job.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from domain.reviews.access import lock_review, may_read, writes_for
from domain.reviews.events import ReviewModerated
from domain.reviews.model import (
    REVIEW_TRANSITIONS,
    ReportReason,
    Review,
    ReviewEvent,
    ReviewReport,
    ReviewStatus,
)
from domain.shared.actor import Actor
from domain.shared.commands import Reason, ShortText, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound, NotPermitted
from domain.shared.ids import ReviewId, new_id
from domain.shared.transitions import Party

REMOVE_REPLY: Final = "REMOVE_REPLY"

_reports = table(ReviewReport)


@command
class ReportReview:
    """Once per person; a second report changes nothing."""

    review_id: ReviewId
    reason: ReportReason
    note: ShortText = ""


@command
class ModerateReview:
    """The author reads the reason."""

    review_id: ReviewId
    reason: Reason


async def report_review(command: ReportReview, *, actor: Actor, db: Database) -> UUID:
    """The review's id. Raises NotFound for what the actor cannot read, NotPermitted for what they wrote themself."""
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        review = await lock_review(tx, command.review_id)
        if not may_read(actor, review):
            raise NotFound("review")
        if writes_for(actor, review):
            raise NotPermitted("This review is your own.")
        row = {"review_id": review.id, "reporter_id": user_id, "reason": command.reason, "note": command.note}
        written = await tx.execute(insert(_reports).values(**row, at=tx.now).on_conflict_do_nothing())
        review.open_reports += written.rowcount
        return review.id

    return await db.run(step)


async def hold_review(command: ModerateReview, *, actor: Actor, db: Database) -> UUID:
    """It neither shows nor counts while it is looked at. Raises NotPermitted, NotFound, IllegalTransition."""
    return await _decide(command, ReviewStatus.HELD, actor, db)


async def publish_review(command: ModerateReview, *, actor: Actor, db: Database) -> UUID:
    """It shows and counts again. Raises NotPermitted, NotFound, IllegalTransition."""
    return await _decide(command, ReviewStatus.PUBLISHED, actor, db)


async def remove_review(command: ModerateReview, *, actor: Actor, db: Database) -> UUID:
    """It is gone for all but its author, who cannot write another. Raises NotPermitted, NotFound, IllegalTransition."""
    return await _decide(command, ReviewStatus.REMOVED, actor, db)


async def remove_reply(command: ModerateReview, *, actor: Actor, db: Database) -> UUID:
    """The shop's answer is gone for good; the review stays. Raises NotPermitted, NotFound (also without a reply)."""
    actor.moderator()

    async def step(tx: Tx) -> UUID:
        review = await lock_review(tx, command.review_id)
        if not review.reply:
            raise NotFound("reply")
        review.reply, review.replied_at, review.reply_removed_at = "", None, tx.now
        await _note(tx, review, REMOVE_REPLY, review.status, command.reason, actor)
        return review.id

    return await db.run(step)


async def _decide(command: ModerateReview, target: ReviewStatus, actor: Actor, db: Database) -> UUID:
    actor.moderator()

    async def step(tx: Tx) -> UUID:
        review = await lock_review(tx, command.review_id)
        source = review.status
        legal = REVIEW_TRANSITIONS.check(source, target, Party.ADMIN)
        review.status = target
        review.status_reason = "" if target is ReviewStatus.PUBLISHED else command.reason
        await _note(tx, review, legal.action, source, command.reason, actor)
        tx.record(ReviewModerated(at=tx.now, review_id=review.id, seller_id=review.seller_id, buyer_id=review.buyer_id))
        return review.id

    return await db.run(step)


async def _note(tx: Tx, review: Review, action: str, source: ReviewStatus, reason: str, actor: Actor) -> None:
    """Written down, and what was reported is dealt with."""
    await tx.add(
        ReviewEvent(
            id=new_id(),
            review_id=review.id,
            action=action,
            source=source,
            target=review.status,
            reason=reason,
            actor=actor.name,
            at=tx.now,
        )
    )
    if review.open_reports:
        review.open_reports = 0
        await tx.execute(
            update(_reports)
            .where(_reports.c.review_id == review.id, _reports.c.closed_at.is_(None))
            .values(closed_at=tx.now)
        )
