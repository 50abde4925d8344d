"""Changing a review, by whoever wrote it, for a time.

Invariant: an edit never brings back what a moderator took away: a held review stays held, a removed one is not edited.
"""

from uuid import UUID

from domain.reviews.access import lock_review, writes_for
from domain.reviews.eligibility import edit_until
from domain.reviews.errors import EditWindowOver
from domain.reviews.events import ReviewEdited
from domain.reviews.model import Review, ReviewStatus
from domain.reviews.pictures import Images, replace
from domain.reviews.writing import Rating, ReviewBody, ReviewTitle
from domain.shared.actor import Actor
from domain.shared.commands import KEEP, Keep, command
from domain.shared.database import Database, Tx
from domain.shared.errors import IllegalTransition, NotFound
from domain.shared.ids import ReviewId


@command
class EditReview:
    """What is left out stays as it is."""

    review_id: ReviewId
    rating: Rating | Keep = KEEP
    title: ReviewTitle | Keep = KEEP
    body: ReviewBody | Keep = KEEP
    images: Images | Keep = KEEP
    """All pictures from now on, in their order; those that stay are named again."""


async def edit_review(command: EditReview, *, actor: Actor, db: Database) -> UUID:
    """The review's id. Raises NotFound, IllegalTransition (it was removed), EditWindowOver, and what pictures raise."""
    user_id = actor.user()
    wanted = {name: getattr(command, name) for name in ("rating", "title", "body")}

    async def step(tx: Tx) -> UUID:
        review = await lock_review(tx, command.review_id)
        if not writes_for(actor, review):
            raise NotFound("review")
        if review.status is ReviewStatus.REMOVED:
            raise IllegalTransition("review", review.status.value, "edited")
        if tx.now >= edit_until(review.created_at):
            raise EditWindowOver(edit_until(review.created_at))
        changed = _apply(review, {name: value for name, value in wanted.items() if value is not KEEP})
        if not isinstance(command.images, Keep):
            changed |= await replace(tx, review.id, command.images, uploader_id=user_id)
        if changed:
            review.edited_at = tx.now
            tx.record(
                ReviewEdited(at=tx.now, review_id=review.id, seller_id=review.seller_id, buyer_id=review.buyer_id)
            )
        return review.id

    return await db.run(step)


def _apply(review: Review, wanted: dict[str, object]) -> bool:
    """Whether anything is another than before."""
    changes = {name: value for name, value in wanted.items() if getattr(review, name) != value}
    for name, value in changes.items():
        setattr(review, name, value)
    return bool(changes)
