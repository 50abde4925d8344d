"""What the viewer looked at lately, over GraphQL."""

from typing import Any

from app.container import Container
from domain.catalog.model import Listing, ListingStatus
from domain.shared.actor import Actor
from domain.shared.ids import encode_id
from tests.counting import SqlCounter
from tests.graphql.execution import execute, refused
from tests.makers import OnSale, a_buyer, a_category, a_shop, change, on_sale

RECENT = """
query ($first: Int = 20, $after: String) { me { recentlyViewed(first: $first, after: $after) {
  nodes { viewedAt card { listingId title rating stockStatus shop { name } price { lowest { amountMinor } } } }
  totalCount { value } pageInfo { hasNextPage endCursor }
} } }
"""
LOOK = """
mutation ($id: ID!) { recordView(input: {listingId: $id}) {
  __typename ... on RecordViewSuccess { listingId } ... on UserError { code } } }
"""
CLEAR = """
mutation ($input: ClearRecentlyViewedInput!) { clearRecentlyViewed(input: $input) {
  ... on ClearRecentlyViewedSuccess { cleared } } }
"""


async def things(container: Container, number: int) -> list[OnSale]:
    seller_id, category_id = await a_shop(container), await a_category(container)
    return [await on_sale(container, seller_id, category_id=category_id) for _ in range(number)]


async def look(container: Container, viewer: Actor, thing: OnSale) -> str:
    id_ = encode_id("listing", thing.listing_id)
    answer = (await execute(container, LOOK, {"id": id_}, actor=viewer))["recordView"]
    assert answer == {"__typename": "RecordViewSuccess", "listingId": id_}
    return id_


async def recent(container: Container, viewer: Actor, **more: Any) -> Any:
    return (await execute(container, RECENT, more, actor=viewer))["me"]["recentlyViewed"]


async def test_the_latest_look_comes_first_page_by_page(container: Container) -> None:
    viewer = await a_buyer(container)
    looked_at = [await look(container, viewer, thing) for thing in await things(container, 3)][::-1]
    page = await recent(container, viewer, first=2)
    assert [node["card"]["listingId"] for node in page["nodes"]] == looked_at[:2]
    assert page["nodes"][0]["card"]["price"] == {"lowest": {"amountMinor": 1_000}}
    assert (page["totalCount"]["value"], page["pageInfo"]["hasNextPage"]) == (3, True)
    rest = await recent(container, viewer, after=page["pageInfo"]["endCursor"])
    assert [node["card"]["listingId"] for node in rest["nodes"]] == looked_at[2:]


async def test_what_is_off_sale_is_left_out_and_comes_back(container: Container) -> None:
    viewer, (one, two) = await a_buyer(container), await things(container, 2)
    first, second = await look(container, viewer, one), await look(container, viewer, two)
    await change(container, Listing, two.listing_id, status=ListingStatus.PAUSED)
    assert [node["card"]["listingId"] for node in (await recent(container, viewer))["nodes"]] == [first]
    await change(container, Listing, two.listing_id, status=ListingStatus.ACTIVE)
    assert [node["card"]["listingId"] for node in (await recent(container, viewer))["nodes"]] == [second, first]


async def test_it_is_cleared_and_a_guest_has_none(container: Container) -> None:
    viewer, (thing,) = await a_buyer(container), await things(container, 1)
    id_ = await look(container, viewer, thing)
    cleared = await execute(container, CLEAR, {"input": {"listingId": id_}}, actor=viewer)
    assert cleared["clearRecentlyViewed"] == {"cleared": 1}
    assert (await recent(container, viewer))["nodes"] == []
    await look(container, viewer, thing)
    assert (await execute(container, CLEAR, {"input": {}}, actor=viewer))["clearRecentlyViewed"] == {"cleared": 1}
    assert await refused(container, LOOK, {"id": id_}) == "UNAUTHENTICATED"
    assert await refused(container, RECENT) == "UNAUTHENTICATED"


async def test_it_costs_as_many_statements_whatever_its_length(container: Container, count_sql: SqlCounter) -> None:
    viewer, costs = await a_buyer(container), []
    for thing in await things(container, 4):
        await look(container, viewer, thing)
        with count_sql() as seen:
            await recent(container, viewer)
        costs.append(len(seen))
    assert len(set(costs)) == 1, costs
