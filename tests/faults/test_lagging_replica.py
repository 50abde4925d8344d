"""A replica that lags: who has just written, or is told of an event, sees it down to the last field all the same.

The replica of these tests lags so far that it has nothing at all.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from strawberry.types import ExecutionResult

from app.container import Container
from app.graphql import market_schema
from domain.shared.actor import Actor
from domain.shared.ids import encode_id
from domain.shared.measures import NoMeasures
from tests.domain.checkout.scenes import VISA, a_scene, ports_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.sales import a_sale

ORDER = "id status lines { kind } shop { name } total { amountMinor } paid { amountMinor } lastEvent"
MINE = f"query ($id: ID!) {{ me {{ order(id: $id) {{ {ORDER} }} }} }}"
CHECKOUT = f"""mutation ($input: CheckoutInput!) {{ checkout(input: $input) {{
    ... on CheckoutSuccess {{ checkout {{ status orders {{ {ORDER} }} }} }} }} }}"""
CANCEL = f"""mutation ($input: CancelOrderInput!) {{ cancelOrder(input: $input) {{
    ... on CancelOrderSuccess {{ order {{ {ORDER} }} }} }} }}"""
WATCH = f"subscription ($id: ID!) {{ orderUpdated(orderId: $id, after: 0) {{ kind order {{ {ORDER} }} }} }}"


@pytest.fixture
def lagging(container: Container, fresh_container: Container) -> Container:
    """The wired product, whose reads go to a database that nothing has reached yet."""
    ports = replace(container.ports, checkout=ports_of(container, FakePaymentGateway()))
    return replace(container, ports=ports, reads=fresh_container.reads)


async def run(
    container: Container, document: str, actor: Actor, variables: dict[str, Any]
) -> AsyncGenerator[Any, None]:
    """The data of each result, by the schema as it is served."""
    schema = market_schema(container.settings, NoMeasures(), container.budget)
    results = await schema.stream(document, variable_values=variables, context_value=container.context(actor))
    async with aclosing(results):
        async for result in results:
            assert isinstance(result, ExecutionResult)
            assert result.errors is None
            yield result.data


async def first_of(container: Container, document: str, actor: Actor, variables: dict[str, Any]) -> Any:
    async with aclosing(run(container, document, actor, variables)) as results:
        return await anext(results)


async def test_a_query_is_answered_by_the_replica(lagging: Container) -> None:
    sale = await a_sale(lagging)
    found = await first_of(lagging, MINE, sale.buyer, {"id": encode_id("order", sale.order_id)})
    assert found["me"]["order"] is None


async def test_who_buys_sees_their_orders_in_the_answer(lagging: Container) -> None:
    scene = await a_scene(lagging)
    given = {
        "idempotencyKey": scene.key,
        "cartVersion": 1,
        "expectedTotalMinor": scene.total_minor,
        "addressId": encode_id("address", scene.address_id),
        "paymentMethod": VISA,
    }
    checkout = (await first_of(lagging, CHECKOUT, scene.buyer, {"input": given}))["checkout"]["checkout"]
    assert checkout["status"] == "COMPLETED"
    [order] = checkout["orders"]
    assert (order["status"], order["paid"]["amountMinor"]) == ("PAID", scene.total_minor)
    assert [line["kind"] for line in order["lines"]] == ["ITEM", "SHIPPING"]


async def test_who_cancels_an_order_sees_all_of_it_in_the_answer(lagging: Container) -> None:
    sale = await a_sale(lagging)
    given = {"orderId": encode_id("order", sale.order_id), "idempotencyKey": uuid4().hex}
    order = (await first_of(lagging, CANCEL, sale.buyer, {"input": given}))["cancelOrder"]["order"]
    assert (order["status"], order["paid"]["amountMinor"]) == ("CANCELLED", 2_500)
    assert [line["kind"] for line in order["lines"]] == ["ITEM", "SHIPPING"]


async def test_an_event_comes_with_the_whole_order(lagging: Container) -> None:
    sale = await a_sale(lagging)
    event = (await first_of(lagging, WATCH, sale.buyer, {"id": encode_id("order", sale.order_id)}))["orderUpdated"]
    assert event["kind"] == "PLACED"
    assert event["order"]["paid"]["amountMinor"] == 2_500
    assert [line["kind"] for line in event["order"]["lines"]] == ["ITEM", "SHIPPING"]
