"""Mutations by which buyers and shops review each other, answer and report."""

from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from domain.reviews.editing import EditReview, edit_review
from domain.reviews.moderation import ReportReview, report_review
from domain.reviews.reads import reviews_for
from domain.reviews.replying import ReplyToReview, reply_to_review
from domain.reviews.writing import (
    ReviewBuyer,
    ReviewListing,
    ReviewSeller,
    review_buyer,
    review_listing,
    review_seller,
)
from resolvers.context import Context, Info
from resolvers.media.types import ImageNotUsable, TooManyImages
from resolvers.reviews.inputs import (
    EditReviewInput,
    ReplyToReviewInput,
    ReportReviewInput,
    ReviewBuyerInput,
    ReviewListingInput,
    ReviewSellerInput,
)
from resolvers.reviews.types import (
    AlreadyReviewed,
    EditWindowOver,
    NotDelivered,
    ReplyRemoved,
    Review,
    ReviewWindowOver,
)
from resolvers.shared.errors import Busy, IllegalTransition, InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id


@strawberry.interface(description="A review after something was done to it.")
class ReviewChange:
    review: Review = strawberry.field(description="As it is now.")

    @classmethod
    async def of(cls, review_id: UUID, context: Context) -> Self:
        """From the primary: a replica may not have it yet."""
        found = await reviews_for(context.ports.db.primary, [review_id], context.actor)
        return cls(review=Review.of(found[review_id], context.actor))


@strawberry.type(description="The review is published; averages follow in a moment.")
class ReviewListingSuccess(ReviewChange):
    pass


@strawberry.type(description="The review is published; averages follow in a moment.")
class ReviewSellerSuccess(ReviewChange):
    pass


@strawberry.type(description="The review is there for its buyer.")
class ReviewBuyerSuccess(ReviewChange):
    pass


@strawberry.type(description="The review is changed.")
class EditReviewSuccess(ReviewChange):
    pass


@strawberry.type(description="The answer stands below the review.")
class ReplyToReviewSuccess(ReviewChange):
    pass


@strawberry.type(description="Moderators will look at it. A second report of the same person changes nothing.")
class ReportReviewSuccess:
    review_id: strawberry.ID = strawberry.field(description="The review.")


def _result(name: str, of_what: str) -> Any:
    return strawberry.union(name, description=f"What became of {of_what}.")


ReviewListingResult = Annotated[
    ReviewListingSuccess
    | AlreadyReviewed
    | ImageNotUsable
    | TooManyImages
    | NotDelivered
    | ReviewWindowOver
    | NotFound
    | NotPermitted
    | Busy
    | InvalidInput,
    _result("ReviewListingResult", "a review of a listing"),
]
ReviewSellerResult = Annotated[
    ReviewSellerSuccess
    | AlreadyReviewed
    | ImageNotUsable
    | TooManyImages
    | NotDelivered
    | ReviewWindowOver
    | NotFound
    | NotPermitted
    | Busy
    | InvalidInput,
    _result("ReviewSellerResult", "a review of a shop"),
]
ReviewBuyerResult = Annotated[
    ReviewBuyerSuccess
    | AlreadyReviewed
    | NotDelivered
    | ReviewWindowOver
    | NotFound
    | NotPermitted
    | Busy
    | InvalidInput,
    _result("ReviewBuyerResult", "a review of a buyer"),
]
EditReviewResult = Annotated[
    EditReviewSuccess
    | EditWindowOver
    | IllegalTransition
    | ImageNotUsable
    | TooManyImages
    | NotFound
    | Busy
    | InvalidInput,
    _result("EditReviewResult", "a change of a review"),
]
ReplyToReviewResult = Annotated[
    ReplyToReviewSuccess | ReplyRemoved | NotFound | Busy | InvalidInput,
    _result("ReplyToReviewResult", "an answer to a review"),
]
ReportReviewResult = Annotated[
    ReportReviewSuccess | NotFound | NotPermitted | Busy | InvalidInput,
    _result("ReportReviewResult", "a report of a review"),
]


@strawberry.type
class ReviewMutations:
    @mutation(AccessLevel.SIGNED_IN, "Review what you bought, once per order line, for 60 days after delivery.")
    async def review_listing(self, info: Info, input: ReviewListingInput) -> ReviewListingResult:
        command, context = parse(ReviewListing, input), info.context
        ports, viewer = context.ports, context.viewer
        id_ = await review_listing(command, actor=viewer.actor, client=viewer.client, db=ports.db, policy=ports.policy)
        return await ReviewListingSuccess.of(id_, context)

    @mutation(AccessLevel.SIGNED_IN, "Review a shop you bought from, once per order, for 60 days after delivery.")
    async def review_seller(self, info: Info, input: ReviewSellerInput) -> ReviewSellerResult:
        command, context = parse(ReviewSeller, input), info.context
        ports, viewer = context.ports, context.viewer
        id_ = await review_seller(command, actor=viewer.actor, client=viewer.client, db=ports.db, policy=ports.policy)
        return await ReviewSellerSuccess.of(id_, context)

    @mutation(AccessLevel.SELLER, "Review a buyer, once per order, for 60 days after delivery.")
    async def review_buyer(self, info: Info, input: ReviewBuyerInput) -> ReviewBuyerResult:
        command, context = parse(ReviewBuyer, input), info.context
        ports, viewer = context.ports, context.viewer
        id_ = await review_buyer(command, actor=viewer.actor, client=viewer.client, db=ports.db, policy=ports.policy)
        return await ReviewBuyerSuccess.of(id_, context)

    @mutation(AccessLevel.SIGNED_IN, "Change a review of your own, for 30 days after it was written.")
    async def edit_review(self, info: Info, input: EditReviewInput) -> EditReviewResult:
        context = info.context
        id_ = await edit_review(parse(EditReview, input), actor=context.actor, db=context.ports.db)
        return await EditReviewSuccess.of(id_, context)

    @mutation(
        AccessLevel.SELLER, "Answer what a buyer says of the shop or of what it sells; once, or change the answer."
    )
    async def reply_to_review(self, info: Info, input: ReplyToReviewInput) -> ReplyToReviewResult:
        context = info.context
        id_ = await reply_to_review(parse(ReplyToReview, input), actor=context.actor, db=context.ports.db)
        return await ReplyToReviewSuccess.of(id_, context)

    @mutation(AccessLevel.SIGNED_IN, "Tell moderators that a review should not stand.")
    async def report_review(self, info: Info, input: ReportReviewInput) -> ReportReviewResult:
        context = info.context
        id_ = await report_review(parse(ReportReview, input), actor=context.actor, db=context.ports.db)
        return ReportReviewSuccess(review_id=public_id("review", id_))
