"""Mutations of moderators about reviews."""

from typing import Annotated, Any

import strawberry

from domain.reviews.moderation import ModerateReview, hold_review, publish_review, remove_reply, remove_review
from resolvers.context import Info
from resolvers.reviews.inputs import ModerateReviewInput
from resolvers.reviews.mutations import ReviewChange
from resolvers.shared.errors import Busy, IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The review neither shows nor counts until somebody decides.")
class HoldReviewSuccess(ReviewChange):
    pass


@strawberry.type(description="The review shows and counts again.")
class PublishReviewSuccess(ReviewChange):
    pass


@strawberry.type(description="The review is gone for all but its author.")
class RemoveReviewSuccess(ReviewChange):
    pass


@strawberry.type(description="The shop's answer is gone for good; the review stays.")
class RemoveReviewReplySuccess(ReviewChange):
    pass


def _result(name: str, of_what: str) -> Any:
    return strawberry.union(name, description=f"What became of {of_what}.")


HoldReviewResult = Annotated[
    HoldReviewSuccess | IllegalTransition | NotFound | Busy | InvalidInput,
    _result("HoldReviewResult", "holding a review"),
]
PublishReviewResult = Annotated[
    PublishReviewSuccess | IllegalTransition | NotFound | Busy | InvalidInput,
    _result("PublishReviewResult", "publishing a review"),
]
RemoveReviewResult = Annotated[
    RemoveReviewSuccess | IllegalTransition | NotFound | Busy | InvalidInput,
    _result("RemoveReviewResult", "removing a review"),
]
RemoveReviewReplyResult = Annotated[
    RemoveReviewReplySuccess | NotFound | Busy | InvalidInput,
    _result("RemoveReviewReplyResult", "removing an answer"),
]


@strawberry.type
class ReviewModerationMutations:
    @mutation(AccessLevel.MODERATOR, "Keep a review out of sight and out of the averages while you look at it.")
    async def hold_review(self, info: Info, input: ModerateReviewInput) -> HoldReviewResult:
        context = info.context
        id_ = await hold_review(parse(ModerateReview, input), actor=context.actor, db=context.ports.db)
        return await HoldReviewSuccess.of(id_, context)

    @mutation(AccessLevel.MODERATOR, "Let a review that was held or removed stand again.")
    async def publish_review(self, info: Info, input: ModerateReviewInput) -> PublishReviewResult:
        context = info.context
        id_ = await publish_review(parse(ModerateReview, input), actor=context.actor, db=context.ports.db)
        return await PublishReviewSuccess.of(id_, context)

    @mutation(AccessLevel.MODERATOR, "Remove a review. Its author cannot write another in its place.")
    async def remove_review(self, info: Info, input: ModerateReviewInput) -> RemoveReviewResult:
        context = info.context
        id_ = await remove_review(parse(ModerateReview, input), actor=context.actor, db=context.ports.db)
        return await RemoveReviewSuccess.of(id_, context)

    @mutation(AccessLevel.MODERATOR, "Remove a shop's answer to a review. It cannot answer again.")
    async def remove_review_reply(self, info: Info, input: ModerateReviewInput) -> RemoveReviewReplyResult:
        context = info.context
        id_ = await remove_reply(parse(ModerateReview, input), actor=context.actor, db=context.ports.db)
        return await RemoveReviewReplySuccess.of(id_, context)
