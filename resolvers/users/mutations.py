"""Mutations about users."""

from typing import Annotated

import strawberry

from domain.users.reads import profiles_by_ids
from domain.users.registration import RegisterUser, register_user
from resolvers.context import Info
from resolvers.shared.errors import InvalidInput
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.users.inputs import RegisterInput
from resolvers.users.types import EmailTaken, User


@strawberry.type(description="The account is made.")
class RegisterSuccess:
    user: User = strawberry.field(description="The new user.")


RegisterResult = Annotated[
    RegisterSuccess | EmailTaken | InvalidInput,
    strawberry.union("RegisterResult", description="What became of a registration."),
]


@strawberry.type
class UserMutations:
    @mutation(AccessLevel.PUBLIC, "Make an account.")
    async def register(self, info: Info, input: RegisterInput) -> RegisterResult:
        ports = info.context.ports
        user_id = await register_user(parse(RegisterUser, input), db=ports.db, hasher=ports.hasher)
        profile = (await profiles_by_ids(ports.db.primary, [user_id]))[user_id]
        return RegisterSuccess(user=User.of(profile))
