"""Mutations about accounts and sessions."""

from dataclasses import replace
from typing import Annotated

import strawberry

from domain.cart.holding import TOKEN_LENGTH_MAX
from domain.cart.merging import merge_guest_cart
from domain.shared import errors
from domain.users.registration import RegisterUser, register
from domain.users.sessions import (
    EndSession,
    RefreshSession,
    SignedIn,
    end_session,
    refresh_session,
    sign_out,
    sign_out_everywhere,
)
from domain.users.sign_in import SignIn, sign_in
from resolvers.context import Context, Info
from resolvers.shared.errors import InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id
from resolvers.users.inputs import EndSessionInput, RefreshSessionInput, RegisterInput, SignInInput
from resolvers.users.types import (
    EmailTaken,
    SessionOver,
    SessionTokens,
    TokenJustUsed,
    TooManyAttempts,
    WrongCredentials,
)


@strawberry.type(description="The account is made, and signed in.")
class RegisterSuccess(SessionTokens):
    pass


@strawberry.type(description="Signed in.")
class SignInSuccess(SessionTokens):
    pass


@strawberry.type(description="The session goes on with a new pair of tokens.")
class RefreshSessionSuccess(SessionTokens):
    pass


@strawberry.type(description="This session is over.")
class SignOutSuccess:
    done: bool = strawberry.field(default=True, description="Always true.")


@strawberry.type(description="That session is over. Its access token may still read for some minutes.")
class EndSessionSuccess:
    session_id: strawberry.ID = strawberry.field(description="The session that ended.")


@strawberry.type(description="All sessions are over, this one too.")
class SignOutEverywhereSuccess:
    ended: int = strawberry.field(description="How many sessions ended.")


RegisterResult = Annotated[
    RegisterSuccess | EmailTaken | TooManyAttempts | InvalidInput,
    strawberry.union("RegisterResult", description="What became of a registration."),
]
SignInResult = Annotated[
    SignInSuccess | WrongCredentials | TooManyAttempts | InvalidInput,
    strawberry.union("SignInResult", description="What became of signing in."),
]
RefreshSessionResult = Annotated[
    RefreshSessionSuccess | SessionOver | TokenJustUsed | InvalidInput,
    strawberry.union("RefreshSessionResult", description="What became of refreshing a session."),
]
SignOutResult = Annotated[SignOutSuccess, strawberry.union("SignOutResult", description="What became of signing out.")]
EndSessionResult = Annotated[
    EndSessionSuccess | NotFound, strawberry.union("EndSessionResult", description="What became of ending a session.")
]
SignOutEverywhereResult = Annotated[
    SignOutEverywhereSuccess,
    strawberry.union("SignOutEverywhereResult", description="What became of signing out everywhere."),
]


@strawberry.type
class UserMutations:
    @mutation(AccessLevel.PUBLIC, "Make an account and sign in to it.")
    async def register(self, info: Info, input: RegisterInput) -> RegisterResult:
        context = info.context
        command = parse(RegisterUser, replace(input, cart_token=strawberry.UNSET))
        cart_token = _cart_token(input)
        made = await register(command, client=context.viewer.client, ports=context.ports.users)
        await _bring_cart(cart_token, made, context)
        return await RegisterSuccess.of(made, context)

    @mutation(AccessLevel.PUBLIC, "Sign in with e-mail address and password.")
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult:
        context = info.context
        command = parse(SignIn, replace(input, cart_token=strawberry.UNSET))
        cart_token = _cart_token(input)
        made = await sign_in(command, client=context.viewer.client, ports=context.ports.users)
        await _bring_cart(cart_token, made, context)
        return await SignInSuccess.of(made, context)

    @mutation(AccessLevel.PUBLIC, "Exchange a refresh token for a new pair of tokens.")
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionResult:
        made = await refresh_session(parse(RefreshSession, input), ports=info.context.ports.users)
        return await RefreshSessionSuccess.of(made, info.context)

    # Ending what has ended already is no fault.
    @mutation(AccessLevel.SIGNED_IN, "End the session that asks.", sensitive=False)
    async def sign_out(self, info: Info) -> SignOutResult:
        await sign_out(actor=info.context.actor, ports=info.context.ports.users)
        return SignOutSuccess()

    @mutation(AccessLevel.SIGNED_IN, "End one of the viewer's sessions, on a lost device for instance.")
    async def end_session(self, info: Info, input: EndSessionInput) -> EndSessionResult:
        command = parse(EndSession, input)
        ended = await end_session(command, actor=info.context.actor, ports=info.context.ports.users)
        return EndSessionSuccess(session_id=public_id("session", ended))

    @mutation(
        AccessLevel.SIGNED_IN,
        "End all of the viewer's sessions: they are refreshed no more. Access "
        "tokens that are out run off within ten minutes.",
    )
    async def sign_out_everywhere(self, info: Info) -> SignOutEverywhereResult:
        ended = await sign_out_everywhere(actor=info.context.actor, ports=info.context.ports.users)
        return SignOutEverywhereSuccess(ended=ended)


def _cart_token(given: RegisterInput | SignInInput) -> str | None:
    """Raises InvalidInput for what is too long to be one."""
    token = given.cart_token or None
    if token is not None and len(token) > TOKEN_LENGTH_MAX:
        raise errors.InvalidInput.at("cart_token", "TOO_LONG", "This is not the token of a cart.")
    return token


async def _bring_cart(token: str | None, made: SignedIn, context: Context) -> None:
    """What was put in before signing in goes along. Should it fail, signing in again does no harm and tries again."""
    if token:
        await merge_guest_cart(made.user_id, token, context.ports.db)
