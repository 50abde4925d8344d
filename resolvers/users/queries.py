"""Queries about users: the parts of `me` that tell who the viewer is, and the administrators' list."""

from typing import Annotated, Final
from uuid import UUID

import strawberry

from domain.shared.actor import Role
from domain.users.reads import (
    address_of_user,
    addresses_of_user,
    count_users,
    profiles_by_ids,
    sessions_of_user,
    users_keyset,
    users_page,
)
from resolvers.context import Context, Info
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import ListSize, paged
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query
from resolvers.users.enums import UserStatus
from resolvers.users.types import Address, Session, User

SEARCH_MAX: Final = 254
FEW: Final = ListSize(assumed_size=5)
"""Lists of a person are short, whatever their maximum."""


@strawberry.type
class BuyerUserQueries:
    @query(AccessLevel.SIGNED_IN, "The viewer's own account.")
    async def user(self, info: Info) -> User:
        user_id = info.context.actor.user()
        return User.of((await profiles_by_ids(info.context.reads, [user_id]))[user_id])

    @query(AccessLevel.SIGNED_IN, "The viewer's sessions, the one used last first; at most 50.", size=FEW)
    async def sessions(self, info: Info) -> list[Session]:
        return await _sessions(info.context)

    @query(AccessLevel.SIGNED_IN, "The viewer's addresses, the default first; at most 50.", size=FEW)
    async def addresses(self, info: Info) -> list[Address]:
        found = await addresses_of_user(info.context.reads, info.context.actor.user())
        return [Address.of(view) for view in found]


@strawberry.type
class AdminUserQueries:
    @query(AccessLevel.ADMIN, "All users, the newest first.", size=paged(20))
    async def users(
        self,
        info: Info,
        search: Annotated[
            str, strawberry.argument(description="Only those whose e-mail address begins like this; empty for all.")
        ] = "",
        status: Annotated[UserStatus | None, strawberry.argument(description="Only those in this status.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[User]:
        reads, beginning = info.context.reads, search.strip()[:SEARCH_MAX].replace("\x00", "")
        request = users_keyset(beginning, status).request(first, after, last, before)
        page = await users_page(reads, beginning, status, request)
        return connection(page, User.of, lambda: count_users(reads, beginning, status))


async def _sessions(context: Context) -> list[Session]:
    found = await sessions_of_user(context.ports.db.primary, context.actor.user(), context.ports.clock.now())
    return [Session.of(view, context.actor) for view in found]


async def _user_node(context: Context, id_: UUID) -> User | None:
    """Oneself; any user for administrators."""
    actor = context.actor
    if actor.user_id != id_ and Role.ADMIN not in actor.roles:
        return None
    found = await context.loaders.load(profiles_by_ids, id_)
    return User.of(found) if found is not None else None


async def _address_node(context: Context, id_: UUID) -> Address | None:
    if context.actor.user_id is None:
        return None
    found = await address_of_user(context.reads, context.actor.user_id, id_)
    return Address.of(found) if found is not None else None


async def _session_node(context: Context, id_: UUID) -> Session | None:
    if context.actor.user_id is None:
        return None
    return next((session for session in await _sessions(context) if session.session_id == id_), None)


register_node("user", _user_node)
register_node("address", _address_node)
register_node("session", _session_node)
