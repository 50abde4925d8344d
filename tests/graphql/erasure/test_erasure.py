"""Being forgotten, over the schema."""

from uuid import uuid4

from app.container import Container
from domain.shared.ids import encode_id
from domain.users.model import User
from tests.graphql.execution import execute, refused
from tests.makers import a_buyer, an_admin, change
from tests.sales import a_sale

ERASE_ME = """mutation($password: String!) { eraseMe(input: {password: $password}) {
  __typename ... on EraseMeSuccess { userId } ... on UserError { code }
  ... on MoneyStillHeld { obstacles } } }"""
ERASE_USER = """mutation($id: ID!) { eraseUser(input: {userId: $id}) {
  __typename ... on EraseUserSuccess { userId } ... on UserError { code }
  ... on MoneyStillHeld { obstacles } } }"""
ACCOUNT = "query($id: ID!) { node(id: $id) { ... on User { status displayName email } } }"


async def test_whoever_knows_the_password_is_forgotten(container: Container) -> None:
    buyer, password = await a_buyer(container), uuid4().hex
    hashed = await container.ports.users.hasher.hash(password)
    await change(container, User, buyer.user(), password_hash=hashed)
    wrong = await execute(container, ERASE_ME, {"password": "wrong"}, actor=buyer)
    assert wrong["eraseMe"]["__typename"] == "WrongCredentials"
    erased = await execute(container, ERASE_ME, {"password": password}, actor=buyer)
    assert erased["eraseMe"] == {"__typename": "EraseMeSuccess", "userId": encode_id("user", buyer.user())}


async def test_administrators_forget_who_asked_once_their_orders_are_over(container: Container) -> None:
    admin, sale, other = await an_admin(container), await a_sale(container), await a_buyer(container)
    asked = {"id": encode_id("user", sale.buyer.user())}
    held = (await execute(container, ERASE_USER, asked, actor=admin))["eraseUser"]
    assert held == {"__typename": "MoneyStillHeld", "code": "MONEY_STILL_HELD", "obstacles": ["OPEN_PURCHASES"]}
    assert await refused(container, ERASE_USER, asked, actor=sale.buyer) == "NOT_PERMITTED"
    asked = {"id": encode_id("user", other.user())}
    assert (await execute(container, ERASE_USER, asked, actor=admin))["eraseUser"]["__typename"] == "EraseUserSuccess"
    seen = (await execute(container, ACCOUNT, asked, actor=admin))["node"]
    assert (seen["status"], seen["displayName"]) == ("ERASED", "")
    assert seen["email"].endswith("@erased.invalid")
