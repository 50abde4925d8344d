"""Mutations about what somebody looked at."""

from typing import Annotated

import strawberry

from domain.browsing.viewing import ClearRecentlyViewed, RecordView, clear_recently_viewed, record_view
from resolvers.context import Info
from resolvers.shared.errors import Busy, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id


@strawberry.input(description="A listing that somebody looks at.")
class RecordViewInput:
    listing_id: strawberry.ID = strawberry.field(description="The listing.")


@strawberry.input(description="What is to be forgotten of what somebody looked at.")
class ClearRecentlyViewedInput:
    listing_id: strawberry.ID | None = strawberry.field(
        default=None, description="This listing only; left out, everything."
    )


@strawberry.type(description="It is the first of `me.recentlyViewed` now.")
class RecordViewSuccess:
    listing_id: strawberry.ID = strawberry.field(description="The listing.")


@strawberry.type(description="It is forgotten.")
class ClearRecentlyViewedSuccess:
    cleared: int = strawberry.field(description="How many listings were forgotten.")


RecordViewResult = Annotated[
    RecordViewSuccess | NotFound | Busy,
    strawberry.union("RecordViewResult", description="What became of remembering a look."),
]
ClearRecentlyViewedResult = Annotated[
    ClearRecentlyViewedSuccess | Busy,
    strawberry.union("ClearRecentlyViewedResult", description="What became of forgetting."),
]


@strawberry.type
class BrowsingMutations:
    @mutation(AccessLevel.SIGNED_IN, "Remember that the viewer looks at a listing; of the last 50 each once.")
    async def record_view(self, info: Info, input: RecordViewInput) -> RecordViewResult:
        context = info.context
        id_ = await record_view(parse(RecordView, input), actor=context.actor, db=context.ports.db)
        return RecordViewSuccess(listing_id=public_id("listing", id_))

    @mutation(AccessLevel.SIGNED_IN, "Forget what the viewer looked at.")
    async def clear_recently_viewed(self, info: Info, input: ClearRecentlyViewedInput) -> ClearRecentlyViewedResult:
        context, command = info.context, parse(ClearRecentlyViewed, input)
        return ClearRecentlyViewedSuccess(
            cleared=await clear_recently_viewed(command, actor=context.actor, db=context.ports.db)
        )
