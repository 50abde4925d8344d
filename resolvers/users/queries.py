"""Queries about users: the parts of `me` that tell who the viewer is."""

import strawberry

from domain.users.reads import profiles_by_ids, sessions_of_user
from resolvers.context import Info
from resolvers.shared.permission import AccessLevel, query
from resolvers.users.types import Session, User


@strawberry.type
class BuyerUserQueries:
    @query(AccessLevel.SIGNED_IN, "The viewer's own account.")
    async def user(self, info: Info) -> User:
        user_id = info.context.actor.user()
        return User.of((await profiles_by_ids(info.context.reads, [user_id]))[user_id])

    @query(AccessLevel.SIGNED_IN, "The viewer's sessions, the one used last first; at most 50.")
    async def sessions(self, info: Info) -> list[Session]:
        actor, ports = info.context.actor, info.context.ports
        found = await sessions_of_user(ports.db.primary, actor.user(), ports.clock.now())
        return [Session.of(view, actor) for view in found]
