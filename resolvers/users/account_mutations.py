"""Mutations of users about themselves: profile, password, addresses."""

from typing import Annotated, Self
from uuid import UUID

import strawberry

from domain.users.addresses import (
    AddAddress,
    RemoveAddress,
    SetDefaultAddress,
    UpdateAddress,
    add_address,
    remove_address,
    set_default_address,
    update_address,
)
from domain.users.passwords import ChangePassword, change_password
from domain.users.profile import UpdateProfile, update_profile
from domain.users.reads import address_of_user, profiles_by_ids
from resolvers.context import Context, Info
from resolvers.shared.errors import InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id
from resolvers.users.inputs import (
    AddAddressInput,
    ChangePasswordInput,
    RemoveAddressInput,
    SetDefaultAddressInput,
    UpdateAddressInput,
    UpdateProfileInput,
)
from resolvers.users.types import Address, TooManyAddresses, TooManyAttempts, User, WrongCredentials


@strawberry.interface(description="An address after something was done to it.")
class AddressChange:
    address: Address = strawberry.field(description="The address as it is now.")

    @classmethod
    async def of(cls, address_id: UUID, context: Context) -> Self:
        found = await address_of_user(context.ports.db.primary, context.actor.user(), address_id)
        assert found is not None
        return cls(address=Address.of(found))


@strawberry.type(description="The address is there.")
class AddAddressSuccess(AddressChange):
    pass


@strawberry.type(description="The address is changed. Orders keep the one they were made with.")
class UpdateAddressSuccess(AddressChange):
    pass


@strawberry.type(description="This address is the default now, and no other.")
class SetDefaultAddressSuccess(AddressChange):
    pass


@strawberry.type(description="The address is gone.")
class RemoveAddressSuccess:
    address_id: strawberry.ID = strawberry.field(description="The address that was removed.")


@strawberry.type(description="The profile is changed.")
class UpdateProfileSuccess:
    user: User = strawberry.field(description="The user as they are now.")


@strawberry.type(description="The password is changed.")
class ChangePasswordSuccess:
    ended_sessions: int = strawberry.field(description="How many other sessions ended with it.")


AddAddressResult = Annotated[
    AddAddressSuccess | TooManyAddresses | InvalidInput,
    strawberry.union("AddAddressResult", description="What became of a new address."),
]
UpdateAddressResult = Annotated[
    UpdateAddressSuccess | NotFound | InvalidInput,
    strawberry.union("UpdateAddressResult", description="What became of changing an address."),
]
SetDefaultAddressResult = Annotated[
    SetDefaultAddressSuccess | NotFound,
    strawberry.union("SetDefaultAddressResult", description="What became of choosing the default."),
]
RemoveAddressResult = Annotated[
    RemoveAddressSuccess | NotFound,
    strawberry.union("RemoveAddressResult", description="What became of removing an address."),
]
UpdateProfileResult = Annotated[
    UpdateProfileSuccess | InvalidInput,
    strawberry.union("UpdateProfileResult", description="What became of changing the profile."),
]
ChangePasswordResult = Annotated[
    ChangePasswordSuccess | WrongCredentials | TooManyAttempts | InvalidInput,
    strawberry.union("ChangePasswordResult", description="What became of changing the password."),
]


@strawberry.type
class AccountMutations:
    @mutation(AccessLevel.SIGNED_IN, "Change what the viewer says of themself.")
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> UpdateProfileResult:
        ports = info.context.ports
        user_id = await update_profile(parse(UpdateProfile, input), actor=info.context.actor, db=ports.db)
        return UpdateProfileSuccess(user=User.of((await profiles_by_ids(ports.db.primary, [user_id]))[user_id]))

    @mutation(AccessLevel.SIGNED_IN, "Change the password; all other sessions end.")
    async def change_password(self, info: Info, input: ChangePasswordInput) -> ChangePasswordResult:
        viewer, command = info.context.viewer, parse(ChangePassword, input)
        ended = await change_password(command, actor=viewer.actor, ports=info.context.ports.users)
        return ChangePasswordSuccess(ended_sessions=ended)

    @mutation(AccessLevel.SIGNED_IN, "Add an address; at most 50. The first one is the default.")
    async def add_address(self, info: Info, input: AddAddressInput) -> AddAddressResult:
        made = await add_address(parse(AddAddress, input), actor=info.context.actor, db=info.context.ports.db)
        return await AddAddressSuccess.of(made, info.context)

    @mutation(AccessLevel.SIGNED_IN, "Change an address.")
    async def update_address(self, info: Info, input: UpdateAddressInput) -> UpdateAddressResult:
        changed = await update_address(parse(UpdateAddress, input), actor=info.context.actor, db=info.context.ports.db)
        return await UpdateAddressSuccess.of(changed, info.context)

    @mutation(AccessLevel.SIGNED_IN, "Make an address the default.")
    async def set_default_address(self, info: Info, input: SetDefaultAddressInput) -> SetDefaultAddressResult:
        command = parse(SetDefaultAddress, input)
        chosen = await set_default_address(command, actor=info.context.actor, db=info.context.ports.db)
        return await SetDefaultAddressSuccess.of(chosen, info.context)

    @mutation(AccessLevel.SIGNED_IN, "Remove an address; the newest other one becomes the default in its place.")
    async def remove_address(self, info: Info, input: RemoveAddressInput) -> RemoveAddressResult:
        removed = await remove_address(parse(RemoveAddress, input), actor=info.context.actor, db=info.context.ports.db)
        return RemoveAddressSuccess(address_id=public_id("address", removed))
