"""Users in the schema."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from domain.shared.actor import Actor
from domain.shared.transitions import Party
from domain.users import errors
from domain.users.model import USER_TRANSITIONS
from domain.users.reads import AddressView, Profile, SessionView, profiles_by_ids
from domain.users.sessions import SignedIn
from resolvers.context import Context, Info
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import Node, public_id
from resolvers.users.enums import Role, UserStatus


@strawberry.type(description="A person, as they and administrators see them.")
class User(Node):
    email: str = strawberry.field(description="The address to sign in with.")
    display_name: str = strawberry.field(description="What others see.")
    locale: str = strawberry.field(description="Preferred language, as `en` or `de-AT`.")
    phone: str | None = strawberry.field(description="A phone number, if given.")
    created_at: datetime = strawberry.field(description="When they registered.")
    status: UserStatus = strawberry.field(description="Where they stand.")
    roles: list[Role] = strawberry.field(description="What they are besides a buyer.")
    reason: strawberry.Private[str]

    @strawberry.field(description="Why they stand there, for administrators; null for others.")
    def status_reason(self, info: Info) -> str | None:
        return self.reason if Role.ADMIN in info.context.actor.roles else None

    @strawberry.field(description="What the viewer may do to their status now, as `BLOCK`; for administrators.")
    def allowed_actions(self, info: Info) -> list[str]:
        if Role.ADMIN not in info.context.actor.roles:
            return []
        return list(USER_TRANSITIONS.actions(self.status, Party.ADMIN))

    @classmethod
    def of(cls, view: Profile) -> "User":
        return cls(
            id=public_id("user", view.id),
            email=view.email,
            display_name=view.display_name,
            locale=view.locale,
            phone=view.phone,
            created_at=view.created_at,
            status=view.status,
            roles=[Role(role) for role in view.roles],
            reason=view.status_reason,
        )


@strawberry.type(description="Where a user receives parcels.")
class Address(Node):
    name: str = strawberry.field(description="Who receives there.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(description="Whatever else the carrier needs; may be empty.")
    city: str = strawberry.field(description="City or town.")
    region: str = strawberry.field(description="State or province; may be empty.")
    postal_code: str = strawberry.field(description="Postal code; may be empty.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(description="For the carrier; may be empty.")
    is_default: bool = strawberry.field(description="The one to propose.")
    created_at: datetime = strawberry.field(description="When it was added.")

    @classmethod
    def of(cls, view: AddressView) -> "Address":
        return cls(
            id=public_id("address", view.id),
            name=view.name,
            line1=view.line1,
            line2=view.line2,
            city=view.city,
            region=view.region,
            postal_code=view.postal_code,
            country=view.country,
            phone=view.phone,
            is_default=view.is_default,
            created_at=view.created_at,
        )


@strawberry.type(description="One sign-in on one device.")
class Session(Node):
    user_agent: str = strawberry.field(description="The program that signed in, in its own words.")
    created_at: datetime = strawberry.field(description="When it began.")
    last_used_at: datetime = strawberry.field(description="When it last got new tokens.")
    expires_at: datetime = strawberry.field(description="When it ends unless it gets new tokens.")
    is_current: bool = strawberry.field(description="It is the one that asks.")
    session_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, view: SessionView, actor: Actor) -> "Session":
        return cls(
            id=public_id("session", view.id),
            user_agent=view.user_agent,
            created_at=view.created_at,
            last_used_at=view.last_used_at,
            expires_at=view.expires_at,
            is_current=view.id == actor.session_id,
            session_id=view.id,
        )


@strawberry.interface(description="What a client holds to act for a user.")
class SessionTokens:
    access_token: str = strawberry.field(description="Goes with each request, as `Authorization: Bearer ...`.")
    access_token_expires_at: datetime = strawberry.field(description="From then on it is refused: refresh before.")
    refresh_token: str = strawberry.field(
        description="Buys the next pair of tokens, once. Keep it secret: coming twice, it ends the session."
    )
    user: User = strawberry.field(description="Who is signed in.")

    @classmethod
    async def of(cls, signed_in: SignedIn, context: Context) -> Self:
        profile = (await profiles_by_ids(context.ports.db.primary, [signed_in.user_id]))[signed_in.user_id]
        return cls(
            access_token=signed_in.access_token,
            access_token_expires_at=signed_in.access_token_expires_at,
            refresh_token=signed_in.refresh_token,
            user=User.of(profile),
        )


@failure(errors.WrongCredentials, "E-mail address and password do not match; which of them is wrong is not told.")
class WrongCredentials(UserError):
    pass


@failure(errors.TooManyAttempts, "Too many attempts to sign in or to register, from this device or network.")
class TooManyAttempts(UserError):
    retry_after_seconds: int = strawberry.field(description="How long to wait.")

    @classmethod
    def of(cls, error: errors.TooManyAttempts) -> "TooManyAttempts":
        return cls(code=error.code, message=error.message, retry_after_seconds=error.retry_after_seconds)


@failure(errors.SessionOver, "The session is over: sign in again.")
class SessionOver(UserError):
    pass


@failure(errors.TokenJustUsed, "The token was used a moment ago, by another tab perhaps: take the newer one.")
class TokenJustUsed(UserError):
    pass


@failure(errors.EmailTaken, "There is an account with this e-mail address.")
class EmailTaken(UserError):
    pass


@failure(errors.TooManyAddresses, "There are as many addresses as there can be.")
class TooManyAddresses(UserError):
    maximum: int = strawberry.field(description="How many there can be.")

    @classmethod
    def of(cls, error: errors.TooManyAddresses) -> "TooManyAddresses":
        return cls(code=error.code, message=error.message, maximum=error.maximum)


@failure(errors.WouldLoseAdministrator, "Administrators cannot block themselves or take their own role away.")
class WouldLoseAdministrator(UserError):
    pass
