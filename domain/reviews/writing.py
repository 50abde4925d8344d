"""Writing reviews: the buyer of a listing and of its shop, the shop of the buyer.

Invariant: whoever writes was a party of the order and did not write for the other side. The key row decides which of
two at once is the one: the second waits for the first, and is told of it.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from domain.orders.model import Order, OrderLine
from domain.reviews.eligibility import check_reviewable, line_counts
from domain.reviews.errors import AlreadyReviewed, NotDelivered
from domain.reviews.events import ReviewWritten
from domain.reviews.model import BODY_MAX, TITLE_MAX, Review, ReviewKey, ReviewKind
from domain.reviews.pictures import Images, give
from domain.sellers.membership import role_of
from domain.shared.actor import Actor, Client
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound, NotPermitted
from domain.shared.ids import OrderId, OrderLineId, new_id
from domain.shared.policy import Policy
from domain.users.model import SignalKind
from domain.users.signals import record_signal

Rating = Annotated[int, Field(ge=1, le=5)]
ReviewTitle = Annotated[str, StringConstraints(max_length=TITLE_MAX, pattern=r"^[^\x00-\x1f]*$")]
ReviewBody = Annotated[str, StringConstraints(max_length=BODY_MAX, pattern=r"^[^\x00]*$")]

_keys = table(ReviewKey)
_WRITTEN = select(_keys.c.review_id).where(_keys.c.kind == bindparam("kind"), _keys.c.cause_id == bindparam("cause_id"))


@command
class ReviewListing:
    """By the buyer, for one order line. Pictures show once they are ready."""

    order_line_id: OrderLineId
    rating: Rating
    title: ReviewTitle = ""
    body: ReviewBody = ""
    images: Images = ()


@command
class ReviewSeller:
    """By the buyer, for one order."""

    order_id: OrderId
    rating: Rating
    title: ReviewTitle = ""
    body: ReviewBody = ""
    images: Images = ()


@command
class ReviewBuyer:
    """By the shop, for one order. The buyer sees it, nobody else besides the shop."""

    order_id: OrderId
    rating: Rating
    title: ReviewTitle = ""
    body: ReviewBody = ""


async def review_listing(command: ReviewListing, *, actor: Actor, client: Client, db: Database, policy: Policy) -> UUID:
    """The review's id; it is published.

    Raises NotFound, NotPermitted (a member of the shop), NotDelivered, ReviewWindowOver, AlreadyReviewed,
    ImageNotUsable, InvalidInput (one picture twice).
    """
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        line = await tx.get(OrderLine, command.order_line_id)
        order = await tx.get(Order, line.order_id) if line is not None else None
        if line is None or order is None or order.buyer_id != user_id or line.listing_id is None:
            raise NotFound("order_line")
        await _check(tx, order, user_id)
        if not line_counts(line):
            raise NotDelivered()
        review = _drafted(tx, order, ReviewKind.LISTING, user_id, command)
        review.order_line_id, review.listing_id = line.id, line.listing_id
        await _write(tx, review, line.id, client, policy)
        await give(tx, review.id, command.images, uploader_id=user_id)
        return review.id

    return await db.run(step)


async def review_seller(command: ReviewSeller, *, actor: Actor, client: Client, db: Database, policy: Policy) -> UUID:
    """The review's id; it is published.

    Raises NotFound, NotPermitted (a member of the shop), NotDelivered, ReviewWindowOver, AlreadyReviewed,
    ImageNotUsable, InvalidInput (one picture twice).
    """
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        order = await tx.get(Order, command.order_id)
        if order is None or order.buyer_id != user_id:
            raise NotFound("order")
        await _check(tx, order, user_id)
        review = _drafted(tx, order, ReviewKind.SELLER, user_id, command)
        await _write(tx, review, order.id, client, policy)
        await give(tx, review.id, command.images, uploader_id=user_id)
        return review.id

    return await db.run(step)


async def review_buyer(command: ReviewBuyer, *, actor: Actor, client: Client, db: Database, policy: Policy) -> UUID:
    """The review's id; its buyer sees it.

    Raises NotFound, NotPermitted (the buyer), NotDelivered, ReviewWindowOver, AlreadyReviewed.
    """
    user_id, seller_id = actor.user(), actor.seller()

    async def step(tx: Tx) -> UUID:
        order = await tx.get(Order, command.order_id)
        if order is None or order.seller_id != seller_id:
            raise NotFound("order")
        if order.buyer_id == user_id:
            raise NotPermitted("Nobody reviews themself.")
        check_reviewable(order, tx.now)
        review = _drafted(tx, order, ReviewKind.BUYER, user_id, command)
        await _write(tx, review, order.id, client, policy)
        return review.id

    return await db.run(step)


async def _check(tx: Tx, order: Order, buyer_id: UUID) -> None:
    if await role_of(tx, order.seller_id, buyer_id) is not None:
        raise NotPermitted("You work for this shop.")
    check_reviewable(order, tx.now)


def _drafted(
    tx: Tx, order: Order, kind: ReviewKind, author_id: UUID, command: ReviewListing | ReviewSeller | ReviewBuyer
) -> Review:
    return Review(
        id=new_id(),
        kind=kind,
        order_id=order.id,
        seller_id=order.seller_id,
        buyer_id=order.buyer_id,
        author_id=author_id,
        rating=command.rating,
        title=command.title,
        body=command.body,
        created_at=tx.now,
    )


async def _write(tx: Tx, review: Review, cause_id: UUID, client: Client, policy: Policy) -> None:
    """The key first: if it is taken, somebody was faster, and their review is there to be read."""
    key = {"kind": review.kind, "cause_id": cause_id, "review_id": review.id}
    taken = await tx.execute(insert(_keys).values(**key).on_conflict_do_nothing())
    if taken.rowcount == 0:
        raise AlreadyReviewed(await tx.reads.scalar(_WRITTEN, kind=review.kind.value, cause_id=cause_id))
    await tx.add(review)
    await record_signal(
        tx, SignalKind.REVIEWED, user_id=review.author_id, client=client, policy=policy, cause_id=review.id
    )
    tx.record(ReviewWritten(at=tx.now, review_id=review.id, seller_id=review.seller_id, buyer_id=review.buyer_id))
