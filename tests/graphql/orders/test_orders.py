"""One order for all sides: each sees and does what is theirs."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import uuid4

import pytest

from app.container import Container
from domain.catalog.model import Fulfilment
from domain.payments.model import Refund, RefundStatus
from domain.shared.actor import Actor
from domain.shared.ids import encode_id
from resolvers.context import Context, LoaderScope, Viewer
from tests.counting import CountingReads
from tests.domain.orders.lifecycle import cancel, hold, rows_of, ship
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.graphql.execution import SCHEMA, execute, refused
from tests.makers import a_buyer, a_seller, an_admin, change
from tests.sales import Sale, a_sale, the_lines

TIMELINE = "timeline(first: 10) { nodes { sequence kind status actor reason } totalCount { value exact } }"
ORDER = """
fragment Whole on Order {
  id number status fulfilment escrow onHold buyerName allowedActions lastEvent cancelledBy cancelReason
  total { amountMinor currency formatted } paid { amountMinor } refunded { amountMinor } refundable { amountMinor }
  commission { amountMinor } address { name city } shop { id name }
  lines { id kind quantity shippedQuantity gross { amountMinor } commission { amountMinor } taxes { rateBpm: ratePpm } }
  shipments { id status carrier trackingNumber lines { orderLineId quantity } trackingEvents { status } }
  refunds { amount { amountMinor } status } holds { kind }
  TIMELINE
}
""".replace("TIMELINE", TIMELINE)
MINE = ORDER + "query ($id: ID!) { me { order(id: $id) { ...Whole } } }"
SOLD = ORDER + "query ($id: ID!) { seller { order(id: $id) { ...Whole } } }"
ANY = ORDER + "query ($id: ID!) { admin { order(id: $id) { ...Whole } } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename ... on Order { number } } }"


def mutation(name: str) -> str:
    type_ = name[0].upper() + name[1:]
    return (
        ORDER
        + f"mutation ($input: {type_}Input!) {{ {name}(input: $input) {{ __typename"
        + f" ... on {type_}Success {{ order {{ ...Whole }} }} ... on UserError {{ code message }} }} }}"
    )


def public(sale: Sale) -> str:
    return encode_id("order", sale.order_id)


async def perform(container: Container, name: str, actor: Actor, sale: Sale, **more: Any) -> dict[str, Any]:
    given = {"orderId": public(sale), "idempotencyKey": uuid4().hex} | more
    data = await execute(container, mutation(name), {"input": given}, actor=actor)
    found: dict[str, Any] = data[name]
    return found


async def seen(container: Container, document: str, sale: Sale, actor: Actor) -> Any:
    data = await execute(container, document, {"id": public(sale)}, actor=actor)
    (area,) = data.values()
    return area["order"]


async def test_the_buyer_sees_everything_but_the_commission(container: Container) -> None:
    sale = await a_sale(container)
    order = await seen(container, MINE, sale, sale.buyer)
    assert (order["status"], order["escrow"], order["allowedActions"]) == ("PAID", "HELD", ["CANCEL"])
    assert order["total"] == {"amountMinor": 2_500, "currency": "EUR", "formatted": "25.00 EUR"}
    assert [order[name]["amountMinor"] for name in ("paid", "refunded", "refundable")] == [2_500, 0, 2_500]
    assert order["address"] == {"name": "Ann Other", "city": "Berlin"}
    assert order["commission"] is None
    assert [line["commission"] for line in order["lines"]] == [None, None]
    assert [(line["kind"], line["gross"]["amountMinor"]) for line in order["lines"]] == [
        ("ITEM", 2_000),
        ("SHIPPING", 500),
    ]
    assert [(event["sequence"], event["kind"], event["actor"]) for event in order["timeline"]["nodes"]] == [
        (1, "PLACED", "BUYER"),
        (2, "PAID", "PROVIDER"),
    ]
    assert order["timeline"]["totalCount"] == {"value": 2, "exact": True}


async def test_the_seller_sees_the_commission_and_what_to_do(container: Container) -> None:
    sale = await a_sale(container)
    order = await seen(container, SOLD, sale, sale.seller)
    assert order["allowedActions"] == ["SHIP", "CANCEL"]
    assert order["commission"] == {"amountMinor": 252}
    assert order["address"]["city"] == "Berlin"


async def test_the_seller_learns_the_address_when_the_money_is_certain(container: Container) -> None:
    sale = await a_sale(container, paid=False)
    assert (await seen(container, SOLD, sale, sale.seller))["address"] is None
    assert (await seen(container, MINE, sale, sale.buyer))["address"] is not None


async def test_nobody_sees_what_is_not_theirs(container: Container) -> None:
    sale = await a_sale(container)
    stranger, other_shop = await a_buyer(container), await a_seller(container)
    assert await seen(container, MINE, sale, stranger) is None
    assert await seen(container, SOLD, sale, other_shop) is None
    assert await seen(container, MINE, sale, sale.seller) is None
    assert await refused(container, ANY, {"id": public(sale)}, actor=stranger) == "NOT_PERMITTED"
    for actor, found in ((stranger, None), (sale.buyer, "Order"), (sale.seller, "Order")):
        node = (await execute(container, NODE, {"id": public(sale)}, actor=actor))["node"]
        assert (node and node["__typename"]) == found


async def test_administrators_see_every_order(container: Container) -> None:
    sale = await a_sale(container)
    order = await seen(container, ANY, sale, await an_admin(container))
    assert order["allowedActions"] == ["CANCEL"]
    assert order["commission"] == {"amountMinor": 252}


async def test_an_order_goes_its_way(container: Container) -> None:
    sale = await a_sale(container)
    (line,) = await the_lines(container, sale.order_id)
    parcel = [{"orderLineId": encode_id("order_line", line.id), "quantity": 1}]
    shipped = await perform(container, "shipOrder", sale.seller, sale, lines=parcel, carrier="DHL", trackingNumber="x1")
    assert shipped["order"]["status"] == "PAID"
    assert shipped["order"]["allowedActions"] == ["SHIP"]
    shipped = await perform(container, "shipOrder", sale.seller, sale)
    assert shipped["order"]["status"] == "SHIPPED"
    assert [each["trackingNumber"] for each in shipped["order"]["shipments"]] == ["X1", ""]
    assert [each["lines"][0]["quantity"] for each in shipped["order"]["shipments"]] == [1, 1]
    done = await perform(container, "confirmDelivery", sale.buyer, sale)
    assert (done["order"]["status"], done["order"]["escrow"]) == ("COMPLETED", "RELEASED")
    assert done["order"]["allowedActions"] == []
    money = await execute(
        container,
        "{ seller { balance { formatted } statement { nodes { kind orderId amount { amountMinor } } } } }",
        actor=sale.seller,
    )
    assert money["seller"]["balance"] == [{"formatted": "22.48 EUR"}]
    assert money["seller"]["statement"]["nodes"] == [
        {"kind": "RELEASE", "orderId": public(sale), "amount": {"amountMinor": 2_248}}
    ]


async def test_cancelling_tells_who_and_why_and_starts_the_refund(container: Container) -> None:
    sale = await a_sale(container)
    order = (await perform(container, "cancelOrder", sale.buyer, sale, reason="too late", actingAs="BUYER"))["order"]
    assert (order["status"], order["cancelledBy"], order["cancelReason"]) == ("CANCELLED", "BUYER", "too late")
    assert order["refunds"] == [{"amount": {"amountMinor": 2_500}, "status": "PENDING"}]
    assert [order[name]["amountMinor"] for name in ("paid", "refunded", "refundable")] == [2_500, 0, 0]
    again = await perform(container, "cancelOrder", sale.buyer, sale)
    assert again["__typename"] == "IllegalTransition"


async def test_an_order_is_found_by_its_number_by_whoever_may_see_it(container: Container) -> None:
    sale = await a_sale(container)
    number = (await seen(container, MINE, sale, sale.buyer))["number"]
    document = "query ($number: String!) { %s { orderByNumber(number: $number) { id } } }"
    typed = {"number": f"{number[:5]}-{number[5:]}".lower()}
    people = (("me", sale.buyer), ("seller", sale.seller), ("admin", await an_admin(container)))
    for area, actor in people:
        found = await execute(container, document.replace("%s", area), typed, actor=actor)
        assert found[area]["orderByNumber"] == {"id": public(sale)}
    for area, actor in (("me", sale.seller), ("me", await a_buyer(container)), ("seller", await a_seller(container))):
        found = await execute(container, document.replace("%s", area), typed, actor=actor)
        assert found[area]["orderByNumber"] is None
    wrong = {"number": number[:-1] + ("0" if number[-1] != "0" else "1")}
    found = await execute(container, document.replace("%s", "me"), wrong, actor=sale.buyer)
    assert found["me"]["orderByNumber"] is None


async def test_a_refund_that_failed_is_asked_for_again(container: Container) -> None:
    gateway = FakePaymentGateway()
    sale, admin = await a_sale(container, gateway=gateway), await an_admin(container)
    assert (await perform(container, "retryRefund", admin, sale))["__typename"] == "IllegalTransition"
    await cancel(container, sale, sale.buyer)
    assert (await perform(container, "retryRefund", admin, sale))["__typename"] == "NothingHeld", "one is on its way"
    await change_refund(container, sale, "failed")
    order = (await perform(container, "retryRefund", admin, sale))["order"]
    assert [refund["status"] for refund in order["refunds"]] == ["FAILED", "PENDING"]
    assert (
        await refused(
            container,
            mutation("retryRefund"),
            {"input": {"orderId": public(sale), "idempotencyKey": uuid4().hex}},
            actor=sale.seller,
        )
        == "NOT_PERMITTED"
    )


async def change_refund(container: Container, sale: Sale, status: str) -> None:
    (row,) = await rows_of(container, "SELECT id FROM refund WHERE order_id = :id", id=sale.order_id)
    await change(container, Refund, row.id, status=RefundStatus(status))


async def test_a_hand_over_is_for_what_is_no_parcel(container: Container) -> None:
    sale = await a_sale(container, fulfilment=Fulfilment.DIGITAL)
    assert (await seen(container, SOLD, sale, sale.seller))["allowedActions"] == ["HAND_OVER", "CANCEL"]
    assert (await perform(container, "shipOrder", sale.seller, sale))["__typename"] == "WrongFulfilment"
    order = (await perform(container, "handOverOrder", sale.seller, sale))["order"]
    assert order["status"] == "DELIVERED"


async def test_a_hold_shows_and_bars(container: Container) -> None:
    sale, admin = await a_sale(container), await an_admin(container)
    await ship(container, sale)
    held = await perform(container, "openHold", admin, sale, reason="looks odd")
    assert (held["order"]["onHold"], held["order"]["holds"]) == (True, [{"kind": "ADMIN"}])
    assert held["order"]["timeline"]["nodes"][-1]["reason"] == "looks odd"
    assert (await seen(container, MINE, sale, sale.buyer))["allowedActions"] == []
    assert (await perform(container, "confirmDelivery", sale.buyer, sale))["__typename"] == "OrderOnHold"
    freed = await perform(container, "closeHold", admin, sale)
    assert (freed["order"]["onHold"], freed["order"]["holds"]) == (False, [])


async def test_every_failure_is_a_type(container: Container) -> None:
    sale, admin = await a_sale(container, items=2), await an_admin(container)
    stranger = await a_buyer(container)
    one, _ = await the_lines(container, sale.order_id)
    assert (await perform(container, "cancelOrder", stranger, sale))["__typename"] == "NotFound"
    assert (await perform(container, "cancelOrder", sale.buyer, sale, actingAs="ADMIN"))["__typename"] == "NotPermitted"
    await ship(container, sale, (one.id, 1))
    assert (await perform(container, "cancelOrder", sale.buyer, sale))["__typename"] == "OrderPartlyShipped"
    too_many = [{"orderLineId": encode_id("order_line", one.id), "quantity": 9}]
    assert (await perform(container, "shipOrder", sale.seller, sale, lines=too_many))["__typename"] == "InvalidInput"
    unpaid = await a_sale(container, paid=False)
    assert (await perform(container, "openHold", admin, unpaid, reason="odd"))["__typename"] == "NothingHeld"
    assert (await perform(container, "closeHold", admin, unpaid))["__typename"] == "NotFound"
    key = uuid4().hex
    await perform(container, "shipOrder", sale.seller, sale, idempotencyKey=key)
    other = await perform(container, "shipOrder", sale.seller, sale, idempotencyKey=key, carrier="DHL")
    assert other["__typename"] == "IdempotencyConflict"


LIST = """query ($status: OrderStatus, $first: Int, $after: String, $last: Int, $before: String) {
  me { orders(status: $status, first: $first, after: $after, last: $last, before: $before) {
    nodes { id status } totalCount { value } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


async def test_lists_page_newest_first_in_both_directions(container: Container) -> None:
    sale = await a_sale(container, orders=5)
    ids = [encode_id("order", order_id) for order_id in reversed(sale.order_ids)]

    async def page(**arguments: Any) -> Any:
        return (await execute(container, LIST, arguments, actor=sale.buyer))["me"]["orders"]

    first = await page(first=2)
    assert [node["id"] for node in first["nodes"]] == ids[:2]
    assert first["totalCount"]["value"] == 5
    second = await page(first=3, after=first["pageInfo"]["endCursor"])
    assert [node["id"] for node in second["nodes"]] == ids[2:]
    assert second["pageInfo"]["hasNextPage"] is False
    back = await page(last=2, before=second["pageInfo"]["startCursor"])
    assert [node["id"] for node in back["nodes"]] == ids[:2]
    assert (await page(status="COMPLETED"))["nodes"] == []
    assert len((await page(status="PAID"))["nodes"]) == 5
    cursor = first["pageInfo"]["endCursor"]
    assert await refused(container, LIST, {"after": cursor, "status": "PAID"}, actor=sale.buyer) == "CURSOR_MISMATCH"
    version, sort, filters, id_ = json.loads(urlsafe_b64decode(cursor + "=="))
    by_hand = urlsafe_b64encode(json.dumps([version, sort, filters, "no id", id_]).encode()).decode()
    assert (await page(first=3, after=by_hand))["nodes"] == second["nodes"], "what nobody wrote for us is no fault"


async def test_a_shop_lists_its_own_orders_only(container: Container) -> None:
    sale = await a_sale(container, orders=2)
    found = await execute(container, "{ seller { orders { nodes { id } } } }", actor=sale.seller)
    assert [node["id"] for node in found["seller"]["orders"]["nodes"]] == [public(sale)]


@pytest.mark.parametrize("orders", [1, 6])
async def test_a_list_costs_the_same_statements_whatever_its_length(container: Container, orders: int) -> None:
    sale = await a_sale(container, orders=orders)
    for order_id in sale.order_ids:
        await cancel(
            container, Sale(sale.buyer, sale.seller, sale.checkout_id, sale.payment_id, (order_id,), ()), sale.buyer
        )
    counting = CountingReads(container.reads)
    context = Context(viewer=Viewer(sale.buyer), ports=container.ports, reads=counting, loaders=LoaderScope(counting))
    result = await SCHEMA.execute(ORDER + "{ me { orders { nodes { ...Whole } } } }", context_value=context)
    assert result.errors is None
    # The page, and one batch each for lines, taxes, address, shipments, refunds, money, shops, timelines.
    assert len(counting.statements) == 9


async def test_holding_needs_an_administrator(container: Container) -> None:
    sale = await a_sale(container)
    document = mutation("openHold")
    given = {"input": {"orderId": public(sale), "reason": "x", "idempotencyKey": uuid4().hex}}
    assert await refused(container, document, given, actor=sale.seller) == "NOT_PERMITTED"
    await hold(container, sale, await an_admin(container))


async def test_the_books_are_shown_to_administrators(container: Container) -> None:
    await a_sale(container)
    found = await execute(
        container,
        "{ admin { trialBalance { account total { amountMinor currency } } } }",
        actor=await an_admin(container),
    )
    by_currency: dict[str, int] = {}
    for line in found["admin"]["trialBalance"]:
        currency = line["total"]["currency"]
        by_currency[currency] = by_currency.get(currency, 0) + line["total"]["amountMinor"]
    assert set(by_currency.values()) == {0}


PICKUP = "query($id: ID!) { me { order(id: $id) { pickup { code readyAt note places { line1 } } } } }"
SOLD_PICKUP = "query($id: ID!) { seller { order(id: $id) { status pickup { code readyAt note } } } }"


async def test_only_the_buyer_reads_the_code_and_only_once_it_is_paid(container: Container) -> None:
    unpaid = await a_sale(container, fulfilment=Fulfilment.PICKUP, paid=False)
    asked = {"id": encode_id("order", unpaid.order_id)}
    seen = (await execute(container, PICKUP, asked, actor=unpaid.buyer))["me"]["order"]["pickup"]
    assert seen == {"code": None, "readyAt": None, "note": "", "places": []}
    sale = await a_sale(container, fulfilment=Fulfilment.PICKUP)
    asked = {"id": encode_id("order", sale.order_id)}
    told = await perform(container, "markReadyForPickup", sale.seller, sale, note="Ring twice")
    assert told["__typename"] == "MarkReadyForPickupSuccess"
    pickup = (await execute(container, PICKUP, asked, actor=sale.buyer))["me"]["order"]["pickup"]
    assert (pickup["note"], pickup["places"], pickup["readyAt"] is not None) == ("Ring twice", [], True)
    seen_by_seller = (await execute(container, SOLD_PICKUP, asked, actor=sale.seller))["seller"]["order"]["pickup"]
    assert (seen_by_seller["code"], seen_by_seller["note"]) == (None, "Ring twice")
    wrong = await perform(container, "handOverOrder", sale.seller, sale, pickupCode="0000-0000")
    assert wrong["__typename"] == "WrongPickupCode"
    handed = await perform(container, "handOverOrder", sale.seller, sale, pickupCode=pickup["code"])
    assert handed["order"]["status"] == "DELIVERED"
