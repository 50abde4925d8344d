"""Reviews as short calls for tests."""

from typing import Any
from uuid import UUID

from app.container import Container
from domain.catalog.model import Fulfilment
from domain.reviews.counting import count_review
from domain.reviews.editing import EditReview, edit_review
from domain.reviews.model import Review
from domain.reviews.moderation import ModerateReview, hold_review, publish_review, remove_review
from domain.reviews.replying import ReplyToReview, reply_to_review
from domain.reviews.writing import (
    ReviewBuyer,
    ReviewListing,
    ReviewSeller,
    review_buyer,
    review_listing,
    review_seller,
)
from domain.shared.actor import Actor, Client
from domain.shared.database import Tx
from tests.domain.orders.lifecycle import give
from tests.sales import Sale, a_sale, the_lines

CLIENT = Client(ip="192.0.2.7", user_agent="a browser", device_id="a device")
DECISIONS = {"hold": hold_review, "publish": publish_review, "remove": remove_review}


async def a_delivery(container: Container, **more: Any) -> Sale:
    """A sale whose order has arrived."""
    sale = await a_sale(container, fulfilment=Fulfilment.DIGITAL, **more)
    await give(container, sale)
    return sale


async def first_line(container: Container, sale: Sale) -> UUID:
    return (await the_lines(container, sale.order_id))[0].id


async def on_listing(
    container: Container, sale: Sale, *, line_id: UUID | None = None, actor: Actor | None = None, **more: Any
) -> UUID:
    """The buyer's review of the first line, with five stars unless told otherwise."""
    ports = container.ports
    command = ReviewListing(order_line_id=line_id or await first_line(container, sale), **({"rating": 5} | more))
    return await review_listing(command, actor=actor or sale.buyer, client=CLIENT, db=ports.db, policy=ports.policy)


async def on_seller(container: Container, sale: Sale, *, actor: Actor | None = None, **more: Any) -> UUID:
    ports, command = container.ports, ReviewSeller(order_id=sale.order_id, **({"rating": 5} | more))
    return await review_seller(command, actor=actor or sale.buyer, client=CLIENT, db=ports.db, policy=ports.policy)


async def on_buyer(container: Container, sale: Sale, *, actor: Actor | None = None, **more: Any) -> UUID:
    ports, command = container.ports, ReviewBuyer(order_id=sale.order_id, **({"rating": 5} | more))
    return await review_buyer(command, actor=actor or sale.seller, client=CLIENT, db=ports.db, policy=ports.policy)


async def edit(container: Container, review_id: UUID, actor: Actor, **changes: Any) -> UUID:
    return await edit_review(EditReview(review_id=review_id, **changes), actor=actor, db=container.ports.db)


async def reply(container: Container, review_id: UUID, actor: Actor, text: str = "Thank you.") -> UUID:
    return await reply_to_review(ReplyToReview(review_id=review_id, text=text), actor=actor, db=container.ports.db)


async def decide(container: Container, what: str, review_id: UUID, actor: Actor) -> UUID:
    """`what` is hold, publish or remove."""
    command = ModerateReview(review_id=review_id, reason="looked at it")
    return await DECISIONS[what](command, actor=actor, db=container.ports.db)


async def count(container: Container, *review_ids: UUID) -> None:
    """What the job does."""
    for review_id in review_ids:
        await count_review(review_id, db=container.ports.db)


async def the_review(container: Container, review_id: UUID) -> Review:
    async def step(tx: Tx) -> Review:
        row = await tx.get(Review, review_id)
        assert row is not None
        return row

    return await container.ports.db.run(step)
