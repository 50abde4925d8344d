"""A session from sign-in to sign-out, as clients see it."""

from typing import Any

from app.container import Container
from app.viewer import authenticate
from domain.shared.actor import Actor, Client
from tests.graphql.execution import execute
from tests.graphql.users.test_registration import REGISTER, an_account

TOKENS = """... on SessionTokens { accessToken accessTokenExpiresAt refreshToken user { id } }
... on UserError { code }"""
SIGN_IN = f"mutation($input: SignInInput!) {{ signIn(input: $input) {{ __typename {TOKENS} }} }}"
REFRESH = f"mutation($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ __typename {TOKENS} }} }}"
SESSIONS = "{ me { sessions { id isCurrent userAgent } } }"
END = """mutation($input: EndSessionInput!) { endSession(input: $input) {
  __typename ... on EndSessionSuccess { sessionId } ... on UserError { code }
} }"""


async def signed_in(container: Container, account: dict[str, dict[str, str]]) -> dict[str, Any]:
    given = {name: account["input"][name] for name in ("email", "password")}
    made: dict[str, Any] = (await execute(container, SIGN_IN, {"input": given}))["signIn"]
    return made


def actor_of(container: Container, tokens: dict[str, Any]) -> Actor:
    return authenticate(tokens["accessToken"], Client(), container).actor


async def test_sign_in_refresh_list_end_and_sign_out(container: Container) -> None:
    account = an_account()
    await execute(container, REGISTER, account)
    tokens = await signed_in(container, account)
    assert tokens["__typename"] == "SignInSuccess"
    refreshed = (await execute(container, REFRESH, {"input": {"refreshToken": tokens["refreshToken"]}}))[
        "refreshSession"
    ]
    assert refreshed["__typename"] == "RefreshSessionSuccess"
    assert refreshed["refreshToken"] != tokens["refreshToken"]
    actor = actor_of(container, refreshed)
    sessions = (await execute(container, SESSIONS, actor=actor))["me"]["sessions"]
    assert [session["isCurrent"] for session in sessions] == [True, False]
    ended = await execute(container, END, {"input": {"sessionId": sessions[1]["id"]}}, actor=actor)
    assert ended["endSession"] == {"__typename": "EndSessionSuccess", "sessionId": sessions[1]["id"]}
    await execute(container, "mutation { signOut { ... on SignOutSuccess { done } } }", actor=actor)
    over = await execute(container, REFRESH, {"input": {"refreshToken": refreshed["refreshToken"]}})
    assert over["refreshSession"] == {"__typename": "SessionOver", "code": "SESSION_OVER"}


async def test_nobody_ends_the_session_of_another(container: Container) -> None:
    mine, theirs = an_account(), an_account()
    for account in (mine, theirs):
        await execute(container, REGISTER, account)
    me, them = actor_of(container, await signed_in(container, mine)), await signed_in(container, theirs)
    their_actor = actor_of(container, them)
    their_sessions = (await execute(container, SESSIONS, actor=their_actor))["me"]["sessions"]
    refused = await execute(container, END, {"input": {"sessionId": their_sessions[0]["id"]}}, actor=me)
    assert refused["endSession"]["__typename"] == "NotFound"
    still = (await execute(container, SESSIONS, actor=their_actor))["me"]["sessions"]
    assert still == their_sessions


async def test_sign_out_everywhere_ends_them_all(container: Container) -> None:
    account = an_account()
    await execute(container, REGISTER, account)
    tokens = await signed_in(container, account)
    everywhere = "mutation { signOutEverywhere { ... on SignOutEverywhereSuccess { ended } } }"
    ended = await execute(container, everywhere, actor=actor_of(container, tokens))
    assert ended["signOutEverywhere"]["ended"] == 2


async def test_wrong_credentials_are_a_member_of_the_result(container: Container) -> None:
    made = await signed_in(container, an_account())
    assert made == {"__typename": "WrongCredentials", "code": "WRONG_CREDENTIALS"}
