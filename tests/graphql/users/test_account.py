"""One's own account and everybody's, over GraphQL: who sees and does what."""

from typing import Any
from uuid import uuid4

import pytest

from app.container import Container
from app.viewer import authenticate
from domain.shared.actor import Actor, Client
from domain.shared.ids import encode_id
from tests.counting import SqlCounter
from tests.graphql.execution import execute, refused
from tests.graphql.users.test_registration import REGISTER, an_account
from tests.makers import a_buyer, a_moderator, a_seller, an_admin

FAULT = "__typename ... on UserError { code } ... on InvalidInput { issues { path } }"
PROFILE = f"""mutation($input: UpdateProfileInput!) {{ updateProfile(input: $input) {{
  {FAULT} ... on UpdateProfileSuccess {{ user {{ displayName locale phone }} }}
}} }}"""
PASSWORD = f"""mutation($input: ChangePasswordInput!) {{ changePassword(input: $input) {{
  {FAULT} ... on ChangePasswordSuccess {{ endedSessions }}
}} }}"""
ADD = f"""mutation($input: AddAddressInput!) {{ addAddress(input: $input) {{
  {FAULT} ... on AddAddressSuccess {{ address {{ id isDefault }} }}
}} }}"""
ADDRESSES = "{ me { addresses { id line1 isDefault } } }"
NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
USERS = """query($search: String!, $first: Int, $after: String) { admin {
  users(search: $search, first: $first, after: $after) {
    nodes { id email status statusReason roles allowedActions } pageInfo { hasNextPage endCursor }
    totalCount { value }
} } }"""
BLOCK = f"""mutation($input: BlockUserInput!) {{ blockUser(input: $input) {{
  {FAULT} ... on BlockUserSuccess {{ user {{ status statusReason allowedActions }} }}
}} }}"""
ROLES = f"""mutation($input: SetUserRolesInput!) {{ setUserRoles(input: $input) {{
  {FAULT} ... on SetUserRolesSuccess {{ user {{ roles }} }}
}} }}"""
UNBLOCK = "mutation($input: UnblockUserInput!) { unblockUser(input: $input) { __typename } }"
PLACE = {"name": "Ann", "line1": "Main Street 1", "city": "Hamburg", "country": "DE"}


async def done(container: Container, document: str, given: dict[str, Any], actor: Actor) -> dict[str, Any]:
    (outcome,) = (await execute(container, document, {"input": given}, actor=actor)).values()
    found: dict[str, Any] = outcome
    return found


async def test_a_profile_changes_by_what_is_named(container: Container) -> None:
    ann = await a_buyer(container)
    changed = await done(container, PROFILE, {"phone": "+49 40 123", "locale": "de-AT"}, ann)
    assert changed["user"] == {"displayName": "Ann", "locale": "de-AT", "phone": "+49 40 123"}
    cleared = await done(container, PROFILE, {"phone": None}, ann)
    assert cleared["user"] == {"displayName": "Ann", "locale": "de-AT", "phone": None}
    faults = await done(container, PROFILE, {"displayName": "", "locale": "German", "phone": "call me"}, ann)
    assert {issue["path"][1] for issue in faults["issues"]} == {"displayName", "locale", "phone"}


async def test_a_password_is_changed_by_who_knows_it(container: Container) -> None:
    made = (await execute(container, REGISTER.replace("user {", "accessToken user {"), an_account()))["register"]
    actor = authenticate(made["accessToken"], Client(), container).actor
    given = {"currentPassword": "wrong horse", "newPassword": "another horse"}
    assert (await done(container, PASSWORD, given, actor))["code"] == "WRONG_CREDENTIALS"
    given["currentPassword"] = "correct horse"
    assert (await done(container, PASSWORD, given, actor))["endedSessions"] == 0


async def test_addresses_are_listed_for_their_owner_and_nodes_for_nobody_else(container: Container) -> None:
    ann, bob = await a_buyer(container), await a_buyer(container)
    made = (await done(container, ADD, PLACE, ann))["address"]
    assert made["isDefault"]
    assert (await execute(container, ADDRESSES, actor=ann))["me"]["addresses"] == [
        {"id": made["id"], "line1": "Main Street 1", "isDefault": True}
    ]
    variables = {"id": made["id"]}
    assert (await execute(container, NODE, variables, actor=ann))["node"]["__typename"] == "Address"
    for stranger in (bob, await an_admin(container)):
        assert (await execute(container, NODE, variables, actor=stranger))["node"] is None
    assert (await execute(container, NODE, variables))["node"] is None


async def test_a_user_is_a_node_for_themself_and_for_administrators(container: Container) -> None:
    ann = await a_buyer(container)
    variables = {"id": encode_id("user", ann.user())}
    for insider in (ann, await an_admin(container)):
        assert (await execute(container, NODE, variables, actor=insider))["node"]["__typename"] == "User"
    for stranger in (await a_buyer(container), await a_moderator(container)):
        assert (await execute(container, NODE, variables, actor=stranger))["node"] is None


async def test_administrators_find_users_by_the_beginning_of_their_address(
    container: Container, count_sql: SqlCounter
) -> None:
    admin, word = await an_admin(container), f"x{uuid4().hex[:8]}_"
    for number in range(3):
        await execute(container, REGISTER, an_account(email=f"{word}{number}@example.com"))
    await execute(container, REGISTER, an_account(email=f"{word[:-1]}-{uuid4().hex}@example.com"))
    variables: dict[str, Any] = {"search": word.upper(), "first": 2}
    with count_sql() as seen:
        page = (await execute(container, USERS, variables, actor=admin))["admin"]["users"]
    assert len(seen) == 2
    assert page["totalCount"]["value"] == 3
    assert page["nodes"][0]["allowedActions"] == ["BLOCK", "ERASE"]
    variables["after"] = page["pageInfo"]["endCursor"]
    rest = (await execute(container, USERS, variables, actor=admin))["admin"]["users"]
    found = [node["email"] for node in page["nodes"] + rest["nodes"]]
    assert found == [f"{word}{number}@example.com" for number in (2, 1, 0)]
    other = {"search": "somebody else", "after": page["pageInfo"]["endCursor"]}
    assert await refused(container, USERS, other, actor=admin) == "CURSOR_MISMATCH"


async def test_blocking_and_roles_over_graphql(container: Container) -> None:
    ann, admin = await a_buyer(container), await an_admin(container)
    user_id = encode_id("user", ann.user())
    blocked = await done(container, BLOCK, {"userId": user_id, "reason": "Fraud."}, admin)
    assert blocked["user"] == {"status": "BLOCKED", "statusReason": "Fraud.", "allowedActions": ["UNBLOCK", "ERASE"]}
    assert (await done(container, UNBLOCK, {"userId": user_id}, admin))["__typename"] == "UnblockUserSuccess"
    roles = await done(container, ROLES, {"userId": user_id, "roles": ["MODERATOR"]}, admin)
    assert roles["user"] == {"roles": ["MODERATOR"]}
    mine = {"userId": encode_id("user", admin.user()), "roles": []}
    assert (await done(container, ROLES, mine, admin))["code"] == "WOULD_LOSE_ADMINISTRATOR"


@pytest.mark.parametrize("document", [BLOCK, UNBLOCK, ROLES], ids=["block", "unblock", "roles"])
async def test_users_are_administered_by_administrators_only(container: Container, document: str) -> None:
    ann = await a_buyer(container)
    given: dict[str, Any] = {"userId": encode_id("user", ann.user())}
    more: dict[str, dict[str, Any]] = {BLOCK: {"reason": "No."}, ROLES: {"roles": ["ADMIN"]}, UNBLOCK: {}}
    variables = {"input": given | more[document]}
    assert await refused(container, document, variables) == "UNAUTHENTICATED"
    for stranger in (ann, await a_seller(container), await a_moderator(container)):
        assert await refused(container, document, variables, actor=stranger) == "NOT_PERMITTED"
        users = {"search": ""}
        assert await refused(container, USERS, users, actor=stranger) == "NOT_PERMITTED"
