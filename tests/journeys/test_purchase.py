"""The whole journey of one purchase, seen from outside: real processes, HTTP, WebSockets, the provider's pages."""

from typing import Final

import pytest

from tests.journeys.books import assert_books_right
from tests.journeys.client import Client
from tests.journeys.market import PASSWORD, TOKENS, Goods, Market, Person
from tests.journeys.running import until

pytestmark = pytest.mark.timeout(240)

SEARCH_SECONDS_MAX: Final = 5.0
SEARCH: Final = "query($text: String!) { search(text: $text) { nodes { id title } } }"
CART: Final = """query { me { cart { id version quantity total { amountMinor currency formatted }
    warnings { __typename } groups { sellerId lines { variantId quantity unitPrice { amountMinor } } } } } }"""


async def test_a_purchase_from_the_first_visit_to_the_sellers_money(market: Market) -> None:
    goods = await market.goods(price_minor=2_000, stock=10)
    await found_by_search(market.guest(), goods)

    buyer, cart = await bring_cart(market, goods)
    assert cart["total"] == {"amountMinor": 2 * 2_000 + 500, "currency": "EUR", "formatted": "45.00 EUR"}
    assert await market.stock(goods) == (10, 0)
    await assert_books_right(market.database)
    assert buyer.token


async def found_by_search(guest: Client, goods: Goods) -> None:
    """What was put on sale a moment ago is found in time."""

    async def found() -> bool:
        nodes = (await guest.ask(SEARCH, text=goods.title))["search"]["nodes"]
        return goods.listing_id in [node["id"] for node in nodes]

    await until(found, "the listing is found", SEARCH_SECONDS_MAX)


async def bring_cart(market: Market, goods: Goods) -> tuple[Person, dict[str, object]]:
    """A guest's cart, taken along at sign-in on another process."""
    buyer, guest = await market.buyer(), market.guest()
    added = await guest.did("addToCart", "cartToken cart { version }", variantId=goods.variant_id, quantity=2)
    given = {"email": buyer.email, "password": PASSWORD, "cartToken": added["cartToken"]}
    signed_in = await market.guest(api=1).did("signIn", TOKENS, **given)
    buyer.token = signed_in["accessToken"]
    await buyer.did("setCartCountry", "cart { version }", country="DE")
    cart = (await buyer.at(market.product.apis[1].url).ask(CART))["me"]["cart"]
    assert [line["quantity"] for group in cart["groups"] for line in group["lines"]] == [2]
    assert cart["warnings"] == []
    return buyer, cart
