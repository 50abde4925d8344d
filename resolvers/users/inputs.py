"""Inputs about users."""

import strawberry

from resolvers.users.enums import Role


@strawberry.input(description="A new account.")
class RegisterInput:
    email: str = strawberry.field(description="The address to sign in with.")
    password: str = strawberry.field(description="10 to 200 characters.")
    display_name: str = strawberry.field(description="What others see, at most 200 characters.")
    locale: str | None = strawberry.field(default=strawberry.UNSET, description="Preferred language, as `de-AT`.")
    cart_token: str | None = strawberry.field(
        default=strawberry.UNSET, description="Of a guest's cart: what is in it goes into the account's."
    )


@strawberry.input(description="Who signs in.")
class SignInInput:
    email: str = strawberry.field(description="The address of the account; capitals make no difference.")
    password: str = strawberry.field(description="Its password.")
    cart_token: str | None = strawberry.field(
        default=strawberry.UNSET, description="Of a guest's cart: what is in it goes into the account's."
    )


@strawberry.input(description="A session to go on with.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="The newest one; each works once.")


@strawberry.input(description="A session to end.")
class EndSessionInput:
    session_id: strawberry.ID = strawberry.field(description="One of the viewer's own.")


@strawberry.input(description="Changes to the profile. What is left out stays.")
class UpdateProfileInput:
    display_name: str | None = strawberry.field(default=strawberry.UNSET, description="What others see.")
    locale: str | None = strawberry.field(default=strawberry.UNSET, description="Preferred language, as `de-AT`.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="A phone number; null for none.")


@strawberry.input(description="Another password.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The present one.")
    new_password: str = strawberry.field(description="10 to 200 characters.")


@strawberry.input(description="A new address.")
class AddAddressInput:
    name: str = strawberry.field(description="Who receives there.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(default="", description="Whatever else the carrier needs.")
    city: str = strawberry.field(description="City or town.")
    region: str = strawberry.field(default="", description="State or province, where there are any.")
    postal_code: str = strawberry.field(default="", description="Postal code, where there are any.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(default="", description="For the carrier.")
    is_default: bool = strawberry.field(default=False, description="Make it the default.")


@strawberry.input(description="An address, the whole of it anew.")
class UpdateAddressInput:
    address_id: strawberry.ID = strawberry.field(description="The address to change.")
    name: str = strawberry.field(description="Who receives there.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(default="", description="Whatever else the carrier needs.")
    city: str = strawberry.field(description="City or town.")
    region: str = strawberry.field(default="", description="State or province, where there are any.")
    postal_code: str = strawberry.field(default="", description="Postal code, where there are any.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(default="", description="For the carrier.")


@strawberry.input(description="The address to be the default.")
class SetDefaultAddressInput:
    address_id: strawberry.ID = strawberry.field(description="One of the viewer's own.")


@strawberry.input(description="An address to remove.")
class RemoveAddressInput:
    address_id: strawberry.ID = strawberry.field(description="One of the viewer's own.")


@strawberry.input(description="All roles that a user has from now on.")
class SetUserRolesInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")
    roles: list[Role] = strawberry.field(description="Empty for a plain user.")


@strawberry.input(description="A user to keep out.")
class BlockUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")
    reason: str = strawberry.field(description="Why; for administrators.")


@strawberry.input(description="A user to let in again.")
class UnblockUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")
