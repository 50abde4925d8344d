"""Shop pages and shipping estimates over GraphQL."""

from typing import Any

from app.container import Container
from domain.catalog.model import Fulfilment, Listing
from domain.sellers.model import Seller
from domain.sellers.reads import shops_by_ids
from domain.shared.ids import encode_id, new_id
from tests.graphql.execution import execute, refused
from tests.makers import a_category, a_shop, change, on_sale

SHOP = """
query Shop($id: ID!, $first: Int, $after: String) {
  shopListings(shopId: $id, first: $first, after: $after) {
    nodes { listingId title price { lowest { amountMinor } } listing { id title } shop { sellerId } }
    pageInfo { hasNextPage endCursor }
    totalCount { value }
  }
}
"""
SHOP_PAGE = """
query ($slug: String!, $after: String) { shop(slug: $slug) {
  name slug rating ratingCount ratingHistogram { count } policy returnsDays handlingDays
  shippingRates { country base { amountMinor } } reviews { totalCount { value } }
  listings(first: 2, after: $after) {
    nodes { listingId price { lowest { amountMinor } } } totalCount { value } pageInfo { hasNextPage endCursor }
  } } }
"""
SHIPPING = """
query Shipping($id: ID!, $country: String!) {
  shippingEstimate(listingId: $id, country: $country) {
    name country daysMin daysMax estimated price { amountMinor currency }
  }
}
"""


async def test_a_shops_page_shows_its_listings_and_goes_on(container: Container) -> None:
    seller_id, category_id = await a_shop(container), await a_category(container)
    made = [
        encode_id("listing", (await on_sale(container, seller_id, category_id=category_id)).listing_id)
        for _ in range(3)
    ]
    shop: dict[str, Any] = {"id": encode_id("seller", seller_id), "first": 2}
    page = (await execute(container, SHOP, shop))["shopListings"]
    assert [node["listingId"] for node in page["nodes"]] == made[:0:-1]
    assert page["nodes"][0]["listing"] == {"id": made[2], "title": "A lamp"}
    assert page["nodes"][0]["shop"]["sellerId"] == shop["id"]
    assert page["totalCount"]["value"] == 3
    rest = (await execute(container, SHOP, shop | {"after": page["pageInfo"]["endCursor"]}))["shopListings"]
    assert [node["listingId"] for node in rest["nodes"]] == made[:1]
    other = {"id": encode_id("seller", await a_shop(container)), "after": page["pageInfo"]["endCursor"]}
    assert await refused(container, SHOP, other) == "CURSOR_MISMATCH"


async def test_a_shop_is_shown_by_its_slug_in_one_request(container: Container) -> None:
    seller_id, category_id = await a_shop(container), await a_category(container)
    await change(container, Seller, seller_id, policy="Ask first.", returns_days=30)
    found = await shops_by_ids(container.ports.db.primary, [seller_id])
    made = [await on_sale(container, seller_id, category_id=category_id) for _ in range(3)]
    newest = [encode_id("listing", each.listing_id) for each in reversed(made)]
    page = (await execute(container, SHOP_PAGE, {"slug": found[seller_id].slug}))["shop"]
    assert (page["rating"], page["ratingCount"], page["reviews"]["totalCount"]["value"]) == (None, 0, 0)
    assert [each["count"] for each in page["ratingHistogram"]] == [0] * 5
    assert (page["policy"], page["returnsDays"]) == ("Ask first.", 30)
    assert [rate["base"]["amountMinor"] for rate in page["shippingRates"]] == [500]
    assert [node["listingId"] for node in page["listings"]["nodes"]] == newest[:2]
    assert page["listings"]["totalCount"]["value"] == 3
    after = {"slug": page["slug"], "after": page["listings"]["pageInfo"]["endCursor"]}
    rest = (await execute(container, SHOP_PAGE, after))["shop"]["listings"]
    assert [node["listingId"] for node in rest["nodes"]] == newest[2:]


async def test_shipping_is_estimated_where_the_shop_sends(container: Container) -> None:
    sale = await on_sale(container)
    asked = {"id": encode_id("listing", sale.listing_id), "country": "FR"}
    estimate = (await execute(container, SHIPPING, asked))["shippingEstimate"]
    assert estimate["price"] == {"amountMinor": 500, "currency": "EUR"}
    assert (estimate["country"], estimate["estimated"]) == ("FR", False)
    await change(container, Listing, sale.listing_id, fulfilment=Fulfilment.PICKUP)
    assert (await execute(container, SHIPPING, asked))["shippingEstimate"] is None
    nothing = asked | {"id": encode_id("listing", new_id())}
    assert (await execute(container, SHIPPING, nothing))["shippingEstimate"] is None
