"""Inputs about users."""

import strawberry


@strawberry.input(description="A new account.")
class RegisterInput:
    email: str = strawberry.field(description="The address to sign in with.")
    password: str = strawberry.field(description="10 to 200 characters.")
    display_name: str = strawberry.field(description="What others see, at most 200 characters.")
    locale: str | None = strawberry.field(default=strawberry.UNSET, description="Preferred language, as `de-AT`.")
