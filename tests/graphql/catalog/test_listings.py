"""Listings over GraphQL: from a draft to a page that everybody sees, and who sees what in between."""

from dataclasses import replace
from typing import Any

import pytest

from app.container import Container
from domain.catalog.model import AttributeType, ListingStatus, Visibility
from domain.sellers.model import Seller, SellerStatus
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.ids import decode_id, encode_id, new_id
from resolvers.context import LoaderScope
from tests.counting import CountingReads
from tests.graphql.execution import SCHEMA, execute, refused
from tests.makers import (
    a_buyer,
    a_category,
    a_moderator,
    a_payment_account,
    a_seller,
    an_admin,
    change,
    on_sale,
)

FIELDS = """
fragment Fields on Listing {
  id title status version allowedActions statusReason
  attributes { name label type value unit }
  variants { id sku active price { amountMinor currency } options { name value } stockStatus }
}
"""
CREATE = f"""{FIELDS}
mutation ($input: CreateListingInput!) {{ createListing(input: $input) {{ __typename
  ... on CreateListingSuccess {{ listing {{ ...Fields product {{ id gtin }} category {{ path }} seller {{ name }} }} }}
  ... on UserError {{ code }}
  ... on InvalidInput {{ issues {{ path code }} }} }} }}
"""
EDIT = f"""{FIELDS}
mutation ($input: EditListingInput!) {{ editListing(input: $input) {{ __typename
  ... on EditListingSuccess {{ listing {{ ...Fields }} }}
  ... on UserError {{ code }}
  ... on ListingChanged {{ currentListing {{ title version }} }}
  ... on InvalidInput {{ issues {{ path code }} }} }} }}
"""
SEEN = "query ($id: ID!) { listing(id: $id) { id status allowedActions statusReason timeline { target } } }"

ATTRIBUTES = [
    {"name": "material", "label": "Material", "type": AttributeType.TEXT, "required": True},
    {"name": "height", "label": "Height", "type": AttributeType.NUMBER, "unit": "cm"},
]


def draft_input(category_id: Any, **more: Any) -> dict[str, Any]:
    variants = [
        {"sku": "S", "priceMinor": 900, "options": [{"name": "size", "value": "small"}]},
        {"sku": "L", "priceMinor": 1500, "options": [{"name": "size", "value": "large"}]},
    ]
    attributes = [{"name": "height", "value": "40"}, {"name": "material", "value": "Brass"}]
    rest = {"title": "Desk lamp", "gtin": "4006381333931", "variants": variants, "attributes": attributes}
    return {"categoryId": encode_id("category", category_id), **rest, **more}


async def create(container: Container, seller: Actor, **more: Any) -> dict[str, Any]:
    category_id = await a_category(container, attributes=ATTRIBUTES)
    made = await execute(container, CREATE, {"input": draft_input(category_id, **more)}, actor=seller)
    outcome: dict[str, Any] = made["createListing"]
    return outcome


async def move(container: Container, mutation: str, actor: Actor, **input: Any) -> dict[str, Any]:
    inputs = {"approveListing": "ApproveListingInput", "rejectListing": "RejectListingInput"}
    document = f"""mutation ($input: {inputs.get(mutation, "ListingInput")}!) {{
      outcome: {mutation}(input: $input) {{ __typename
        ... on {mutation[0].upper()}{mutation[1:]}Success {{ listing {{ id status version statusReason }} }}
        ... on UserError {{ code }} }} }}"""
    outcome: dict[str, Any] = (await execute(container, document, {"input": input}, actor=actor))["outcome"]
    return outcome


async def test_a_draft_goes_on_sale_after_a_review(container: Container) -> None:
    seller, admin = await a_seller(container), await an_admin(container)
    await a_payment_account(container, seller.seller())
    made = (await create(container, seller))["listing"]
    assert made["status"] == "DRAFT"
    assert made["allowedActions"] == ["SUBMIT", "ARCHIVE", "EDIT", "DELETE"]
    assert made["product"]["gtin"] == "04006381333931"
    assert made["attributes"] == [
        {"name": "material", "label": "Material", "type": "TEXT", "value": "Brass", "unit": ""},
        {"name": "height", "label": "Height", "type": "NUMBER", "value": "40", "unit": "cm"},
    ]
    assert [(each["sku"], each["price"]["amountMinor"], each["stockStatus"]) for each in made["variants"]] == [
        ("S", 900, "OUT_OF_STOCK"),
        ("L", 1500, "OUT_OF_STOCK"),
    ]
    submitted = await move(container, "submitListing", seller, listingId=made["id"])
    assert submitted["listing"]["status"] == "PENDING_REVIEW"
    assert (await execute(container, SEEN, {"id": made["id"]}))["listing"] is None
    version = submitted["listing"]["version"]
    approved = await move(container, "approveListing", admin, listingId=made["id"], version=version)
    assert approved["listing"]["status"] == "ACTIVE"
    seen = (await execute(container, SEEN, {"id": made["id"]}))["listing"]
    public = {"id": made["id"], "status": "ACTIVE", "allowedActions": [], "statusReason": None, "timeline": None}
    assert seen == public
    owner = (await execute(container, SEEN, {"id": made["id"]}, actor=seller))["listing"]
    assert [event["target"] for event in owner["timeline"]] == ["ACTIVE", "PENDING_REVIEW"]
    assert owner["allowedActions"] == ["PAUSE", "ARCHIVE", "EDIT"]


async def test_a_moderator_sees_what_they_may_do_and_may_do_it(container: Container) -> None:
    seller, moderator = await a_seller(container), await a_moderator(container)
    await a_payment_account(container, seller.seller())
    made = (await create(container, seller))["listing"]
    version = (await move(container, "submitListing", seller, listingId=made["id"]))["listing"]["version"]
    seen = (await execute(container, SEEN, {"id": made["id"]}, actor=moderator))["listing"]
    assert seen["allowedActions"] == ["APPROVE", "REJECT"]
    approved = await move(container, "approveListing", moderator, listingId=made["id"], version=version)
    assert approved["listing"]["status"] == "ACTIVE"


async def test_a_refusal_tells_the_seller_why(container: Container) -> None:
    seller, admin = await a_seller(container), await an_admin(container)
    await a_payment_account(container, seller.seller())
    made = (await create(container, seller))["listing"]
    version = (await move(container, "submitListing", seller, listingId=made["id"]))["listing"]["version"]
    why = {"version": version, "reason": "The pictures show another lamp."}
    await move(container, "rejectListing", admin, listingId=made["id"], **why)
    owner = (await execute(container, SEEN, {"id": made["id"]}, actor=seller))["listing"]
    assert (owner["status"], owner["statusReason"]) == ("REJECTED", "The pictures show another lamp.")
    again = await move(container, "submitListing", seller, listingId=made["id"])
    assert again["listing"]["statusReason"] == ""


async def test_selling_needs_a_payment_account(container: Container) -> None:
    seller = await a_seller(container, trusted=True)
    made = (await create(container, seller))["listing"]
    outcome = await move(container, "submitListing", seller, listingId=made["id"])
    assert outcome == {"__typename": "PaymentAccountIncomplete", "code": "PAYMENT_ACCOUNT_INCOMPLETE"}


async def test_all_faults_of_a_draft_are_named_at_once(container: Container) -> None:
    seller = await a_seller(container)
    attributes = [{"name": "height", "value": "tall"}, {"name": "weight", "value": "3"}]
    outcome = await create(container, seller, attributes=attributes, fulfilment="ON_SITE")
    assert [(issue["path"], issue["code"]) for issue in outcome["issues"]] == [
        (["input", "attributes", "0", "value"], "NOT_A_NUMBER"),
        (["input", "attributes", "1", "name"], "UNKNOWN"),
        (["input", "fulfilment"], "INVALID"),
    ]
    same = {"sku": "S", "priceMinor": 900, "options": [{"name": "size", "value": "small"}]}
    outcome = await create(container, seller, variants=[same, same])
    assert [(issue["path"], issue["code"]) for issue in outcome["issues"]] == [
        (["input", "variants", "1", "sku"], "TAKEN"),
        (["input", "variants", "1", "options"], "TAKEN"),
    ]
    outcome = await create(container, seller, gtin="4006381333932", title="", variants=[{"sku": "A", "priceMinor": 0}])
    assert [issue["path"] for issue in outcome["issues"]] == [
        ["input", "title"],
        ["input", "gtin"],
        ["input", "variants", "0", "priceMinor"],
    ]


async def test_two_offers_with_one_gtin_are_of_one_product(container: Container) -> None:
    one = (await create(container, await a_seller(container), gtin="96385074"))["listing"]
    other = (await create(container, await a_seller(container), gtin="000096385074", title="The same"))["listing"]
    assert one["product"] == other["product"]


async def test_an_edit_of_an_old_version_shows_the_present_one(container: Container) -> None:
    seller = await a_seller(container)
    made = (await create(container, seller))["listing"]
    first = {"listingId": made["id"], "version": made["version"], "title": "Reading lamp"}
    edited = (await execute(container, EDIT, {"input": first}, actor=seller))["editListing"]
    assert edited["listing"]["title"] == "Reading lamp"
    late = {"listingId": made["id"], "version": made["version"], "title": "Floor lamp"}
    outcome = (await execute(container, EDIT, {"input": late}, actor=seller))["editListing"]
    assert outcome["__typename"] == "ListingChanged"
    assert outcome["currentListing"] == {"title": "Reading lamp", "version": edited["listing"]["version"]}


async def test_what_is_under_review_stays_as_the_reviewer_sees_it(container: Container) -> None:
    offered = await on_sale(container, status=ListingStatus.PENDING_REVIEW)
    owner = replace(await a_buyer(container), seller_id=offered.seller_id)
    edit = {"listingId": encode_id("listing", offered.listing_id), "version": 1, "title": "Another"}
    outcome = (await execute(container, EDIT, {"input": edit}, actor=owner))["editListing"]
    assert outcome == {"__typename": "ListingNotEditable", "code": "LISTING_NOT_EDITABLE"}


async def test_what_is_on_sale_keeps_what_its_category_demands(container: Container) -> None:
    category_id = await a_category(container, attributes=ATTRIBUTES)
    offered = await on_sale(container, category_id=category_id, attributes={"material": "Brass"})
    owner = replace(await a_buyer(container), seller_id=offered.seller_id)
    edit = {"listingId": encode_id("listing", offered.listing_id), "version": 1, "attributes": []}
    outcome = (await execute(container, EDIT, {"input": edit}, actor=owner))["editListing"]
    assert outcome["issues"] == [{"path": ["input", "attributes"], "code": "REQUIRED"}]


@pytest.mark.parametrize(
    ("listing", "seller", "public"),
    [
        ({}, SellerStatus.ACTIVE, True),
        ({}, SellerStatus.RESTRICTED, True),
        ({}, SellerStatus.SUSPENDED, False),
        ({"visibility": Visibility.UNLISTED}, SellerStatus.ACTIVE, True),
        ({"visibility": Visibility.PRIVATE}, SellerStatus.ACTIVE, False),
        ({"status": ListingStatus.PAUSED}, SellerStatus.ACTIVE, False),
        ({"status": ListingStatus.DRAFT}, SellerStatus.ACTIVE, False),
        ({"status": ListingStatus.SUSPENDED}, SellerStatus.ACTIVE, False),
    ],
)
async def test_who_sees_a_listing(
    container: Container, listing: dict[str, Any], seller: SellerStatus, public: bool
) -> None:
    offered = await on_sale(container, **listing)
    await change(container, Seller, offered.seller_id, status=seller)
    member = replace(await a_buyer(container), seller_id=offered.seller_id)
    insiders = [member, await an_admin(container), await a_moderator(container)]
    strangers = [ANONYMOUS, await a_buyer(container), await a_seller(container)]
    id_ = encode_id("listing", offered.listing_id)
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for actor in insiders:
        assert (await execute(container, SEEN, {"id": id_}, actor=actor))["listing"]["id"] == id_
    for actor in strangers:
        assert ((await execute(container, SEEN, {"id": id_}, actor=actor))["listing"] is not None) is public
        variant = {"id": encode_id("variant", offered.variant_id)}
        assert ((await execute(container, node, variant, actor=actor))["node"] is not None) is public


async def test_a_listing_of_others_is_none_of_the_shop(container: Container) -> None:
    offered = await on_sale(container)
    stranger = await a_seller(container)
    id_ = encode_id("listing", offered.listing_id)
    mine = "query ($id: ID!) { seller { listing(id: $id) { id } } }"
    assert (await execute(container, mine, {"id": id_}, actor=stranger))["seller"]["listing"] is None
    edit = {"listingId": id_, "version": 1, "title": "Mine now"}
    outcome = (await execute(container, EDIT, {"input": edit}, actor=stranger))["editListing"]
    assert outcome == {"__typename": "NotFound", "code": "NOT_FOUND"}
    assert (await move(container, "pauseListing", stranger, listingId=id_))["code"] == "NOT_FOUND"
    assert (await move(container, "pauseListing", stranger, listingId=encode_id("listing", new_id())))[
        "code"
    ] == "NOT_FOUND"


async def test_a_draft_without_a_history_can_be_deleted(container: Container) -> None:
    seller = await a_seller(container)
    made = (await create(container, seller))["listing"]
    document = """mutation ($input: ListingInput!) { deleteDraftListing(input: $input) { __typename
      ... on DeleteDraftListingSuccess { listingId } } }"""
    outcome = await execute(container, document, {"input": {"listingId": made["id"]}}, actor=seller)
    assert outcome["deleteDraftListing"]["listingId"] == made["id"]
    assert (await execute(container, SEEN, {"id": made["id"]}, actor=seller))["listing"] is None
    stocked = await on_sale(container, seller.seller(), status=ListingStatus.DRAFT, stock=3)
    id_ = encode_id("listing", stocked.listing_id)
    outcome = await execute(container, document, {"input": {"listingId": id_}}, actor=seller)
    assert outcome["deleteDraftListing"]["__typename"] == "ListingInUse"
    live = await on_sale(container, seller.seller())
    id_ = encode_id("listing", live.listing_id)
    outcome = await execute(container, document, {"input": {"listingId": id_}}, actor=seller)
    assert outcome["deleteDraftListing"]["__typename"] == "IllegalTransition"


MINE = f"""{FIELDS}
query ($first: Int, $after: String, $last: Int, $before: String, $status: ListingStatus) {{ seller {{
  listings(first: $first, after: $after, last: $last, before: $before, status: $status) {{
    nodes {{ ...Fields category {{ path }} seller {{ name }} product {{ id }} priceFrom {{ amountMinor }}
      timeline {{ at }} }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount {{ value exact }} }} }} }}
"""


async def test_a_shop_pages_through_its_listings(container: Container) -> None:
    seller = await a_seller(container)
    made = [(await on_sale(container, seller.seller())).listing_id for _ in range(5)]
    await on_sale(container, seller.seller(), status=ListingStatus.PAUSED)
    await on_sale(container)
    newest_first = [encode_id("listing", id_) for id_ in reversed(made)]

    async def page(**variables: Any) -> dict[str, Any]:
        data = await execute(container, MINE, {"status": "ACTIVE", **variables}, actor=seller)
        found: dict[str, Any] = data["seller"]["listings"]
        return found

    first = await page(first=2)
    second = await page(first=2, after=first["pageInfo"]["endCursor"])
    third = await page(first=2, after=second["pageInfo"]["endCursor"])
    pages = [first, second, third]
    assert [node["id"] for each in pages for node in each["nodes"]] == newest_first
    assert [each["pageInfo"]["hasNextPage"] for each in pages] == [True, True, False]
    assert first["totalCount"] == {"value": 5, "exact": True}
    back = await page(last=2, before=third["pageInfo"]["startCursor"])
    assert [node["id"] for node in back["nodes"]] == [node["id"] for node in second["nodes"]]
    other = {"status": "PAUSED", "after": first["pageInfo"]["endCursor"]}
    assert await refused(container, MINE, other, actor=seller) == "CURSOR_MISMATCH"


async def test_a_page_costs_as_many_statements_whatever_its_length(container: Container) -> None:
    seller = await a_seller(container)
    for _ in range(12):
        await on_sale(container, seller.seller())

    async def statements(first: int) -> int:
        reads = CountingReads(container.reads)
        context = replace(container.context(seller), reads=reads, loaders=LoaderScope(reads))
        result = await SCHEMA.execute(MINE, variable_values={"first": first}, context_value=context)
        assert result.errors is None
        assert result.data is not None
        assert len(result.data["seller"]["listings"]["nodes"]) == first
        return len(reads.statements)

    assert await statements(2) == await statements(12)


async def test_the_queue_shows_what_has_waited_longest_first(fresh_container: Container) -> None:
    moderator = await a_moderator(fresh_container)
    waiting = [await on_sale(fresh_container, status=ListingStatus.PENDING_REVIEW) for _ in range(2)]
    await on_sale(fresh_container)
    queue = "{ admin { listings { nodes { id allowedActions } totalCount { value } } } }"
    found = (await execute(fresh_container, queue, actor=moderator))["admin"]["listings"]
    assert [decode_id("listing", node["id"]) for node in found["nodes"]] == [each.listing_id for each in waiting]
    admin = await an_admin(fresh_container)
    found = (await execute(fresh_container, queue, actor=admin))["admin"]["listings"]
    assert [node["allowedActions"] for node in found["nodes"]] == [["APPROVE", "REJECT"]] * 2
    assert await refused(fresh_container, queue, actor=await a_seller(fresh_container)) == "NOT_PERMITTED"
