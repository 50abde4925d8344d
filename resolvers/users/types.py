"""Users in the schema."""

from datetime import datetime

import strawberry

from domain.users import errors
from domain.users.reads import Profile
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import Node, public_id


@strawberry.type(description="A person, as they see themself.")
class User(Node):
    email: str = strawberry.field(description="The address to sign in with.")
    display_name: str = strawberry.field(description="What others see.")
    locale: str = strawberry.field(description="Preferred language, as `en` or `de-AT`.")
    phone: str | None = strawberry.field(description="A phone number, if given.")
    created_at: datetime = strawberry.field(description="When they registered.")

    @classmethod
    def of(cls, view: Profile) -> "User":
        return cls(
            id=public_id("user", view.id),
            email=view.email,
            display_name=view.display_name,
            locale=view.locale,
            phone=view.phone,
            created_at=view.created_at,
        )


@failure(errors.EmailTaken, "There is an account with this e-mail address.")
class EmailTaken(UserError):
    pass
