"""Lists of reviews for those whom they concern: one's own, a shop's, and the moderators' queue."""

from uuid import UUID

import strawberry

from domain.reviews.list_reads import ReviewList, Scope
from domain.reviews.reads import reviews_for
from resolvers.context import Context, Info
from resolvers.reviews.lists import Kind, Rating, Reported, Status, Unanswered, review_list
from resolvers.reviews.types import Review
from resolvers.shared.connections import After, Before, Connection, First, Last
from resolvers.shared.directives import paged
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class BuyerReviewQueries:
    @query(AccessLevel.SIGNED_IN, "What the viewer wrote as a buyer, held and removed ones too.", size=paged(20))
    async def reviews(
        self,
        info: Info,
        kind: Kind = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Review]:
        wanted = ReviewList(scope=Scope.BUYER_WROTE, subject_id=info.context.actor.user(), kind=kind)
        return await review_list(info.context, wanted, first, after, last, before)

    @query(AccessLevel.SIGNED_IN, "What shops say of the viewer.", size=paged(20))
    async def reviews_received(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Review]:
        wanted = ReviewList(scope=Scope.ABOUT_BUYER, subject_id=info.context.actor.user())
        return await review_list(info.context, wanted, first, after, last, before)


@strawberry.type
class SellerReviewQueries:
    @query(AccessLevel.SELLER, "What buyers say of the shop and of what it sells, the newest first.", size=paged(20))
    async def reviews(
        self,
        info: Info,
        kind: Kind = None,
        rating: Rating = None,
        unanswered: Unanswered = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Review]:
        wanted = ReviewList(
            scope=Scope.SHOP_DESK,
            subject_id=info.context.actor.seller(),
            kind=kind,
            rating=rating,
            unanswered=unanswered,
        )
        return await review_list(info.context, wanted, first, after, last, before)

    @query(AccessLevel.SELLER, "What the shop wrote of its buyers, held and removed ones too.", size=paged(20))
    async def reviews_of_buyers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Review]:
        wanted = ReviewList(scope=Scope.SHOP_WROTE, subject_id=info.context.actor.seller())
        return await review_list(info.context, wanted, first, after, last, before)


@strawberry.type
class ModeratorReviewQueries:
    @query(AccessLevel.MODERATOR, "Everybody's reviews; with `reported`, the moderators' queue.", size=paged(20))
    async def reviews(
        self,
        info: Info,
        status: Status = None,
        kind: Kind = None,
        reported: Reported = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Review]:
        wanted = ReviewList(scope=Scope.ALL, status=status, kind=kind, reported=reported)
        return await review_list(info.context, wanted, first, after, last, before)


async def _review_node(context: Context, id_: UUID) -> Review | None:
    found = (await reviews_for(context.reads, [id_], context.actor)).get(id_)
    return Review.of(found, context.actor) if found is not None else None


register_node("review", _review_node)
