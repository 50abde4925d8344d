"""The whole journey of one purchase, seen from outside: real processes, HTTP, WebSockets, the provider's pages."""

import asyncio
import json
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final
from uuid import uuid4

import pytest

from app.settings_fields import SANDBOX_CARRIER_SECRET
from infra.carriers.webhooks import sign
from tests.journeys.books import assert_books_right, assert_provider_agrees
from tests.journeys.buying import (
    CHECKOUT_UPDATED,
    ORDER_UPDATED,
    SELLER_ORDER_UPDATED,
    cart_of,
    check_out,
    checkout_by_id,
    fill_cart,
    newest_checkout,
    order_by_id,
)
from tests.journeys.client import Client, Stream
from tests.journeys.market import PASSWORD, TOKENS, Goods, Market, Person
from tests.journeys.running import until

pytestmark = pytest.mark.timeout(240)

SEARCH_SECONDS_MAX: Final = 5.0
UNRATED: Final = 0.625
"""The signal of a listing or shop without reviews."""
CAPTURE: Final = "/v1/payment_intents/*/capture"
SEARCH: Final = "query($text: String!) { search(text: $text) { nodes { listingId title } } }"
CARD: Final = """query($text: String!) { search(text: $text) { edges { explain { name value }
    node { listingId rating ratingCount shop { rating ratingCount } } } } }"""
OPPORTUNITIES: Final = "query($id: ID!) { me { order(id: $id) { reviewable { kind orderLineId } } } }"
PAGE: Final = """query($id: ID!) { listing(id: $id) { ratingHistogram { stars count }
    reviews { nodes { id rating authorName reply { text } } } } }"""
RECENT: Final = "query { me { recentlyViewed { nodes { card { listingId rating } } } } }"
NOTIFICATIONS: Final = """query { me { notifications { unreadCount { value }
    nodes { id kind title subject { ... on Order { number } } } } } }"""
BALANCE: Final = "query { seller { balance { amountMinor currency } } }"


async def test_a_purchase_from_the_first_visit_to_the_sellers_money(market: Market) -> None:
    goods = await market.goods(price_minor=2_000, stock=10)
    await found_by_search(market.guest(), goods)
    buyer, cart = await bring_cart(market, goods)
    owner, elsewhere = goods.shop.owner, market.product.apis[0].url
    async with owner.subscribe(SELLER_ORDER_UPDATED) as sales:
        checkout = await buy_watching(market, buyer, cart)
        order_id = checkout["orders"][0]["id"]
        assert await market.stock(goods) == (8, 0)
        seen = await until_kind(sales, "PAID")
        async with buyer.at(elsewhere).subscribe(ORDER_UPDATED, id=order_id, after=0) as progress:
            told = await until_kind(progress, "PAID")
            await ship_and_deliver(market, owner, order_id)
            await buyer.did("confirmDelivery", "order { status }", orderId=order_id, idempotencyKey=uuid4().hex)
            told += await until_kind(progress, "COMPLETED")
        assert [event["sequence"] for event in told] == list(range(1, len(told) + 1)), "no gap, nothing twice"
        seen += await until_kind(sales, "COMPLETED")
    assert [event["eventId"] for event in seen] == [event["eventId"] for event in told]
    await replays_what_was_missed(owner.at(elsewhere), seen)

    order = await order_by_id(buyer, order_id)
    assert (order["status"], order["escrow"]) == ("COMPLETED", "RELEASED")
    # 15 % of the goods are the platform's, the delivery is all the seller's.
    assert (await owner.ask(BALANCE))["seller"]["balance"] == [{"amountMinor": 4_500 - 600, "currency": "EUR"}]
    assert (await cart_of(buyer))["quantity"] == 0
    await told_of_everything(market, buyer, owner, order["number"])
    await assert_books_right(market.database)
    await assert_provider_agrees(market.database, market.provider)


async def told_of_everything(market: Market, buyer: Person, owner: Person, number: str) -> None:
    """By mail, each thing once, and in the list, where it can be marked as read."""
    wanted = {
        (buyer.email, "Your order is placed"),
        (buyer.email, f"Order {number} is paid"),
        (buyer.email, f"Order {number} is on its way"),
        (buyer.email, f"Order {number} has arrived"),
        (owner.email, f"New order {number}"),
        (owner.email, "Payment received: 39.00 EUR"),
    }

    async def mailed() -> list[tuple[str, str]]:
        page = (await market.http.get(f"{market.guest().url}/mailbox")).text
        rows = re.findall(r"<td>([^<]+)</td><td><a href=\"/mailbox/\w+\">([^<]+)</a>", page)
        ours = [(to, unescape(subject)) for to, subject in rows if to in (buyer.email, owner.email)]
        return ours if wanted <= set(ours) else []

    mails = await until(mailed, "all mails are in the mailbox")
    assert sorted(mail for mail in mails if mail in wanted) == sorted(wanted), "each once"
    told = (await buyer.ask(NOTIFICATIONS))["me"]["notifications"]
    assert [each["kind"] for each in told["nodes"]] == [
        "ORDER_DELIVERED",
        "ORDER_SHIPPED",
        "ORDER_PAID",
        "ORDER_PLACED",
    ]
    assert told["unreadCount"]["value"] == 4
    newest = told["nodes"][0]
    assert newest["subject"] == {"number": number}
    marked = await buyer.did("markNotificationsRead", "marked unreadCount { value }", upTo=newest["id"])
    assert (marked["marked"], marked["unreadCount"]["value"]) == (4, 0)


async def found_by_search(guest: Client, goods: Goods) -> None:
    """What was put on sale a moment ago is found in time."""

    async def found() -> bool:
        nodes = (await guest.ask(SEARCH, text=goods.title))["search"]["nodes"]
        return goods.listing_id in [node["listingId"] for node in nodes]

    await until(found, "the listing is found", SEARCH_SECONDS_MAX)


async def bring_cart(market: Market, goods: Goods) -> tuple[Person, Any]:
    """A guest's cart, taken along at sign-in on another process."""
    buyer, guest = await market.buyer(), market.guest()
    added = await guest.did("addToCart", "cartToken cart { version }", variantId=goods.variant_id, quantity=2)
    given = {"email": buyer.email, "password": PASSWORD, "cartToken": added["cartToken"]}
    signed_in = await market.guest(api=0).did("signIn", TOKENS, **given)
    buyer.token = signed_in["accessToken"]
    await buyer.did("setCartCountry", "cart { version }", country="DE")
    cart = await cart_of(buyer.at(market.product.apis[0].url))
    assert [line["quantity"] for group in cart["groups"] for line in group["lines"]] == [2]
    assert cart["warnings"] == []
    assert cart["total"] == {"amountMinor": 2 * 2_000 + 500, "currency": "EUR"}
    return buyer, cart


async def buy_watching(market: Market, buyer: Person, cart: Any) -> Any:
    """The provider takes its time to capture; another process shows meanwhile how it goes on."""
    await market.provider.hold(CAPTURE, seconds=1)
    paying = asyncio.create_task(check_out(buyer, cart))
    under_way = await newest_checkout(buyer)
    async with buyer.at(market.product.apis[0].url).subscribe(CHECKOUT_UPDATED, id=under_way["id"]) as updates:
        sequences, status = [], under_way["status"]
        while status != "COMPLETED":
            update = await updates.next()
            sequences.append(update["sequence"])
            status = update["checkout"]["status"]
    assert sequences == list(range(1, len(sequences) + 1))
    answered = await paying
    await market.provider.behave()
    assert answered["id"] == under_way["id"]
    checkout = await checkout_by_id(buyer, under_way["id"])
    assert checkout["status"] == "COMPLETED"
    assert [order["status"] for order in checkout["orders"]] == ["PAID"]
    return checkout


async def ship_and_deliver(market: Market, owner: Person, order_id: str) -> None:
    """The seller sends it, the carrier's scan says that it has arrived."""
    number = f"TRACK{uuid4().hex[:10].upper()}"
    parcel = {"orderId": order_id, "carrier": "dhl", "trackingNumber": number, "idempotencyKey": uuid4().hex}
    shipped = await owner.did("shipOrder", "shipmentId order { status }", **parcel)
    assert shipped["order"]["status"] == "SHIPPED"
    now = datetime.now(UTC)
    scan = {"id": uuid4().hex, "carrier": "dhl", "tracking_number": number, "status": "delivered"}
    body = json.dumps({**scan, "at": now.isoformat()}).encode()
    headers = {"carrier-signature": sign(SANDBOX_CARRIER_SECRET, body, now)}
    answer = await market.http.post(f"{owner.url}/webhooks/carriers", content=body, headers=headers)
    assert answer.status_code == 200, answer.text

    async def delivered() -> bool:
        order = (await owner.ask("query($id: ID!) { seller { order(id: $id) { status } } }", id=order_id))["seller"]
        return bool(order["order"]["status"] == "DELIVERED")

    await until(delivered, "the order is delivered")


async def until_kind(stream: Stream, kind: str) -> list[Any]:
    """All events up to the first of that kind."""
    events: list[Any] = []
    while not events or events[-1]["kind"] != kind:
        events.append(await stream.next())
    return events


async def replays_what_was_missed(owner: Person, seen: list[Any]) -> None:
    """Whoever comes back to another process with a cursor is told the rest, once and in order."""
    for position in (0, len(seen) // 2):
        async with owner.subscribe(SELLER_ORDER_UPDATED, after=seen[position]["cursor"]) as stream:
            missed = [await stream.next() for _ in seen[position + 1 :]]
        assert [event["eventId"] for event in missed] == [event["eventId"] for event in seen[position + 1 :]]


async def test_what_was_delivered_is_reviewed_answered_and_counts_in_search(market: Market) -> None:
    goods = await market.goods()
    owner, elsewhere = goods.shop.owner, market.product.apis[0].url
    buyer = await market.buyer()
    await found_by_search(buyer, goods)
    checkout = await check_out(buyer, await fill_cart(buyer, goods))
    order_id = checkout["orders"][0]["id"]
    early = await buyer.do("reviewSeller", orderId=order_id, rating=5)
    assert early["__typename"] == "NotDelivered"
    await ship_and_deliver(market, owner, order_id)
    (line, _) = (await buyer.ask(OPPORTUNITIES, id=order_id))["me"]["order"]["reviewable"]
    review = {"orderLineId": line["orderLineId"], "rating": 5, "title": "Shines"}
    written = (await buyer.did("reviewListing", "review { id }", **review))["review"]
    await buyer.did("reviewSeller", "review { id }", orderId=order_id, rating=4)
    again = await buyer.at(elsewhere).do("reviewListing", others="... on AlreadyReviewed { review { id } }", **review)
    assert (again["__typename"], again["review"]) == ("AlreadyReviewed", written)
    await owner.did("replyToReview", "review { id }", reviewId=written["id"], text="Thank you.")
    await owner.did("reviewBuyer", "review { id }", orderId=order_id, rating=5)
    assert (await buyer.ask(OPPORTUNITIES, id=order_id))["me"]["order"]["reviewable"] == []
    await counts_in_search(await market.admin(), goods)
    page = (await market.guest(api=0).ask(PAGE, id=goods.listing_id))["listing"]
    assert page["reviews"]["nodes"] == [{**written, "rating": 5, "authorName": "Ann", "reply": {"text": "Thank you."}}]
    assert page["ratingHistogram"][0] == {"stars": 5, "count": 1}
    await buyer.did("recordView", "listingId", listingId=goods.listing_id)
    recent = (await buyer.at(elsewhere).ask(RECENT))["me"]["recentlyViewed"]["nodes"]
    assert recent == [{"card": {"listingId": goods.listing_id, "rating": 5.0}}]


async def counts_in_search(guest: Client, goods: Goods) -> None:
    """In time the card shows the averages, and the index ranks by them: above what it takes for granted."""

    async def counted() -> bool:
        for edge in (await guest.ask(CARD, text=goods.title))["search"]["edges"]:
            node, signals = edge["node"], {each["name"]: each["value"] for each in edge["explain"]}
            if node["listingId"] == goods.listing_id and signals["rating"] > UNRATED < signals["seller"]:
                assert (node["rating"], node["ratingCount"]) == (5.0, 1)
                assert node["shop"] == {"rating": 4.0, "ratingCount": 1}
                return True
        return False

    await until(counted, "the reviews count in search", SEARCH_SECONDS_MAX)
