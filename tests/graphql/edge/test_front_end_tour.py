"""The tour in docs/front-end-tour.md is true: each operation is valid, and sent in its order they do what it says."""

import re
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from graphql import OperationDefinitionNode, parse, validate

from app.graphiql.page import ready
from tests.graphql.edge.demo_market import DemoClient, demo_market
from tests.graphql.execution import SCHEMA
from tests.servers import Urls

TOUR: Final = Path(__file__).parents[3] / "docs" / "front-end-tour.md"


def operations() -> dict[str, str]:
    """Name -> text of every operation in the tour; one a block."""
    found: dict[str, str] = {}
    for text in re.findall(r"```graphql\n(.*?)```", TOUR.read_text(), re.DOTALL):
        (operation,) = [each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)]
        assert operation.name is not None
        assert operation.name.value not in found
        found[operation.name.value] = text
    return found


OPERATIONS: Final = operations()
SHOWN_ONLY: Final = {"ContinueCheckout", "AttachImages"}
"""They need a buyer at the provider's page, or a picture that was sent."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_valid(name: str) -> None:
    assert validate(SCHEMA._schema, parse(OPERATIONS[name])) == []


@pytest.mark.parametrize("name", [name for name, text in OPERATIONS.items() if text.startswith("mutation")])
def test_every_mutation_has_the_branch_for_failures_to_come(name: str) -> None:
    assert "... on UserError {" in OPERATIONS[name]
    assert "__typename" in OPERATIONS[name]


class FakeFrontEnd:
    """Sends the tour's operations by name, and remembers which."""

    def __init__(self, http: httpx.AsyncClient, address: str) -> None:
        self.client = DemoClient(http, address)
        self.sent: set[str] = set()

    async def sends(self, name: str, **variables: Any) -> Any:
        self.sent.add(name)
        data = await self.client.ask(OPERATIONS[name], variables, name)
        (result,) = data.values()
        return result

    async def does(self, name: str, **given: Any) -> Any:
        result = await self.sends(name, input=given)
        assert result["__typename"] == f"{name}Success", result
        return result


async def test_the_tour_can_be_taken(urls: Urls, redis_url: str, tmp_path: Path) -> None:
    async with demo_market(urls, redis_url, tmp_path) as address, httpx.AsyncClient(timeout=30) as http:
        visitor = FakeFrontEnd(http, address)
        variant_id = await something_in_stock(visitor)
        await signs_in(visitor)
        order_id = await buys(visitor, variant_id)
        page = (await visitor.sends("OrderPage", orderId=order_id))["order"]
        assert page["lastEvent"] >= 2
        visitor.sent.add("OrderProgress")
        text, variables = OPERATIONS["OrderProgress"], {"orderId": order_id, "after": page["lastEvent"] - 1}
        update = (await visitor.client.first_event(text, variables, "OrderProgress"))["orderUpdated"]
        assert update["sequence"] == page["lastEvent"], "what was seen does not come again"
        await pages_through(visitor)
        await asks_for_a_place(visitor)
    assert visitor.sent | SHOWN_ONLY == OPERATIONS.keys()


async def something_in_stock(visitor: FakeFrontEnd) -> str:
    found = await visitor.sends(
        "SearchPage", text="", filter={"inStockOnly": True, "currency": "EUR", "conditions": ["NEW"]}
    )
    variants = [variant for node in found["nodes"] for variant in node["listing"]["variants"]]
    return next(str(variant["id"]) for variant in variants if variant["stockStatus"] == "IN_STOCK")


async def signs_in(visitor: FakeFrontEnd) -> None:
    wrong = await visitor.sends("SignIn", input={"email": "buyer2@example.com", "password": "not this"})
    assert wrong["__typename"] == "WrongCredentials"
    account = {**ready()["accounts"]["buyer"], "email": "buyer2@example.com"}
    signed_in = await visitor.does("SignIn", **account)
    refreshed = await visitor.does("RefreshSession", refreshToken=signed_in["refreshToken"])
    visitor.client.headers = {"authorization": f"Bearer {refreshed['accessToken']}"}


async def buys(visitor: FakeFrontEnd, variant_id: str) -> str:
    """The order's id; the same key, sent again, is the same purchase."""
    faulty = await visitor.sends("AddToCart", input={"variantId": variant_id, "quantity": 0})
    assert faulty["__typename"] == "InvalidInput"
    await visitor.does("AddToCart", variantId=variant_id)
    await visitor.does("SetCartCountry", country="DE")
    page = await visitor.sends("CheckoutPage")
    seen = {"cartVersion": page["cart"]["version"], "expectedTotalMinor": page["cart"]["total"]["amountMinor"]}
    key, address = uuid4().hex, page["addresses"][0]["id"]
    given = {"idempotencyKey": key, "addressId": address, "paymentMethod": "pm_card_visa", **seen}
    bought, again = await visitor.does("Checkout", **given), await visitor.does("Checkout", **given)
    assert bought["checkout"]["status"] == "COMPLETED"
    assert again["checkout"]["orders"] == bought["checkout"]["orders"]
    return str(bought["checkout"]["orders"][0]["id"])


async def pages_through(visitor: FakeFrontEnd) -> None:
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = (await visitor.sends("MyOrders", after=after))["orders"]
        seen += [order["id"] for order in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) > 1


async def asks_for_a_place(visitor: FakeFrontEnd) -> None:
    given = await visitor.does("CreateImageUpload", contentType="JPEG", byteSize=1_000)
    assert given["ticket"]["method"] == "PUT"
    early = await visitor.sends("CompleteImageUpload", input={"uploadId": given["uploadId"]})
    assert early["__typename"] == "UploadNotArrived"
