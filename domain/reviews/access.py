"""How a review is taken in hand for a change: locked, by whom it concerns.

Invariant: for whoever has nothing to do with a review it does not exist, unless everybody may read it.
"""

from typing import Protocol
from uuid import UUID

from domain.reviews.model import Review, ReviewKind, ReviewStatus
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.errors import NotFound


class Parties(Protocol):
    """Whom a review concerns; its row and its view tell."""

    @property
    def kind(self) -> ReviewKind: ...
    @property
    def status(self) -> ReviewStatus: ...
    @property
    def seller_id(self) -> UUID: ...
    @property
    def buyer_id(self) -> UUID: ...
    @property
    def author_id(self) -> UUID: ...


def writes_for(actor: Actor, review: Parties) -> bool:
    """The buyer's reviews are the buyer's own, those of a shop are all its members'."""
    if review.kind is ReviewKind.BUYER:
        return actor.seller_id is not None and actor.seller_id == review.seller_id
    return actor.user_id is not None and actor.user_id == review.author_id


def may_read(actor: Actor, review: Parties) -> bool:
    """What is published everybody reads; of what a shop says of a buyer, these two. Authors read theirs always."""
    if actor.is_moderator or writes_for(actor, review):
        return True
    published = review.status is ReviewStatus.PUBLISHED
    return published and (review.kind is not ReviewKind.BUYER or actor.user_id == review.buyer_id)


async def lock_review(tx: Tx, review_id: UUID) -> Review:
    """Raises NotFound."""
    rows = await tx.lock(Review, [review_id])
    if not rows:
        raise NotFound("review")
    return rows[0]
