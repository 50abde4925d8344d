"""Reviews in the schema.

Invariant: a `Review` is made only from a view that this viewer may read; what only some of its readers may see is null
for the others.
"""

from datetime import datetime
from typing import Final

import strawberry

from domain.catalog.reads import public_listings_by_ids
from domain.media.reads import images_by_owners
from domain.reviews import errors
from domain.reviews.access import writes_for
from domain.reviews.eligibility import OpenReview, edit_until
from domain.reviews.model import STARS, ReviewKind, ReviewStatus
from domain.reviews.pictures import IMAGES_MAX, owner_of
from domain.reviews.reads import ReviewView, Tally, reviews_for
from domain.sellers.reads import shops_by_ids
from domain.shared.actor import Actor
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.media.types import Image, ImageUpload, image_of
from resolvers.reviews.enums import ReviewAction
from resolvers.sellers.types import Shop
from resolvers.shared.directives import ListSize
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import Node, public_id

PICTURES: Final = ListSize(assumed_size=IMAGES_MAX)


@strawberry.type(description="What a shop answers to a review.")
class ReviewReply:
    text: str = strawberry.field(description="Plain text of at most 2,000 characters.")
    replied_at: datetime = strawberry.field(description="When it was written, or changed last.")


@strawberry.type(description="What a buyer says of a listing or a shop after delivery, or a shop of a buyer.")
class Review(Node):
    kind: ReviewKind = strawberry.field(description="What it is about.")
    rating: int = strawberry.field(description="1 to 5 stars.")
    title: str = strawberry.field(description="At most 120 characters; may be empty.")
    body: str = strawberry.field(description="Plain text of at most 5,000 characters; may be empty.")
    status: ReviewStatus = strawberry.field(description="Where it stands.")
    created_at: datetime = strawberry.field(description="When it was written.")
    edited_at: datetime | None = strawberry.field(description="When it was changed last; null if never.")
    reply: ReviewReply | None = strawberry.field(description="What the shop answers.")
    editable_until: datetime | None = strawberry.field(
        description="Until when it can be changed: 30 days after it was written. Null but for its author."
    )
    status_reason: str | None = strawberry.field(
        description="Why it is held or removed; null but for its author and moderators."
    )
    order_id: strawberry.ID | None = strawberry.field(
        description="The order it comes from; null but for the order's parties and moderators."
    )
    order_line_id: strawberry.ID | None = strawberry.field(description="The order line it is for; null likewise.")
    open_reports: int | None = strawberry.field(
        description="How many people reported it since a moderator last decided; null but for moderators."
    )
    view: strawberry.Private[ReviewView]

    @strawberry.field(description="Who wrote it: a buyer's first name and an initial, or the shop's name.")
    async def author_name(self, info: Info) -> str:
        if self.view.kind is not ReviewKind.BUYER:
            return self.view.author_name
        return (await self._shop(info)).name

    @strawberry.field(description="The shop that sold it.")
    async def shop(self, info: Info) -> Shop:
        return await self._shop(info)

    @strawberry.field(description="The listing it is about; null for other kinds, and when it is not shown any more.")
    async def listing(self, info: Info) -> Listing | None:
        if self.view.listing_id is None:
            return None
        found = await info.context.loaders.load(public_listings_by_ids, self.view.listing_id)
        return Listing.of(found) if found is not None else None

    @strawberry.field(description="Those of its pictures that are ready, in their order.", directives=[PICTURES])
    async def images(self, info: Info) -> list[Image]:
        found = await info.context.loaders.load(images_by_owners, owner_of(self.view.id)) or ()
        return [image for image in map(image_of, found) if image is not None]

    @strawberry.field(
        description="All its pictures, those on their way or refused too; null but for its author.",
        directives=[PICTURES],
    )
    async def image_uploads(self, info: Info) -> list[ImageUpload] | None:
        if not writes_for(info.context.actor, self.view):
            return None
        found = await info.context.loaders.load(images_by_owners, owner_of(self.view.id)) or ()
        return [ImageUpload.of(each) for each in found]

    @strawberry.field(description="What the viewer may do to it now.")
    def allowed_actions(self, info: Info) -> list[ReviewAction]:
        now = info.context.ports.clock.now()
        return [ReviewAction(action) for action in self.view.actions(info.context.actor, now)]

    async def _shop(self, info: Info) -> Shop:
        found = await info.context.loaders.load(shops_by_ids, self.view.seller_id)
        assert found is not None
        return Shop.of(found)

    @classmethod
    def of(cls, view: ReviewView, actor: Actor) -> "Review":
        mine, moderator = writes_for(actor, view), actor.is_moderator
        party = moderator or actor.user_id == view.buyer_id or actor.seller_id == view.seller_id
        line_id = view.order_line_id if party else None
        return cls(
            id=public_id("review", view.id),
            kind=view.kind,
            rating=view.rating,
            title=view.title,
            body=view.body,
            status=view.status,
            created_at=view.created_at,
            edited_at=view.edited_at,
            reply=ReviewReply(text=view.reply, replied_at=view.replied_at) if view.replied_at else None,
            editable_until=edit_until(view.created_at) if mine else None,
            status_reason=view.status_reason or None if mine or moderator else None,
            order_id=public_id("order", view.order_id) if party else None,
            order_line_id=public_id("order_line", line_id) if line_id else None,
            open_reports=view.open_reports if moderator else None,
            view=view,
        )


@strawberry.type(description="How many reviews give a number of stars.")
class StarCount:
    stars: int = strawberry.field(description="1 to 5.")
    count: int = strawberry.field(description="How many published reviews.")


def histogram(tally: Tally | None) -> list[StarCount]:
    counts = tally.counts() if tally is not None else dict.fromkeys(STARS, 0)
    return [StarCount(stars=stars, count=count) for stars, count in counts.items()]


@strawberry.type(description="What the reviews of somebody come to.")
class Reputation:
    rating: float | None = strawberry.field(description="Their average, 1 to 5 stars; null without any.")
    rating_count: int = strawberry.field(description="How many there are.")


@strawberry.type(description="A review that the viewer may still write.")
class ReviewOpportunity:
    kind: ReviewKind = strawberry.field(
        description="LISTING: `reviewListing`, SELLER: `reviewSeller`, BUYER: `reviewBuyer`."
    )
    order_id: strawberry.ID = strawberry.field(description="The order.")
    order_line_id: strawberry.ID | None = strawberry.field(description="The order line, for `reviewListing`.")
    listing_id: strawberry.ID | None = strawberry.field(description="The listing of that line.")
    until: datetime = strawberry.field(description="When the time for it ends: 60 days after delivery.")

    @classmethod
    def of(cls, view: OpenReview) -> "ReviewOpportunity":
        return cls(
            kind=view.kind,
            order_id=public_id("order", view.order_id),
            order_line_id=public_id("order_line", view.order_line_id) if view.order_line_id else None,
            listing_id=public_id("listing", view.listing_id) if view.listing_id else None,
            until=view.until,
        )


@failure(errors.AlreadyReviewed, "There is a review for this already. Change that one while its time lasts.")
class AlreadyReviewed(UserError):
    error: strawberry.Private[errors.AlreadyReviewed]

    @strawberry.field(description="The review that there is.")
    async def review(self, info: Info) -> Review:
        found = await reviews_for(info.context.ports.db.primary, [self.error.review_id], info.context.actor)
        return Review.of(found[self.error.review_id], info.context.actor)

    @classmethod
    def of(cls, error: errors.AlreadyReviewed) -> "AlreadyReviewed":
        return cls(code=error.code, message=error.message, error=error)


@failure(errors.NotDelivered, "Nothing of it has been delivered; it can be reviewed afterwards.")
class NotDelivered(UserError):
    pass


@failure(errors.ReviewWindowOver, "It was delivered too long ago: there are 60 days to review it.")
class ReviewWindowOver(UserError):
    ended_at: datetime = strawberry.field(description="When the time ended.")

    @classmethod
    def of(cls, error: errors.ReviewWindowOver) -> "ReviewWindowOver":
        return cls(code=error.code, message=error.message, ended_at=error.ended_at)


@failure(errors.EditWindowOver, "It was written too long ago: there are 30 days to change it.")
class EditWindowOver(UserError):
    ended_at: datetime = strawberry.field(description="When the time ended.")

    @classmethod
    def of(cls, error: errors.EditWindowOver) -> "EditWindowOver":
        return cls(code=error.code, message=error.message, ended_at=error.ended_at)


@failure(errors.ReplyRemoved, "A moderator removed the reply to this review; it cannot be answered again.")
class ReplyRemoved(UserError):
    pass
