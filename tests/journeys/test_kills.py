"""Guarantee: a process that is killed with -9 in any state of a purchase, or in the middle of a job, leaves nothing
that another does not finish; the buyer is charged once or not at all, and the goods are sold once or not at all.

The provider holds a call back, so that the kill falls into it. Leases are short here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from domain.shared.ids import decode_id
from tests.journeys.books import assert_books_right, assert_provider_agrees
from tests.journeys.buying import (
    CHALLENGED,
    CHECKOUT,
    checkout_input,
    ended,
    fill_cart,
    newest_checkout,
    order_by_id,
)
from tests.journeys.client import only
from tests.journeys.market import PASSWORD, Goods, Market, Person
from tests.journeys.running import free_port, until
from tests.mail_server import Moment, mail_server

pytestmark = pytest.mark.timeout(240)

MAIL_PORT: Final = free_port()
MAIL: Final = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(MAIL_PORT), "SMTP_SECURITY": "none"}
PRODUCT: Final = {"apis": 2, "workers": 1, "durable": True, "settings": {"LEASE_SECONDS": "3", **MAIL}}
FIRST, SECOND = 0, 1
AUTHORIZE: Final = "/v1/payment_intents"
CAPTURE: Final = "/v1/payment_intents/*/capture"
CANCEL: Final = "/v1/payment_intents/*/cancel"
FOREVER: Final = 100.0
"""The answer never comes: whoever waits for it is killed."""
A_MOMENT: Final = 1.0
"""The provider goes on by itself with what a killed process asked for, before the lease is over."""
REVIEW_MINOR: Final = 300_000
CASES: Final = "query { admin { moderationCases(first: 100) { nodes { id checkoutId } } } }"


@pytest.fixture(autouse=True)
async def revived(market: Market) -> AsyncIterator[None]:
    """Whoever a test kills is there again for the next one."""
    yield
    for part in market.product.parts:
        if part.pid is None:
            part.start()


async def a_purchase(market: Market, *, price_minor: int = 2_000, **more: Any) -> tuple[Goods, Person, dict[str, Any]]:
    """A buyer at the first process with a full cart, and what they send to buy it."""
    goods = await market.goods(price_minor=price_minor)
    buyer = await market.buyer()
    given = checkout_input(buyer, await fill_cart(buyer, goods), **more)
    first = market.product.apis[FIRST]
    await asyncio.to_thread(first.wait)
    return goods, buyer.at(first.url), given


async def kill_while(market: Market, buyer: Person, state: str, asking: "asyncio.Task[Any]") -> Person:
    """Kill the first process when the buyer's checkout is in that state and the provider was asked; then look
    elsewhere."""

    async def reached() -> bool:
        found = await market.database.fetchval(
            "SELECT state FROM checkout WHERE buyer_id = $1 ORDER BY id DESC LIMIT 1", decode_id("user", buyer.user_id)
        )
        return bool(found == state)

    await until(reached, f"the checkout is {state}")
    await asyncio.to_thread(market.product.apis[FIRST].kill)
    with suppress(httpx.TransportError):
        await asking
    await market.provider.behave()
    return buyer.at(market.product.apis[SECOND].url)


async def paid_once(market: Market, goods: Goods, buyer: Person, checkout_id: str) -> None:
    """By the database and by the provider's own list."""
    checkout = await ended(buyer, checkout_id)
    assert checkout["status"] == "COMPLETED", checkout
    [intent] = await market.provider.intents_of(str(decode_id("checkout", checkout_id)))
    assert intent["amount_received"] == checkout["total"]["amountMinor"]
    assert len(await market.provider.events_of(intent["id"], "payment_intent.succeeded")) == 1
    assert [order["status"] for order in checkout["orders"]] == ["PAID"]
    assert await market.stock(goods) == (9, 0)
    await assert_books_right(market.database)
    await assert_provider_agrees(market.database, market.provider)


async def not_paid(market: Market, goods: Goods, buyer: Person, checkout_id: str) -> None:
    """Nothing was taken, everything is free again, and the cart has its lines."""
    checkout = await ended(buyer, checkout_id)
    assert checkout["status"] == "CANCELLED", checkout
    [intent] = await market.provider.intents_of(str(decode_id("checkout", checkout_id)))
    assert (intent["status"], intent["amount_received"]) == ("canceled", 0)
    assert await market.stock(goods) == (10, 0)
    await assert_books_right(market.database)
    await assert_provider_agrees(market.database, market.provider)


COMES_BACK, GONE, SOAK = True, False, pytest.mark.soak


@pytest.mark.parametrize(
    ("state", "path", "when", "seconds", "comes_back"),
    [
        ("authorizing", AUTHORIZE, "before", A_MOMENT, GONE),
        ("authorizing", AUTHORIZE, "after", FOREVER, COMES_BACK),
        ("capturing", CAPTURE, "before", A_MOMENT, COMES_BACK),
        ("capturing", CAPTURE, "after", FOREVER, GONE),
        pytest.param("authorizing", AUTHORIZE, "before", A_MOMENT, COMES_BACK, marks=SOAK),
        pytest.param("authorizing", AUTHORIZE, "after", FOREVER, GONE, marks=SOAK),
        pytest.param("capturing", CAPTURE, "before", A_MOMENT, GONE, marks=SOAK),
        pytest.param("capturing", CAPTURE, "after", FOREVER, COMES_BACK, marks=SOAK),
    ],
)
async def test_killed_while_paying(
    market: Market, state: str, path: str, when: str, seconds: float, comes_back: bool
) -> None:
    goods, buyer, given = await a_purchase(market)
    await market.provider.hold(path, when=when, seconds=seconds)
    asking = asyncio.create_task(buyer.did("checkout", "checkout { id }", **given))
    elsewhere = await kill_while(market, buyer, state, asking)
    if comes_back:
        await elsewhere.do("checkout", "checkout { id }", **given)
    checkout = await newest_checkout(elsewhere)
    await paid_once(market, goods, elsewhere, checkout["id"])


@pytest.mark.parametrize(("when", "seconds"), [("before", A_MOMENT), ("after", FOREVER)])
async def test_killed_while_cancelling(market: Market, when: str, seconds: float) -> None:
    goods, buyer, given = await a_purchase(market, method=CHALLENGED)
    checkout = (await buyer.did("checkout", "checkout { id status }", **given))["checkout"]
    assert checkout["status"] == "REQUIRES_ACTION"
    await market.provider.hold(CANCEL, when=when, seconds=seconds)
    asking = asyncio.create_task(buyer.did("cancelCheckout", "checkout { id }", checkoutId=checkout["id"]))
    elsewhere = await kill_while(market, buyer, "cancelling", asking)
    await not_paid(market, goods, elsewhere, checkout["id"])


async def test_killed_while_the_provider_cannot_be_reached(market: Market) -> None:
    goods, buyer, given = await a_purchase(market)
    await market.provider.fail(AUTHORIZE, times=1_000, status=503)
    asking = asyncio.create_task(buyer.do("checkout", "checkout { id }", **given))
    elsewhere = await kill_while(market, buyer, "authorizing", asking)
    checkout = await newest_checkout(elsewhere)
    await paid_once(market, goods, elsewhere, checkout["id"])


async def test_killed_while_the_buyer_is_at_the_bank(market: Market) -> None:
    goods, buyer, given = await a_purchase(market, method=CHALLENGED)
    checkout = (await buyer.did("checkout", "checkout { id nextAction { clientSecret } }", **given))["checkout"]
    await asyncio.to_thread(market.product.apis[FIRST].kill)
    intent_id = checkout["nextAction"]["clientSecret"].partition("_secret_")[0]
    await market.provider.authenticate(await market.provider.next_page_of(intent_id), "succeed")
    await paid_once(market, goods, buyer.at(market.product.apis[SECOND].url), checkout["id"])


async def test_killed_while_a_purchase_is_in_review(market: Market) -> None:
    goods, buyer, given = await a_purchase(market, price_minor=REVIEW_MINOR)
    checkout = (await buyer.did("checkout", "checkout { id status }", **given))["checkout"]
    assert checkout["status"] == "IN_REVIEW"
    await asyncio.to_thread(market.product.apis[FIRST].kill)
    admin = (await market.admin()).at(market.product.apis[SECOND].url)
    cases = only(only(await admin.ask(CASES)))["nodes"]
    [case] = [case for case in cases if case["checkoutId"] == checkout["id"]]
    await admin.did(
        "approveModerationCase",
        "moderationCase { id }",
        caseId=case["id"],
        note="A known buyer.",
        idempotencyKey=uuid4().hex,
    )
    await paid_once(market, goods, buyer.at(market.product.apis[SECOND].url), checkout["id"])


async def test_a_worker_killed_in_the_middle_of_a_refund(market: Market) -> None:
    goods, buyer, given = await a_purchase(market)
    checkout = (await buyer.did("checkout", f"checkout {{ {CHECKOUT} }}", **given))["checkout"]
    order_id = checkout["orders"][0]["id"]
    [intent] = await market.provider.intents_of(str(decode_id("checkout", checkout["id"])))
    await market.provider.pause_webhooks()
    await market.provider.hold("/v1/refunds", when="after", seconds=FOREVER)
    await buyer.did("cancelOrder", "order { id }", orderId=order_id, reason="", idempotencyKey=uuid4().hex)

    async def asked() -> bool:
        made = await market.provider.all("events", type="refund.created")
        return intent["id"] in [event["data"]["object"]["payment_intent"] for event in made]

    await until(asked, "the provider has refunded")
    worker = market.product.workers[0]
    await asyncio.to_thread(worker.kill)
    await market.provider.behave()
    await market.provider.pause_webhooks()
    # Its lease on the refund outlasts every call to the provider; the next worker lives later.
    worker.start(CLOCK_OFFSET_SECONDS="120")
    await asyncio.to_thread(worker.wait)

    async def refunded() -> bool:
        return bool((await order_by_id(buyer, order_id))["refunded"]["amountMinor"] == checkout["total"]["amountMinor"])

    await until(refunded, "the order is refunded", seconds=40)
    assert len(await market.provider.refunds_of(intent["id"])) == 1
    assert await market.stock(goods) == (10, 0)
    await assert_books_right(market.database)
    await assert_provider_agrees(market.database, market.provider)


async def test_a_worker_killed_in_the_middle_of_a_mail(market: Market) -> None:
    """The server has taken mails and not said so when the worker dies: the next one repeats them, and loses none.

    Until here there was no mail server: what the other tests made happen has been waiting for it.
    """
    worker = market.product.workers[0]
    async with mail_server(MAIL_PORT) as server:
        person = await market.person()
        server.holds_at, server.holds_for = Moment.AFTER_DATA_WAS_TAKEN, person.email
        await person.did("changePassword", "endedSessions", currentPassword=PASSWORD, newPassword=f"{PASSWORD} again")

        async def taken() -> bool:
            return bool(server.mails_to(person.email))

        await until(taken, "the mail is taken")
        await asyncio.to_thread(worker.kill)
        server.go_on.set()
        worker.start(CLOCK_OFFSET_SECONDS="300")  # past every lease and pause

        async def over() -> bool:
            return not await market.database.fetchval("SELECT count(*) FROM mail_delivery WHERE state <> 'sent'")

        await until(over, "every mail is sent", 40)
        sent = await market.database.fetch("SELECT message_id FROM mail_delivery")
        assert {f"<{row['message_id']}>" for row in sent} == set(server.message_ids())
        twice = {str(mail["Message-ID"]) for mail in server.mails_to(person.email)}
        assert len(server.mails_to(person.email)) == 2
        assert len(twice) == 1
    await asyncio.to_thread(worker.stop)
