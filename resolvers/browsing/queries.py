"""What the viewer looked at lately."""

from datetime import datetime
from functools import partial

import strawberry

from domain.storefront.recent_reads import ViewedCard, count_recently_viewed, recent_keyset, recently_viewed
from resolvers.context import Info
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import paged
from resolvers.shared.permission import AccessLevel, query
from resolvers.storefront.types import ListingCard


@strawberry.type(description="A listing that the viewer looked at.")
class RecentView:
    card: ListingCard = strawberry.field(description="The listing as it is now.")
    viewed_at: datetime = strawberry.field(description="When the viewer looked at it last.")

    @classmethod
    def of(cls, view: ViewedCard) -> "RecentView":
        return cls(card=ListingCard.of(view.card), viewed_at=view.viewed_at)


@strawberry.type
class BuyerBrowsingQueries:
    @query(
        AccessLevel.SIGNED_IN,
        "What the viewer looked at lately (`recordView`), the latest first; at most 50, and only what is on sale.",
        size=paged(20),
    )
    async def recently_viewed(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[RecentView]:
        reads, user_id = info.context.reads, info.context.actor.user()
        page = await recently_viewed(reads, user_id, recent_keyset(user_id).request(first, after, last, before))
        return connection(page, RecentView.of, partial(count_recently_viewed, reads, user_id))
