"""What goes wrong on the way to an order, seen from outside: nobody is charged for nothing, nothing is sold twice."""

import asyncio
from collections import Counter
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.shared.ids import decode_id
from tests.journeys.books import assert_books_right, assert_provider_agrees
from tests.journeys.buying import (
    CHALLENGED,
    CHECKOUT,
    CHECKOUT_UPDATED,
    DECLINED,
    VISA,
    cart_of,
    check_out,
    checkout_input,
    ended,
    fill_cart,
    newest_checkout,
    order_by_id,
)
from tests.journeys.client import Client
from tests.journeys.market import Goods, Market, Person
from tests.journeys.running import until
from tests.journeys.shoppers import Goods as Wanted
from tests.journeys.shoppers import Shopper, shoppers

pytestmark = pytest.mark.timeout(180)

BUYERS: Final = 50
INTENTS: Final = "/v1/payment_intents"
CHANGED: Final = "... on CartChanged { cart { total { amountMinor } warnings { __typename } } }"
PAID_ORDERS: Final = """SELECT count(*) FROM "order" o JOIN order_line l ON l.order_id = o.id
    WHERE l.variant_id = $1 AND o.paid_at IS NOT NULL"""
STOCK_STATUS: Final = "query($id: ID!) { listing(id: $id) { variants { stockStatus } } }"

LOSSES: Final = """query { admin { moderationCases(first: 100) { nodes {
    id checkoutId loss { amount { amountMinor } orders { id } } } } } }"""


async def assert_right(market: Market) -> None:
    """After every test: the books, and the provider's."""
    await assert_books_right(market.database)
    await assert_provider_agrees(market.database, market.provider)


async def a_buyer_with(market: Market, *goods: Goods, quantity: int = 1) -> tuple[Person, Any]:
    buyer = await market.buyer()
    return buyer, await fill_cart(buyer, *goods, quantity=quantity)


async def test_a_declined_card_keeps_the_goods_for_another_card(market: Market) -> None:
    goods = await market.goods(stock=1)
    buyer, cart = await a_buyer_with(market, goods)
    checkout = await check_out(buyer, cart, method=DECLINED)
    assert (checkout["status"], checkout["nextAction"]["kind"]) == ("REQUIRES_ACTION", "PROVIDE_PAYMENT_METHOD")
    assert checkout["nextAction"]["declineCode"]
    assert await market.stock(goods) == (1, 1)

    given = {"checkoutId": checkout["id"], "paymentMethod": VISA, "idempotencyKey": uuid4().hex}
    paid = (await buyer.did("continueCheckout", f"checkout {{ {CHECKOUT} }}", **given))["checkout"]
    assert paid["status"] == "COMPLETED"
    assert await market.stock(goods) == (0, 0)
    [intent] = await market.provider.intents_of(str(decode_id("checkout", checkout["id"])))
    assert intent["amount_received"] == checkout["total"]["amountMinor"]
    await assert_right(market)


async def test_the_banks_page_completes_a_purchase_without_the_client(market: Market) -> None:
    goods = await market.goods()
    buyer, cart = await a_buyer_with(market, goods)
    checkout = await check_out(buyer, cart, method=CHALLENGED)
    assert (checkout["status"], checkout["nextAction"]["kind"]) == ("REQUIRES_ACTION", "AUTHENTICATE")
    intent_id = checkout["nextAction"]["clientSecret"].partition("_secret_")[0]
    elsewhere = buyer.at(market.product.apis[0].url)
    watched = {"id": checkout["id"], "after": checkout["lastEvent"]}
    async with elsewhere.subscribe(CHECKOUT_UPDATED, **watched) as updates:
        await market.provider.authenticate(await market.provider.next_page_of(intent_id), "succeed")
        status, sequences = "", []
        while status != "COMPLETED":
            update = await updates.next()
            status = update["checkout"]["status"]
            sequences.append(update["sequence"])
    assert sequences == list(range(checkout["lastEvent"] + 1, checkout["lastEvent"] + 1 + len(sequences)))
    await assert_right(market)


async def test_fifty_buyers_race_for_the_last_unit(market: Market) -> None:
    goods = await market.goods(stock=1)
    wanted = Wanted(decode_id("variant", goods.variant_id), decode_id("listing", goods.listing_id), goods.price_minor)
    people = await shoppers(market.product.database_url, [[wanted]] * BUYERS)
    results = await asyncio.gather(*(race(market, shopper, number) for number, shopper in enumerate(people)))
    outcomes = Counter(results)
    assert outcomes.pop("COMPLETED") == 1
    assert set(outcomes) <= {"ItemsUnavailable", "Busy"}, outcomes
    assert await market.stock(goods) == (0, 0)
    assert await market.database.fetchval(PAID_ORDERS, wanted.variant_id) == 1
    await assert_right(market)


async def race(market: Market, shopper: Shopper, number: int) -> str:
    """What the buyer is told, at one of the processes."""
    client = Client(market.http, market.product.apis[number % 2].url, shopper.token)
    given: dict[str, Any] = {
        "cartVersion": 1,
        "expectedTotalMinor": 1_000_000,
        "addressId": shopper.address,
        "paymentMethod": VISA,
    }
    result = await client.do("checkout", "checkout { status }", idempotencyKey=uuid4().hex, **given)
    return str(result["checkout"]["status"] if "checkout" in result else result["__typename"])


async def test_a_higher_price_is_shown_and_not_charged(market: Market) -> None:
    goods = await market.goods(price_minor=2_000)
    buyer, cart = await a_buyer_with(market, goods)
    await goods.shop.owner.did("setVariantPrice", variantId=goods.variant_id, priceMinor=2_500)
    refused = await buyer.do("checkout", others=CHANGED, **checkout_input(buyer, cart))
    assert refused["__typename"] == "CartChanged"
    assert refused["cart"]["total"]["amountMinor"] == 3_000
    assert refused["cart"]["warnings"] == [{"__typename": "PriceIncreased"}]
    assert await market.stock(goods) == (10, 0)

    seen = await cart_of(buyer)
    assert (await check_out(buyer, seen))["total"]["amountMinor"] == 3_000
    await assert_right(market)


async def test_a_suspended_seller_sells_nothing_and_keeps_nothing_from_the_others(market: Market) -> None:
    goods, other = await market.goods(), await market.goods()
    buyer, cart = await a_buyer_with(market, goods, other)
    admin = await market.admin()
    await admin.did("suspendSeller", sellerId=goods.shop.seller_id, reason="Counterfeits.")
    refused = await buyer.do("checkout", others=CHANGED, **checkout_input(buyer, cart))
    assert refused["__typename"] in {"CartChanged", "ItemsUnavailable"}
    now = await cart_of(buyer)
    assert [warning["__typename"] for warning in now["warnings"]] == ["SellerUnavailable"]

    [line] = [
        line for group in now["groups"] for line in group["lines"] if line["variantId"] == goods.variant_id
    ]  # fmt: skip
    await buyer.did("removeFromCart", "cart { version }", lineId=line["id"])
    assert (await check_out(buyer, await cart_of(buyer)))["status"] == "COMPLETED"
    assert await market.stock(goods) == (10, 0)
    assert await market.stock(other) == (9, 0)
    await assert_right(market)


async def test_the_same_key_at_two_processes_is_one_purchase(market: Market) -> None:
    goods = await market.goods()
    buyer, cart = await a_buyer_with(market, goods)
    given = checkout_input(buyer, cart)
    selection = f"checkout {{ {CHECKOUT} }}"
    clients = [buyer.at(api.url) for api in market.product.apis] * 3
    answers = await asyncio.gather(*(client.did("checkout", selection, **given) for client in clients))
    assert len({answer["checkout"]["id"] for answer in answers}) == 1
    assert (await ended(buyer, answers[0]["checkout"]["id"]))["status"] == "COMPLETED"
    assert await market.stock(goods) == (9, 0)
    await assert_right(market)


async def test_a_client_that_goes_away_ends_the_wait_and_not_the_purchase(market: Market) -> None:
    goods = await market.goods()
    buyer, cart = await a_buyer_with(market, goods)
    await market.provider.hold(INTENTS, seconds=1)
    waiting = asyncio.create_task(check_out(buyer, cart))
    under_way = await newest_checkout(buyer)
    waiting.cancel()
    assert under_way["status"] == "PROCESSING"
    assert (await ended(buyer, under_way["id"]))["status"] == "COMPLETED"
    assert await market.stock(goods) == (9, 0)
    await assert_right(market)


async def test_redis_may_die_and_come_back_in_the_middle(market: Market) -> None:
    goods = await market.goods()
    buyer, cart = await a_buyer_with(market, goods)
    checkout = await check_out(buyer, cart, method=None)
    elsewhere = buyer.at(market.product.apis[0].url)
    watched = {"id": checkout["id"], "after": checkout["lastEvent"]}
    async with elsewhere.subscribe(CHECKOUT_UPDATED, **watched) as updates:
        await asyncio.to_thread(market.product.redis.kill)
        try:
            second = await market.buyer()
            assert (await check_out(second, await fill_cart(second, goods)))["status"] == "COMPLETED"
            await buyer.did(
                "continueCheckout", checkoutId=checkout["id"], paymentMethod=VISA, idempotencyKey=uuid4().hex
            )
            assert (await updates.next())["sequence"] == checkout["lastEvent"] + 1
        finally:
            await asyncio.to_thread(market.product.redis.start)
        status = ""
        while status != "COMPLETED":
            status = (await updates.next())["checkout"]["status"]
    third = await market.buyer()
    assert (await check_out(third, await fill_cart(third, goods)))["status"] == "COMPLETED"
    assert await market.stock(goods) == (7, 0)
    await assert_right(market)


async def test_without_a_worker_orders_go_on_and_the_jobs_catch_up(market: Market) -> None:
    goods = await market.goods(stock=1)
    await shown_as(market, goods, {"IN_STOCK", "LOW_STOCK"})
    worker = market.product.workers[0]
    await asyncio.to_thread(worker.kill)
    try:
        buyer, cart = await a_buyer_with(market, goods)
        checkout = await check_out(buyer, cart)
        assert (checkout["status"], await market.stock(goods)) == ("COMPLETED", (0, 0))
        assert (await order_by_id(buyer, checkout["orders"][0]["id"]))["status"] == "PAID"
        listing = (await market.guest().ask(STOCK_STATUS, id=goods.listing_id))["listing"]
        assert listing["variants"][0]["stockStatus"] != "OUT_OF_STOCK"
    finally:
        worker.start()
    await asyncio.to_thread(worker.wait)
    await shown_as(market, goods, {"OUT_OF_STOCK"})
    await assert_right(market)


async def shown_as(market: Market, goods: Goods, statuses: set[str]) -> None:
    """What browsers see follows from jobs."""

    async def shown() -> bool:
        listing = (await market.guest().ask(STOCK_STATUS, id=goods.listing_id))["listing"]
        return listing["variants"][0]["stockStatus"] in statuses

    await until(shown, f"the stock is shown as {statuses}")


async def test_cancelled_before_shipping_everything_goes_back(market: Market) -> None:
    goods = await market.goods(price_minor=2_000)
    buyer, cart = await a_buyer_with(market, goods, quantity=2)
    checkout = await check_out(buyer, cart)
    order_id = checkout["orders"][0]["id"]
    given = {"orderId": order_id, "reason": "Found it elsewhere.", "idempotencyKey": uuid4().hex}
    cancelled = (await buyer.did("cancelOrder", "order { status }", **given))["order"]
    assert cancelled["status"] == "CANCELLED"
    assert await market.stock(goods) == (10, 0)

    async def refunded() -> bool:
        return bool((await order_by_id(buyer, order_id))["refunded"]["amountMinor"] == 4_500)

    await until(refunded, "the money is back")
    await only_refund_of(market, decode_id("checkout", checkout["id"]), 4_500)
    await assert_right(market)


async def test_what_is_given_back_in_the_providers_dashboard_is_told_and_booked(market: Market) -> None:
    buyer, cart = await a_buyer_with(market, await market.goods(price_minor=2_000))
    checkout = await check_out(buyer, cart)
    [intent] = await market.provider.intents_of(str(decode_id("checkout", checkout["id"])))
    await market.provider.refund_by_hand(intent["id"], 700)

    async def refunded() -> bool:
        order = await order_by_id(buyer, checkout["orders"][0]["id"])
        return bool(order["refunded"]["amountMinor"] == 700 and order["escrow"] == "HELD")

    await until(refunded, "the refund by hand is in the order")
    await assert_right(market)


async def test_what_fits_two_orders_waits_for_an_administrator_who_gives_it_to_them(market: Market) -> None:
    buyer, cart = await a_buyer_with(market, *[await market.goods(price_minor=2_000) for _ in range(2)])
    checkout = await check_out(buyer, cart)
    [intent] = await market.provider.intents_of(str(decode_id("checkout", checkout["id"])))
    await market.provider.refund_by_hand(intent["id"], 700)
    admin = await market.admin()

    async def the_case() -> Any:
        cases = (await admin.ask(LOSSES))["admin"]["moderationCases"]["nodes"]
        return next((case for case in cases if case["checkoutId"] == checkout["id"]), None)

    await until(the_case, "the loss is a case")
    case = await the_case()
    first, second = (order["id"] for order in case["loss"]["orders"])
    parts = [{"orderId": first, "amountMinor": 500}, {"orderId": second, "amountMinor": 200}]
    given = {"caseId": case["id"], "parts": parts, "note": "asked the buyer", "idempotencyKey": uuid4().hex}
    for _ in range(2):
        await admin.did("attributeLoss", "moderationCase { status }", **given)
    assert [(await order_by_id(buyer, id_))["refunded"]["amountMinor"] for id_ in (first, second)] == [500, 200]
    assert await the_case() is None
    await assert_right(market)


async def only_refund_of(market: Market, checkout_id: UUID, amount_minor: int) -> None:
    """At the provider there is one refund, of that amount."""
    [intent] = await market.provider.intents_of(str(checkout_id))
    [refund] = await market.provider.refunds_of(intent["id"])
    assert (refund["amount"], refund["status"]) == (amount_minor, "succeeded")
