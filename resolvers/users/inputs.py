"""Inputs about users."""

import strawberry


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
