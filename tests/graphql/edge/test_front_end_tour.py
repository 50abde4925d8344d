"""The tour in docs/front-end-tour.md is true: each operation is valid, and sent in its order they do what it says."""

import re
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from graphql import OperationDefinitionNode, parse, validate

from app.demo.accounts import DEMO_PASSWORD
from app.graphiql.page import ready
from tests.graphql.edge.demo_market import DemoClient, DemoMarket, demo_market
from tests.graphql.execution import SCHEMA
from tests.pictures import a_picture, saved
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
"""They need a buyer at the provider's page, or a picture of a listing."""


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

    async def does(self, name: str, /, **given: Any) -> Any:
        result = await self.sends(name, input=given)
        assert result["__typename"] == f"{name}Success", result
        return result


async def test_the_tour_can_be_taken(urls: Urls, redis_url: str, tmp_path: Path) -> None:
    async with demo_market(urls, redis_url, tmp_path) as market, httpx.AsyncClient(timeout=30) as http:
        visitor = FakeFrontEnd(http, market.address)
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
        await reviews(visitor)
        await comes_and_goes(visitor, market)
        await opens_a_shop(visitor)
    assert visitor.sent | SHOWN_ONLY == OPERATIONS.keys()


async def something_in_stock(visitor: FakeFrontEnd) -> str:
    wanted = {"inStockOnly": True, "currency": "EUR", "conditions": ["NEW"], "fulfilments": ["PICKUP"]}
    found = await visitor.sends("SearchPage", text="", filter=wanted)
    variants = [variant for node in found["nodes"] for variant in node["listing"]["variants"]]
    return next(str(variant["id"]) for variant in variants if variant["stockStatus"] == "IN_STOCK")


async def signs_in(visitor: FakeFrontEnd) -> None:
    account = ready()["accounts"]["buyer"]
    wrong = await visitor.sends("SignIn", input={**account, "password": "not this"})
    assert wrong["__typename"] == "WrongCredentials"
    signed_in = await visitor.does("SignIn", **account)
    refreshed = await visitor.does("RefreshSession", refreshToken=signed_in["refreshToken"])
    visitor.client.headers = {"authorization": f"Bearer {refreshed['accessToken']}"}


async def buys(visitor: FakeFrontEnd, variant_id: str) -> str:
    """The order's id; the same key, sent again, is the same purchase."""
    faulty = await visitor.sends("AddToCart", input={"variantId": variant_id, "quantity": 0})
    assert faulty["__typename"] == "InvalidInput"
    (group,) = (await visitor.does("AddToCart", variantId=variant_id))["cart"]["groups"]
    (line,) = group["lines"]
    for way in reversed(line["fulfilments"]):
        chosen = await visitor.does("ChooseFulfilment", lineIds=[line["id"]], fulfilment=way)
        assert [each["fulfilment"] for each in chosen["cart"]["groups"]] == [way]
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


async def reviews(visitor: FakeFrontEnd) -> None:
    """What was delivered, with a picture that was sent to the ticket's address."""
    orders = (await visitor.sends("ReviewsToWrite"))["orders"]["nodes"]
    due = [each for order in orders for each in order["reviewable"] if each["kind"] == "LISTING"]
    line_id, listing_id = due[0]["orderLineId"], due[0]["listingId"]
    content = saved(a_picture(), "JPEG")
    given = await visitor.does("CreateImageUpload", contentType="JPEG", byteSize=len(content))
    early = await visitor.sends("CompleteImageUpload", input={"uploadId": given["uploadId"]})
    assert early["__typename"] == "UploadNotArrived"
    await visitor.client.send_file(given["ticket"], content)
    arrived = await visitor.does("CompleteImageUpload", uploadId=given["uploadId"])
    assert arrived["upload"]["status"] == "PROCESSING"
    words = {"rating": 4, "title": "Good", "body": "As shown.", "images": [{"uploadId": given["uploadId"]}]}
    review = (await visitor.does("ReviewListing", orderLineId=line_id, **words))["review"]
    assert [image["id"] for image in review["imageUploads"]] == [given["uploadId"]]
    page = await visitor.sends("ListingReviews", listingId=listing_id)
    assert review["id"] in [each["id"] for each in page["reviews"]["nodes"]]


async def opens_a_shop(visitor: FakeFrontEnd) -> None:
    """All is ready but for the yes of an administrator."""
    visitor.client.headers = {}
    email = f"{uuid4().hex}@example.com"
    tokens = await visitor.does("Register", email=email, password=uuid4().hex, displayName="Sam Lind")
    visitor.client.headers = {"authorization": f"Bearer {tokens['accessToken']}"}
    applied = await visitor.does("ApplyToSell", name=f"Lamps {uuid4().hex[:8]}", country="DE", currency="EUR")
    assert applied["account"]["status"] == "APPLIED"
    tokens = await visitor.does("SwitchSeller", sellerId=applied["shop"]["id"])
    visitor.client.headers = {"authorization": f"Bearer {tokens['accessToken']}"}
    page = "https://example.com/seller"
    assert (await visitor.does("StartOnboarding", returnUrl=page, refreshUrl=page))["url"]
    await visitor.does("AddShippingRate", name="Post", country="DE", baseMinor=490)
    form = await visitor.sends("ListingForm", path="home/lamps")
    filled = [{"name": each["name"], "value": each["choices"][0]} for each in form["attributes"] if each["required"]]
    words = {"categoryId": form["id"], "title": "A lamp", "variants": [{"sku": "L-1", "priceMinor": 4_900}]}
    faulty = await visitor.sends("CreateListing", input={**words, "attributes": [{**filled[0], "value": "no such"}]})
    assert faulty["__typename"] == "InvalidInput"
    listing = (await visitor.does("CreateListing", **words, attributes=filled))["listing"]
    (variant,) = listing["variants"]
    stock = (await visitor.does("RestockVariant", variantId=variant["id"], quantity=3, idempotencyKey=uuid4().hex))[
        "stock"
    ]
    assert stock["available"] == 3
    early = await visitor.sends("SubmitListing", input={"listingId": listing["id"]})
    assert early["__typename"] == "SellerNotActive"


async def comes_and_goes(visitor: FakeFrontEnd, market: DemoMarket) -> None:
    """A shop's owner invites somebody, who works there and then leaves for good."""
    held = await visitor.sends("EraseMe", input={"password": DEMO_PASSWORD})
    assert held["__typename"] == "MoneyStillHeld"
    assert held["obstacles"] == ["OPEN_PURCHASES"]
    email, password = f"{uuid4().hex}@example.com", uuid4().hex
    await visitor.client.sign_in("seller")
    token = market.mailed_token((await visitor.does("InviteMember", email=email))["invitation"]["id"])
    visitor.client.headers = {}
    tokens = await visitor.does("Register", email=email, password=password, displayName="Robin Weber")
    visitor.client.headers = {"authorization": f"Bearer {tokens['accessToken']}"}
    shop = (await visitor.does("AcceptInvitation", token=token))["shop"]
    tokens = await visitor.does("SwitchSeller", sellerId=shop["id"])
    visitor.client.headers = {"authorization": f"Bearer {tokens['accessToken']}"}
    await visitor.does("EraseMe", password=password)
    gone = await visitor.sends("SignIn", input={"email": email, "password": password})
    assert gone["__typename"] == "WrongCredentials"
