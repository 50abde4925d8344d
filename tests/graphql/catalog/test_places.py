"""Places and products over GraphQL: who sees how much, search near a place, and what administrators decide."""

from datetime import UTC, datetime
from typing import Any

from app.container import Container
from domain.catalog.model import Product
from domain.search.indexing import drain
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.database import Tx
from domain.shared.ids import encode_id, new_id
from tests.counting import SqlCounter
from tests.graphql.execution import execute, refused
from tests.makers import a_category, a_seller, a_shop, an_admin, on_sale

PLACE = """mutation($input: SetListingPlaceInput!) { setListingPlace(input: $input) { __typename
  ... on SetListingPlaceSuccess { listing { version place { locality exact { line1 } } } }
  ... on InvalidInput { issues { path code } } } }"""
SHOWN = """query($id: ID!) { listing(id: $id) { place {
  latitude longitude locality postalCode country exact { latitude longitude line1 instructions } } } }"""
NEAR = """query($near: NearInput, $sort: SearchSort!, $seller: ID!, $first: Int, $after: String) {
  search(filter: { near: $near, sellerId: $seller }, sort: $sort, first: $first, after: $after) {
    nodes { listingId distanceKm place { locality } } totalCount { value }
    pageInfo { hasNextPage endCursor } } }"""
MERGE = """mutation($input: MergeProductsInput!) { mergeProducts(input: $input) { __typename
  ... on MergeProductsSuccess { product { id } } ... on UserError { code } } }"""
LINK = """mutation($input: LinkListingInput!) { linkListing(input: $input) { __typename
  ... on LinkListingSuccess { listing { product { id } matchedBy } } ... on UserError { code } } }"""
EVENTS = """query($id: ID!) { admin { productEvents(productId: $id) { kind listingId mergedProductId reason } }
  product(id: $id) { id offers { nodes { listingId } } } }"""

BERLIN: dict[str, Any] = {"latitude": 52.51234, "longitude": 13.38765, "locality": "Berlin", "country": "DE"}


async def place(container: Container, seller: Actor, listing_id: Any, **more: Any) -> Any:
    given = {"listingId": encode_id("listing", listing_id), **BERLIN, **more}
    return (await execute(container, PLACE, {"input": given}, actor=seller))["setListingPlace"]


async def test_everybody_sees_roughly_where_it_is_its_shop_exactly(container: Container) -> None:
    seller = await a_seller(container)
    sale = await on_sale(container, seller.seller())
    made = await place(container, seller, sale.listing_id, line1="Court 3", postalCode="10117")
    assert made["listing"]["place"] == {"locality": "Berlin", "exact": {"line1": "Court 3"}}
    asked = {"id": encode_id("listing", sale.listing_id)}
    for actor, exactly in ((ANONYMOUS, False), (await a_seller(container), False), (seller, True)):
        found = (await execute(container, SHOWN, asked, actor=actor))["listing"]["place"]
        assert (found["latitude"], found["postalCode"], found["country"]) == (52.51, "10117", "DE")
        assert found["longitude"] != 13.38765
        assert (found["exact"] is not None) is exactly
    wrong = await place(container, seller, sale.listing_id, latitude=91, longitude=-181)
    assert [issue["path"] for issue in wrong["issues"]] == [["input", "latitude"], ["input", "longitude"]]


async def test_search_finds_what_is_near_the_nearest_first(container: Container, count_sql: SqlCounter) -> None:
    seller = await a_seller(container)
    category_id = await a_category(container)
    made = []
    for locality, latitude in (("Hamburg", 53.55), ("Potsdam", 52.4), ("Berlin", 52.51), ("Mitte", 52.52)):
        sale = await on_sale(container, seller.seller(), category_id=category_id, published_at=datetime.now(UTC))
        made.append(encode_id("listing", sale.listing_id))
        await place(container, seller, sale.listing_id, locality=locality, latitude=latitude)
    await on_sale(container, seller.seller(), category_id=category_id)
    while await drain(db=container.ports.db, index=container.ports.search_index):
        pass
    asked: dict[str, Any] = {"seller": encode_id("seller", seller.seller()), "sort": "DISTANCE"}
    near = asked | {"near": {"latitude": 52.52, "longitude": 13.39, "withinKm": 30}}
    first = (await execute(container, NEAR, near | {"first": 2}))["search"]
    assert [node["place"]["locality"] for node in first["nodes"]] == ["Mitte", "Berlin"]
    assert first["totalCount"]["value"] == 3
    assert first["nodes"][0]["distanceKm"] < first["nodes"][1]["distanceKm"] < 3
    rest = (await execute(container, NEAR, near | {"first": 2, "after": first["pageInfo"]["endCursor"]}))["search"]
    assert [node["listingId"] for node in rest["nodes"]] == [made[1]]
    assert not rest["pageInfo"]["hasNextPage"]
    counts = []
    for count in (1, 3):
        with count_sql() as seen:
            await execute(container, NEAR, near | {"first": count})
        counts.append(len(seen))
    assert counts == [2, 2], "cards and places"
    assert await refused(container, NEAR, asked) == "INVALID_INPUT"
    moved = near | {"near": {**near["near"], "withinKm": 40}, "after": first["pageInfo"]["endCursor"]}
    assert await refused(container, NEAR, moved) == "CURSOR_MISMATCH"


async def two_products(container: Container) -> list[str]:
    category_id, ids = await a_category(container), [new_id(), new_id()]

    async def step(tx: Tx) -> None:
        await tx.add(*(Product(id=id_, category_id=category_id, title="Lamp", created_at=tx.now) for id_ in ids))

    await container.ports.db.run(step)
    return [encode_id("product", id_) for id_ in ids]


async def test_an_administrator_links_and_merges_and_it_is_written_down(container: Container) -> None:
    gone, stays = await two_products(container)
    admin = await an_admin(container)
    listing_id = encode_id("listing", (await on_sale(container, await a_shop(container))).listing_id)
    link = {"listingId": listing_id, "productId": gone, "reason": "it is this one"}
    linked = (await execute(container, LINK, {"input": link}, actor=admin))["linkListing"]
    assert linked["listing"] == {"product": {"id": gone}, "matchedBy": "ADMIN"}
    merge = {"productId": gone, "intoId": stays, "reason": "one and the same"}
    merged = (await execute(container, MERGE, {"input": merge}, actor=admin))["mergeProducts"]
    assert merged["product"]["id"] == stays
    again = (await execute(container, MERGE, {"input": merge}, actor=admin))["mergeProducts"]
    assert again["code"] == "NOT_FOUND"
    found = await execute(container, EVENTS, {"id": stays}, actor=admin)
    assert [event["kind"] for event in found["admin"]["productEvents"]] == ["MERGED"]
    assert found["admin"]["productEvents"][0]["mergedProductId"] == gone
    old = await execute(container, EVENTS, {"id": gone}, actor=admin)
    assert old["product"] == found["product"] == {"id": stays, "offers": {"nodes": [{"listingId": listing_id}]}}
    assert old["admin"]["productEvents"][0]["reason"] == "it is this one"
    assert await refused(container, MERGE, {"input": merge}, actor=await a_seller(container)) == "NOT_PERMITTED"
