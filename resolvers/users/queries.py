"""Queries about users: the parts of `me` that tell who the viewer is."""

import strawberry

from domain.users.reads import profiles_by_ids
from resolvers.context import Info
from resolvers.shared.permission import AccessLevel, query
from resolvers.users.types import User


@strawberry.type
class BuyerUserQueries:
    @query(AccessLevel.SIGNED_IN, "The viewer's own account.")
    async def user(self, info: Info) -> User:
        user_id = info.context.actor.user()
        return User.of((await profiles_by_ids(info.context.reads, [user_id]))[user_id])
