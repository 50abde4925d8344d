"""Who sees what of a shop."""

from uuid import UUID

from app.container import Container
from domain.sellers.model import SellerStatus
from domain.sellers.reads import shops_by_ids
from domain.shared.ids import encode_id
from tests.graphql.execution import execute, refused
from tests.makers import a_buyer, a_moderator, a_seller, an_admin

BY_SLUG = "query($slug: String!) { shop(slug: $slug) { id isOpen } }"
BY_ID = "query($id: ID!) { node(id: $id) { __typename id } }"
SELLERS = """query($status: SellerStatus, $first: Int, $after: String) { admin {
  sellers(status: $status, first: $first, after: $after) {
    nodes { id status shop { name } allowedActions } pageInfo { hasNextPage endCursor } totalCount { value exact }
} } }"""


async def slug_of(container: Container, seller_id: UUID) -> str:
    return (await shops_by_ids(container.reads, [seller_id]))[seller_id].slug


async def test_an_open_shop_is_found_by_its_slug_and_by_its_id(container: Container) -> None:
    owner = await a_seller(container)
    public = encode_id("seller", owner.seller())
    slug = await slug_of(container, owner.seller())
    assert (await execute(container, BY_SLUG, {"slug": slug}))["shop"] == {"id": public, "isOpen": True}
    assert (await execute(container, BY_ID, {"id": public}))["node"] == {"__typename": "Shop", "id": public}


async def test_a_shop_that_is_not_open_is_seen_by_its_members_and_administrators_only(container: Container) -> None:
    owner = await a_seller(container, status=SellerStatus.SUSPENDED)
    variables = {"slug": await slug_of(container, owner.seller())}
    for stranger in (await a_buyer(container), await a_moderator(container), await a_seller(container)):
        assert (await execute(container, BY_SLUG, variables, actor=stranger))["shop"] is None
    for insider in (owner, await an_admin(container)):
        assert (await execute(container, BY_SLUG, variables, actor=insider))["shop"]["isOpen"] is False


async def test_an_account_is_not_a_node_for_strangers(container: Container) -> None:
    owner = await a_seller(container)
    account = {"id": encode_id("seller_account", owner.seller())}
    assert (await execute(container, BY_ID, account, actor=await a_seller(container)))["node"] is None
    assert (await execute(container, BY_ID, account, actor=owner))["node"]["__typename"] == "SellerAccount"


async def test_a_malformed_id_is_said_to_be_one(container: Container) -> None:
    assert await refused(container, BY_ID, {"id": "sel_broken"}) == "MALFORMED_ID"
    assert await refused(container, BY_ID, {"id": "unknown_thing"}) == "MALFORMED_ID"


async def test_administrators_page_through_sellers(fresh_container: Container) -> None:
    container = fresh_container
    admin = await an_admin(container)
    owners = [await a_seller(container, status=SellerStatus.APPLIED) for _ in range(3)]
    await a_seller(container)
    variables: dict[str, object] = {"status": "APPLIED", "first": 2}
    page = (await execute(container, SELLERS, variables, actor=admin))["admin"]["sellers"]
    assert page["totalCount"] == {"value": 3, "exact": True}
    assert page["nodes"][0]["allowedActions"] == ["APPROVE", "REJECT"]
    variables["after"] = page["pageInfo"]["endCursor"]
    rest = (await execute(container, SELLERS, variables, actor=admin))["admin"]["sellers"]
    assert not rest["pageInfo"]["hasNextPage"]
    found = [node["id"] for node in page["nodes"] + rest["nodes"]]
    assert found == [encode_id("seller_account", owner.seller()) for owner in owners]


async def test_the_areas_are_for_their_kind_of_viewer(container: Container) -> None:
    shop, sellers = "{ seller { shop { id } account { id } } }", "{ admin { sellers { nodes { id } } } }"
    assert await refused(container, shop) == "UNAUTHENTICATED"
    assert await refused(container, shop, actor=await a_buyer(container)) == "NOT_PERMITTED"
    for stranger in (await a_buyer(container), await a_seller(container), await a_moderator(container)):
        assert await refused(container, sellers, actor=stranger) == "NOT_PERMITTED"
    owner = await a_seller(container)
    own = (await execute(container, shop, actor=owner))["seller"]
    assert own["shop"]["id"] == encode_id("seller", owner.seller())
