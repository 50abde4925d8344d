"""Offers compared and things fetched, seen from outside: over HTTP, to the sellers' money."""

from typing import Any, Final
from uuid import uuid4

import pytest

from tests.journeys.books import assert_books_right
from tests.journeys.buying import cart_of, check_out
from tests.journeys.market import LISTING, Goods, Market, Shop
from tests.journeys.running import until

PRODUCT = {"apis": 1}
pytestmark = pytest.mark.timeout(240)

COMPARED: Final = """query($id: ID!) { product(id: $id) {
    offers(shipTo: "DE") { nodes { listingId variantId landedPrice { amountMinor } winsBuyBox shop { sellerId } } }
    buyBox(shipTo: "DE") { winner { listingId variantId landedPrice { amountMinor } reasons { kind } } } } }"""
STANDING: Final = """query($id: ID!) { seller { offerStanding(listingId: $id) {
    wins rank price { amountMinor } priceToWin { amountMinor } reasons { kind actual compared } } } }"""
NEAR: Final = """query($latitude: Float!, $longitude: Float!, $km: Float!) { search(
    filter: { near: { latitude: $latitude, longitude: $longitude, withinKm: $km } }, sort: DISTANCE) {
    nodes { listingId distanceKm place { locality exact { line1 } } } } }"""
SHOWN: Final = "query($id: ID!) { listing(id: $id) { variants { stockStatus } } }"
FETCHED: Final = """query($id: ID!) { me { order(id: $id) { status
    pickup { code readyAt note places { line1 latitude } } timeline { nodes { kind } } } } }"""
BALANCE: Final = "query { seller { balance { amountMinor currency } } }"


def a_gtin() -> str:
    digits = f"0400{uuid4().int % 10**9:09d}"
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


async def test_a_buyer_compares_offers_and_buys_from_the_winner(market: Market) -> None:
    gtin = a_gtin()
    cheap, dear = await offered(market, gtin, 2_000), await offered(market, gtin[1:], 2_300)
    found = await cheap.shop.owner.ask("query($id: ID!) { listing(id: $id) { product { id } } }", id=cheap.listing_id)
    product_id = found["listing"]["product"]["id"]
    buyer = await market.buyer()
    product = (await buyer.ask(COMPARED, id=product_id))["product"]
    assert [offer["listingId"] for offer in product["offers"]["nodes"]] == [cheap.listing_id, dear.listing_id]
    assert product["buyBox"]["winner"]["reasons"][0]["kind"] == "LOWEST_PRICE"

    # The one that loses is told what would win, asks that, and wins.
    owner = dear.shop.owner
    standing = (await owner.ask(STANDING, id=dear.listing_id))["seller"]["offerStanding"]
    assert (standing["wins"], standing["rank"]) == (False, 2)
    assert standing["reasons"][0] == {"kind": "ABOVE_PRICE_BAND", "actual": 2_800, "compared": 2_625}
    asked = standing["priceToWin"]["amountMinor"]
    await owner.did("setVariantPrice", "variant { id }", variantId=dear.variant_id, priceMinor=asked)
    winner = (await buyer.ask(COMPARED, id=product_id))["product"]["buyBox"]["winner"]
    assert winner["listingId"] == dear.listing_id
    assert (await owner.ask(STANDING, id=dear.listing_id))["seller"]["offerStanding"]["wins"]

    await buyer.did("addToCart", "cart { version }", variantId=winner["variantId"], quantity=1)
    await buyer.did("setCartCountry", "cart { version }", country="DE")
    checkout = await check_out(buyer, await cart_of(buyer))
    assert checkout["status"] == "COMPLETED"
    assert checkout["total"]["amountMinor"] == winner["landedPrice"]["amountMinor"]


async def offered(market: Market, gtin: str, price_minor: int) -> Goods:
    """On sale under a GTIN, in one of its spellings."""
    return await published(market, await market.shop(), price_minor, gtin=gtin)


async def published(market: Market, shop: Shop, price_minor: int, **more: Any) -> Goods:
    title = f"Lamp {uuid4().hex[:8]}"
    given = {"title": title, "variants": [{"sku": "1", "priceMinor": price_minor}], **more}
    place = given.pop("place", None)
    made = await shop.owner.did(
        "createListing", f"listing {{ {LISTING} }}", categoryId=await market.category(), **given
    )
    listing = made["listing"]
    if place is not None:
        await shop.owner.did("setListingPlace", "listing { id }", listingId=listing["id"], **place)
    await market.publish(shop, listing["id"])
    variant_id = listing["variants"][0]["id"]
    await market.restock(shop, variant_id, 5)

    async def shown() -> bool:
        [variant] = (await market.guest().ask(SHOWN, id=listing["id"]))["listing"]["variants"]
        return bool(variant["stockStatus"] != "OUT_OF_STOCK")

    # A job shows the stock, and until then nothing is compared with what is sold out.
    await until(shown, "the stock is shown")
    return Goods(shop, listing["id"], variant_id, title, price_minor)


async def test_a_lamp_around_the_corner_is_found_bought_and_fetched(market: Market) -> None:
    here = {"latitude": 53.5512, "longitude": 9.9937, "locality": "Hamburg", "country": "DE", "line1": "Court 3"}
    goods = await published(market, await market.shop(), 2_000, fulfilment="PICKUP", place=here)
    around = {"latitude": 53.56, "longitude": 10.0, "km": 5.0}

    async def found() -> bool:
        nodes = (await market.guest().ask(NEAR, **around))["search"]["nodes"]
        return goods.listing_id in [node["listingId"] for node in nodes]

    await until(found, "the lamp is found near by", 5.0)
    node = next(
        each
        for each in (await market.guest().ask(NEAR, **around))["search"]["nodes"]
        if each["listingId"] == goods.listing_id
    )
    assert 0 < node["distanceKm"] < 3
    assert node["place"] == {"locality": "Hamburg", "exact": None}

    # Nobody says where it goes: there is no address, no country, and nothing to pay for.
    buyer, owner = await market.person(), goods.shop.owner
    await buyer.did("addToCart", "cart { version }", variantId=goods.variant_id, quantity=1)
    cart = await cart_of(buyer)
    assert cart["total"]["amountMinor"] == 2_000
    checkout = await check_out(buyer, cart, addressId=None)
    assert checkout["status"] == "COMPLETED", checkout
    order_id = checkout["orders"][0]["id"]

    async def key(mutation: str, **more: Any) -> Any:
        return await owner.do(mutation, "order { status }", orderId=order_id, idempotencyKey=uuid4().hex, **more)

    await key("markReadyForPickup", note="From 9 to 5")
    pickup = (await buyer.ask(FETCHED, id=order_id))["me"]["order"]["pickup"]
    assert (pickup["note"], pickup["places"]) == ("From 9 to 5", [{"line1": "Court 3", "latitude": 53.5512}])
    assert (await key("handOverOrder"))["code"] == "WRONG_PICKUP_CODE"
    assert (await key("handOverOrder", pickupCode=pickup["code"]))["order"]["status"] == "DELIVERED"
    await buyer.did("confirmDelivery", "order { status }", orderId=order_id, idempotencyKey=uuid4().hex)
    order = (await buyer.ask(FETCHED, id=order_id))["me"]["order"]
    kinds = [event["kind"] for event in order["timeline"]["nodes"]]
    assert kinds == ["PLACED", "PAID", "READY_FOR_PICKUP", "DELIVERED", "COMPLETED", "RELEASED"]
    assert (await owner.ask(BALANCE))["seller"]["balance"] == [{"amountMinor": 1_700, "currency": "EUR"}]
    await assert_books_right(market.database)
