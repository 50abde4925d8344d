"""What a guest put in goes along when they sign in or register."""

from app.container import Container
from app.viewer import authenticate
from domain.shared.actor import Actor, Client
from tests.graphql.cart.carts import a_guest_cart, changed, guest_cart, lines, my_cart, put, variant
from tests.graphql.execution import execute
from tests.graphql.users.test_registration import REGISTER, an_account
from tests.makers import on_sale

SIGN_IN = """mutation($input: SignInInput!) {
  signIn(input: $input) { __typename ... on SessionTokens { accessToken } }
}"""
REGISTERED = """mutation($input: RegisterInput!) {
  register(input: $input) { __typename ... on SessionTokens { accessToken } }
}"""


async def signed_in(container: Container, account: dict[str, dict[str, str]], token: str) -> Actor:
    given = {name: account["input"][name] for name in ("email", "password")}
    made = (await execute(container, SIGN_IN, {"input": given | {"cartToken": token}}))["signIn"]
    return authenticate(made["accessToken"], Client(), container).actor


async def test_the_guests_lines_join_the_users(container: Container) -> None:
    account = an_account()
    await execute(container, REGISTER, account)
    lamp, bulb = await on_sale(container), await on_sale(container)
    ann = await signed_in(container, account, "a token of nobody")
    await put(container, lamp, 98, actor=ann)
    token = await a_guest_cart(container, lamp, 2)
    await put(container, bulb, 3, token=token)
    await changed(container, "setCartCountry", token=token, country="DE")
    for _ in range(2):
        ann = await signed_in(container, account, token)
        cart = await my_cart(container, ann)
        assert cart is not None
        assert lines(cart) == {variant(lamp): 99, variant(bulb): 3}
        assert (cart["country"], cart["version"]) == ("DE", 2)
        assert await guest_cart(container, token) is None


async def test_a_new_account_takes_its_cart_along(container: Container) -> None:
    lamp = await on_sale(container)
    token = await a_guest_cart(container, lamp)
    made = (await execute(container, REGISTERED, an_account(cartToken=token)))["register"]
    ann = authenticate(made["accessToken"], Client(), container).actor
    assert lines(await my_cart(container, ann)) == {variant(lamp): 1}
