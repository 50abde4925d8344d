"""A page of reviews as a connection, with the arguments that lists of them share."""

from functools import partial
from typing import Annotated

import strawberry

from domain.reviews.list_reads import ReviewList, ReviewSort, count_reviews, reviews_page
from domain.reviews.model import ReviewKind, ReviewStatus
from domain.reviews.reads import ReviewView
from resolvers.context import Context
from resolvers.reviews.types import Review
from resolvers.shared.connections import Connection, connection

Sort = Annotated[ReviewSort, strawberry.argument(description="In which order.")]
Rating = Annotated[int | None, strawberry.argument(description="Only those with so many stars, 1 to 5.")]
Kind = Annotated[ReviewKind | None, strawberry.argument(description="Only those of this kind.")]
Status = Annotated[ReviewStatus | None, strawberry.argument(description="Only those in this status.")]
Unanswered = Annotated[bool, strawberry.argument(description="Only those that the shop has not answered.")]
Reported = Annotated[bool, strawberry.argument(description="Only those reported since a moderator last decided.")]


async def review_list(
    context: Context, wanted: ReviewList, first: int | None, after: str | None, last: int | None, before: str | None
) -> Connection[Review]:
    page = await reviews_page(context.reads, wanted, wanted.keyset().request(first, after, last, before))
    return connection(page, partial(_present, context), partial(count_reviews, context.reads, wanted))


def _present(context: Context, view: ReviewView) -> Review:
    return Review.of(view, context.actor)
