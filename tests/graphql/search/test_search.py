"""Searching over GraphQL: cards without extra statements, facets with labels, pages, reasons, refusals."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.container import Container, open_container
from app.jobs import handlers_of
from app.seed import seed
from domain.search.indexing import drain
from domain.shared.actor import ANONYMOUS
from domain.shared.errors import InvalidInput
from tests.conftest import settings_for
from tests.graphql.execution import SCHEMA, execute, refused
from tests.makers import a_moderator
from tests.servers import Urls, copy_of_template

LISTINGS = 150

SEARCH = """
query Search($text: String! = "", $filter: SearchFilterInput, $sort: SearchSort! = RELEVANCE, $first: Int,
             $after: String, $page: Int) {
  search(text: $text, filter: $filter, sort: $sort, first: $first, after: $after, page: $page) {
    edges { cursor score node { listingId title } explain { name value weight contribution } }
    nodes {
      listingId title brand condition categoryPath stockStatus rating ratingCount publishedAt
      price { lowest { amountMinor currency formatted } highest { amountMinor } }
      shop { sellerId name slug rating ratingCount }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount { value exact }
    facets { kind name label currency values { value label count selected minMinor maxMinor } }
    degraded
    correctedText
  }
}
"""


@pytest.fixture(scope="module")
async def shop_window(urls: Urls, redis_url: str) -> AsyncIterator[Container]:
    """The product with demo data, indexed."""
    url = await copy_of_template(urls)
    await seed(url, LISTINGS)
    async with open_container(settings_for(url, redis_url), handlers_of=handlers_of(), observe_sql=SEEN.append) as made:
        while await drain(db=made.ports.db, index=made.ports.search_index):
            pass
        await made.ports.search_index.tidy()
        yield made


SEEN: list[str] = []


async def search(container: Container, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await execute(container, SEARCH, variables))["search"]
    return found


async def test_everything_that_a_page_of_listings_shows_comes_at_once(shop_window: Container) -> None:
    found = await search(shop_window)
    assert len(found["nodes"]) == 20
    assert found["totalCount"] == {"value": LISTINGS, "exact": True}
    assert found["pageInfo"]["hasNextPage"]
    assert found["degraded"] is False
    for node in found["nodes"]:
        assert node["price"]["lowest"]["amountMinor"] <= node["price"]["highest"]["amountMinor"]
        assert node["shop"]["slug"]


async def test_a_page_costs_the_same_statements_whatever_its_size(shop_window: Container) -> None:
    counts = []
    for first in (1, 50):
        SEEN.clear()
        await search(shop_window, text="lamp", first=first)
        counts.append(len(SEEN))
    # Cards and labels; what the index itself asks is its own affair.
    assert counts == [2, 2]


async def test_pages_follow_one_another_by_cursor_and_by_number(shop_window: Container) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = await search(shop_window, sort="PRICE_ASC", first=40, after=after)
        seen += [node["listingId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == LISTINGS
    second = await search(shop_window, sort="PRICE_ASC", first=40, page=2)
    assert [node["listingId"] for node in second["nodes"]] == seen[40:80]
    assert second["pageInfo"]["hasPreviousPage"]


async def test_facets_have_labels_and_know_what_is_selected(shop_window: Container) -> None:
    found = await search(shop_window, filter={"categoryPath": "home", "currency": "EUR"})
    by_name = {(facet["kind"], facet["name"]): facet for facet in found["facets"]}
    categories = {value["value"]: value for value in by_name["CATEGORY", ""]["values"]}
    assert categories["home"]["label"] == "Home and kitchen"
    assert categories["home"]["selected"]
    assert not categories["electronics"]["selected"]
    assert categories["home"]["count"] == found["totalCount"]["value"]
    assert by_name["ATTRIBUTE", "material"]["label"] == "Material"
    assert by_name["PRICE", ""]["currency"] == "EUR"
    assert {node["categoryPath"].split("/")[0] for node in found["nodes"]} == {"home"}


async def test_values_are_shown_with_units_and_in_words(shop_window: Container) -> None:
    """Whatever the categories are that are counted first: `height_centimetres` is a lamp's in any search."""
    facets = (await search(shop_window, filter={"currency": "EUR"}))["facets"]
    shown = {
        (facet["kind"], facet["name"]): {value["value"]: value["label"] for value in facet["values"]}
        for facet in facets
    }
    conditions = {"NEW": "New", "USED": "Used", "REFURBISHED": "Refurbished"}
    assert shown["CONDITION", ""].items() <= conditions.items()
    assert shown["FULFILMENT", ""].items() <= {"SHIP": "Ship", "PICKUP": "Pickup"}.items()
    assert all(label.endswith((" EUR", "more")) for label in shown["PRICE", ""].values())
    lamps = (await search(shop_window, filter={"categoryPath": "home/lamps"}))["facets"]
    of_lamps = {facet["name"]: facet for facet in lamps if facet["kind"] == "ATTRIBUTE"}
    assert of_lamps["height_centimetres"]["label"] == "Height"
    assert {value["label"] for value in of_lamps["dimmable"]["values"]} <= {"Yes", "No"}
    for value in of_lamps["height_centimetres"]["values"]:
        assert value["label"] == f"{value['value']} cm"


async def test_a_facets_value_taken_as_filter_finds_as_many_as_it_counted(shop_window: Container) -> None:
    found = await search(shop_window, filter={"categoryPath": "home"})
    for facet in found["facets"]:
        value = facet["values"][0]
        narrowed: dict[str, Any] = {"categoryPath": "home"}
        if facet["kind"] == "ATTRIBUTE":
            narrowed["attributes"] = [{"name": facet["name"], "values": [value["value"]]}]
        elif facet["kind"] == "BRAND":
            narrowed["brands"] = [value["value"]]
        elif facet["kind"] == "CONDITION":
            narrowed["conditions"] = [value["value"]]
        elif facet["kind"] == "FULFILMENT":
            narrowed["fulfilments"] = [value["value"]]
        elif facet["kind"] == "PRICE":
            narrowed |= {"currency": facet["currency"]}
            narrowed["price"] = {"minMinor": value["minMinor"], "maxMinor": value["maxMinor"] - 1}
        else:
            narrowed["categoryPath"] = value["value"]
        found_again = await search(shop_window, filter=narrowed)
        assert found_again["totalCount"]["value"] == value["count"], facet["kind"]
        [same] = [
            each for each in found_again["facets"] if (each["kind"], each["name"]) == (facet["kind"], facet["name"])
        ]
        assert [each["value"] for each in same["values"] if each["selected"]] == [value["value"]], facet["kind"]


async def test_a_score_is_explained_to_moderators_by_its_signals(shop_window: Container) -> None:
    assert {len(edge["explain"]) for edge in (await search(shop_window, text="lamp"))["edges"]} == {0}
    seen = await execute(shop_window, SEARCH, {"text": "lamp"}, actor=await a_moderator(shop_window))
    for edge in seen["search"]["edges"]:
        assert edge["explain"]
        assert sum(signal["contribution"] for signal in edge["explain"]) == pytest.approx(edge["score"], abs=1e-5)


async def test_a_misspelt_text_is_corrected_openly(shop_window: Container) -> None:
    assert (await search(shop_window, text="bicylce"))["correctedText"] in {"bicycles", "bicycle"}


async def test_suggestions_complete_what_was_typed(shop_window: Container) -> None:
    data = await execute(shop_window, '{ searchSuggestions(prefix: "la") }')
    assert "lamp" in data["searchSuggestions"]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"first": 0}, "PAGE_OUT_OF_RANGE"),
        ({"first": 101}, "PAGE_OUT_OF_RANGE"),
        ({"page": 0}, "PAGE_OUT_OF_RANGE"),
        ({"page": 501}, "PAGE_OUT_OF_RANGE"),
        ({"page": 1, "after": "x"}, "PAGE_OUT_OF_RANGE"),
        ({"after": "nonsense"}, "CURSOR_MISMATCH"),
        ({"text": "x" * 10_001}, "INVALID_INPUT"),
        ({"filter": {"sellerId": "lst_00000000000000000000000000"}}, "MALFORMED_ID"),
        ({"filter": {"price": {"minMinor": 2, "maxMinor": 1}}}, "INVALID_INPUT"),
        ({"filter": {"attributes": [{"name": "a", "values": ["x"]}, {"name": "a", "values": ["y"]}]}}, "INVALID_INPUT"),
        ({"filter": {"brands": ["x\x00"]}}, "INVALID_INPUT"),
    ],
)
async def test_what_cannot_be_searched_for_is_refused(
    shop_window: Container, variables: dict[str, Any], code: str
) -> None:
    assert await refused(shop_window, SEARCH, variables) == code


async def test_a_cursor_of_another_search_is_refused(shop_window: Container) -> None:
    cursor = (await search(shop_window, text="lamp"))["pageInfo"]["endCursor"]
    assert await refused(shop_window, SEARCH, {"text": "chair", "after": cursor}) == "CURSOR_MISMATCH"


CATEGORY = """
query ($path: String!, $filter: SearchFilterInput, $after: String, $sort: SearchSort! = PRICE_ASC) {
  category(path: $path) {
    name ancestors { name path } children { path }
    listings(first: 3, sort: $sort, filter: $filter, after: $after) {
      nodes { listingId categoryPath } totalCount { value } pageInfo { hasNextPage endCursor } facets { kind }
    }
  }
}
"""


async def test_a_categorys_page_shows_what_is_on_sale_in_it_and_below(shop_window: Container) -> None:
    facets = (await search(shop_window))["facets"]
    counts = {
        value["value"]: value["count"] for facet in facets if facet["kind"] == "CATEGORY" for value in facet["values"]
    }
    path = max((path for path in counts if "/" in path), key=lambda path: counts[path])
    root = path.partition("/")[0]
    page = (await execute(shop_window, CATEGORY, {"path": path}))["category"]
    assert [each["path"] for each in page["ancestors"]] == [root]
    assert page["listings"]["totalCount"]["value"] == counts[path]
    assert {node["categoryPath"] for node in page["listings"]["nodes"]} == {path}
    above = (await execute(shop_window, CATEGORY, {"path": root}))["category"]
    assert path in [each["path"] for each in above["children"]]
    assert above["listings"]["totalCount"]["value"] == counts[root]
    searched = await search(shop_window, filter={"categoryPath": root}, sort="PRICE_ASC", first=6)
    after = {"path": root, "after": above["listings"]["pageInfo"]["endCursor"]}
    rest = (await execute(shop_window, CATEGORY, after))["category"]["listings"]
    shown = above["listings"]["nodes"] + rest["nodes"]
    assert [node["listingId"] for node in shown] == [node["listingId"] for node in searched["nodes"]]


async def test_a_categorys_page_has_its_own_path_as_filter(shop_window: Container) -> None:
    given = {"path": "home", "filter": {"categoryPath": "electronics"}}
    answer = await SCHEMA.execute(CATEGORY, given, context_value=shop_window.context(ANONYMOUS))
    assert answer.errors
    assert isinstance(answer.errors[0].original_error, InvalidInput)


async def test_a_search_that_cannot_be_names_each_fault_and_its_place(container: Container) -> None:
    asked = {"near": {"latitude": 95, "longitude": -190, "withinKm": 5}}
    result = await SCHEMA.execute(SEARCH, {"filter": asked}, context_value=container.context(ANONYMOUS))
    [error] = result.errors or []
    assert (error.extensions or {})["code"] == "INVALID_INPUT"
    issues = (error.extensions or {})["issues"]
    assert [(issue["path"], issue["message"]) for issue in issues] == [
        (["near", "latitude"], "It must be at most 90.0."),
        (["near", "longitude"], "It must be at least -180.0."),
    ]
