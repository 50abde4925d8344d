"""Mutations of administrators about users."""

from typing import Annotated, Self
from uuid import UUID

import strawberry

from domain.users.administration import (
    BlockUser,
    SetUserRoles,
    UnblockUser,
    block_user,
    set_user_roles,
    unblock_user,
)
from domain.users.reads import profiles_by_ids
from resolvers.context import Context, Info
from resolvers.shared.errors import IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.users.inputs import BlockUserInput, SetUserRolesInput, UnblockUserInput
from resolvers.users.types import User, WouldLoseAdministrator


@strawberry.interface(description="A user after an administrator did something about them.")
class UserChange:
    user: User = strawberry.field(description="The user as they are now.")

    @classmethod
    async def of(cls, user_id: UUID, context: Context) -> Self:
        return cls(user=User.of((await profiles_by_ids(context.ports.db.primary, [user_id]))[user_id]))


@strawberry.type(description="The user has these roles. Who lost one has to sign in again.")
class SetUserRolesSuccess(UserChange):
    pass


@strawberry.type(description="The user is blocked and all their sessions are over.")
class BlockUserSuccess(UserChange):
    pass


@strawberry.type(description="The user may sign in again.")
class UnblockUserSuccess(UserChange):
    pass


SetUserRolesResult = Annotated[
    SetUserRolesSuccess | WouldLoseAdministrator | NotFound | InvalidInput,
    strawberry.union("SetUserRolesResult", description="What became of a change of roles."),
]
BlockUserResult = Annotated[
    BlockUserSuccess | WouldLoseAdministrator | IllegalTransition | NotFound | InvalidInput,
    strawberry.union("BlockUserResult", description="What became of blocking a user."),
]
UnblockUserResult = Annotated[
    UnblockUserSuccess | IllegalTransition | NotFound,
    strawberry.union("UnblockUserResult", description="What became of unblocking a user."),
]


@strawberry.type
class AdminUserMutations:
    @mutation(AccessLevel.ADMIN, "Set the roles that a user has.")
    async def set_user_roles(self, info: Info, input: SetUserRolesInput) -> SetUserRolesResult:
        changed = await set_user_roles(parse(SetUserRoles, input), actor=info.context.actor, db=info.context.ports.db)
        return await SetUserRolesSuccess.of(changed, info.context)

    @mutation(AccessLevel.ADMIN, "Keep a user out, and end their sessions.")
    async def block_user(self, info: Info, input: BlockUserInput) -> BlockUserResult:
        blocked = await block_user(parse(BlockUser, input), actor=info.context.actor, db=info.context.ports.db)
        return await BlockUserSuccess.of(blocked, info.context)

    @mutation(AccessLevel.ADMIN, "Let a blocked user in again.")
    async def unblock_user(self, info: Info, input: UnblockUserInput) -> UnblockUserResult:
        unblocked = await unblock_user(parse(UnblockUser, input), actor=info.context.actor, db=info.context.ports.db)
        return await UnblockUserSuccess.of(unblocked, info.context)
