"""Making an account."""

from uuid import uuid4

from app.container import Container
from domain.shared.actor import Actor, ActorKind
from domain.shared.ids import decode_id
from tests.graphql.execution import execute, refused

REGISTER = """
mutation Register($input: RegisterInput!) {
  register(input: $input) {
    __typename
    ... on RegisterSuccess { user { id email displayName } }
    ... on UserError { code message }
    ... on InvalidInput { issues { path code } }
  }
}
"""


def an_account(**more: str) -> dict[str, dict[str, str]]:
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse", "displayName": "Ann"}
    return {"input": account | more}


async def test_an_account_is_made_and_its_owner_reads_it_back(container: Container) -> None:
    account = an_account()
    made = (await execute(container, REGISTER, account))["register"]
    assert made["__typename"] == "RegisterSuccess"
    assert made["user"]["email"] == account["input"]["email"]
    owner = Actor(ActorKind.USER, user_id=decode_id("user", made["user"]["id"]))
    me = await execute(container, "{ me { user { id displayName } } }", actor=owner)
    assert me["me"]["user"] == {"id": made["user"]["id"], "displayName": "Ann"}


async def test_an_email_address_belongs_to_one_user_whatever_its_case(container: Container) -> None:
    account = an_account()
    await execute(container, REGISTER, account)
    again = an_account(email=account["input"]["email"].upper())
    assert (await execute(container, REGISTER, again))["register"]["__typename"] == "EmailTaken"


async def test_all_faults_are_named_at_once(container: Container) -> None:
    made = (await execute(container, REGISTER, an_account(email="nobody", password="short")))["register"]
    assert made["__typename"] == "InvalidInput"
    assert [issue["path"] for issue in made["issues"]] == [["input", "email"], ["input", "password"]]


async def test_me_is_for_the_signed_in(container: Container) -> None:
    assert await refused(container, "{ me { user { id } } }") == "UNAUTHENTICATED"
