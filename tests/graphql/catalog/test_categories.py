"""The category tree over GraphQL: what administrators write, and what everybody reads."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from app.container import Container
from domain.shared.actor import Actor
from domain.shared.ids import encode_id
from resolvers.context import LoaderScope
from tests.counting import CountingReads
from tests.graphql.execution import SCHEMA, execute, refused
from tests.makers import a_buyer, an_admin, on_sale

CREATE = """mutation ($input: CreateCategoryInput!) { outcome: createCategory(input: $input) { __typename
  ... on CreateCategorySuccess { category { id path } }
  ... on UserError { code } ... on InvalidInput { issues { path code } } } }"""
UPDATE = """mutation ($input: UpdateCategoryInput!) { outcome: updateCategory(input: $input) { __typename
  ... on UpdateCategorySuccess { category { name commissionPpm attributes { name } ownAttributes { name } } }
  ... on UserError { code } ... on InvalidInput { issues { path code } } } }"""
TREE = """query ($path: String!) { category(path: $path) {
  id name path commissionPpm
  parent { path } ancestors { path } attributes { name required choices } ownAttributes { name }
  children { path children { path attributes { name } } } } }"""


def text(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "type": "TEXT", **more}


async def create(container: Container, admin: Actor, slug: str, **more: Any) -> dict[str, Any]:
    input = {"slug": slug, "name": slug.title(), **more}
    outcome: dict[str, Any] = (await execute(container, CREATE, {"input": input}, actor=admin))["outcome"]
    return outcome


async def a_line(container: Container, admin: Actor, *attributes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Categories one beneath the other, each with its own attributes."""
    made: list[dict[str, Any]] = []
    for index, own in enumerate(attributes):
        parent = {"parentId": made[-1]["id"]} if made else {}
        slug = f"root-{uuid4().hex}" if not made else f"level{index}"
        made.append((await create(container, admin, slug, attributes=own, **parent))["category"])
    return made


async def test_a_category_inherits_what_its_parents_ask(container: Container) -> None:
    admin = await an_admin(container)
    root, middle, leaf = await a_line(
        container,
        admin,
        [text("brand", required=True)],
        [{"name": "colour", "label": "Colour", "type": "CHOICE", "choices": ["Red"]}],
        [text("plug")],
    )
    assert leaf["path"] == f"{root['path']}/level1/level2"
    found = (await execute(container, TREE, {"path": leaf["path"]}))["category"]
    assert found["attributes"] == [
        {"name": "brand", "required": True, "choices": []},
        {"name": "colour", "required": False, "choices": ["Red"]},
        {"name": "plug", "required": False, "choices": []},
    ]
    assert found["ownAttributes"] == [{"name": "plug"}]
    assert [each["path"] for each in found["ancestors"]] == [root["path"], middle["path"]]
    assert found["parent"] == {"path": middle["path"]}
    top = (await execute(container, TREE, {"path": root["path"]}))["category"]
    assert top["parent"] is None
    assert [child["path"] for child in top["children"]] == [middle["path"]]
    assert [len(child["children"]) for child in top["children"]] == [1]


async def test_a_place_in_the_tree_is_taken_once(container: Container) -> None:
    admin = await an_admin(container)
    [root] = await a_line(container, admin, [text("brand")])
    assert (await create(container, admin, root["path"]))["issues"] == [{"path": ["input", "slug"], "code": "TAKEN"}]
    twice = await create(container, admin, "phones", parentId=root["id"], attributes=[text("brand"), text("Size")])
    assert [issue["path"] for issue in twice["issues"]] == [["input", "attributes", "1", "name"]]
    twice = await create(container, admin, "phones", parentId=root["id"], attributes=[text("brand")])
    assert twice["issues"] == [{"path": ["input", "attributes", "0", "name"], "code": "TAKEN"}]
    nowhere = await create(container, admin, "phones", parentId=encode_id("category", uuid4()))
    assert nowhere["code"] == "NOT_FOUND"


async def test_the_tree_has_a_bottom(container: Container) -> None:
    admin = await an_admin(container)
    line = await a_line(container, admin, *([[]] * 6))
    deeper = await create(container, admin, "deeper", parentId=line[-1]["id"])
    assert deeper["issues"] == [{"path": ["input", "parentId"], "code": "TOO_DEEP"}]


async def test_a_change_above_does_not_collide_with_what_stands_below(container: Container) -> None:
    admin = await an_admin(container)
    root, leaf = await a_line(container, admin, [text("brand")], [text("plug")])
    values = {"categoryId": root["id"], "name": "Things", "position": 3, "commissionPpm": 90_000}
    taken = {**values, "attributes": [text("brand"), text("plug")]}
    outcome = (await execute(container, UPDATE, {"input": taken}, actor=admin))["outcome"]
    assert outcome["issues"] == [{"path": ["input", "attributes", "1", "name"], "code": "TAKEN"}]
    full = {**values, "attributes": [text(f"a{index}") for index in range(60)]}
    outcome = (await execute(container, UPDATE, {"input": full}, actor=admin))["outcome"]
    assert outcome["issues"] == [{"path": ["input", "attributes"], "code": "TOO_MANY"}]
    fine = {**values, "attributes": [text("maker")]}
    outcome = (await execute(container, UPDATE, {"input": fine}, actor=admin))["outcome"]
    assert outcome["category"]["commissionPpm"] == 90_000
    found = (await execute(container, TREE, {"path": leaf["path"]}))["category"]
    assert [each["name"] for each in found["attributes"]] == ["maker", "plug"]
    assert (await execute(container, TREE, {"path": root["path"]}))["category"]["commissionPpm"] is None


async def test_the_tree_is_shaped_by_administrators(container: Container) -> None:
    buyer = await a_buyer(container)
    input = {"slug": "phones", "name": "Phones"}
    assert await refused(container, CREATE, {"input": input}, actor=buyer) == "NOT_PERMITTED"


async def test_a_category_is_asked_for_in_one_way(container: Container) -> None:
    assert await refused(container, "{ category { id } }") == "INVALID_INPUT"
    assert (await execute(container, '{ category(path: "no/such") { id } }'))["category"] is None


async def test_walking_down_the_tree_costs_a_statement_a_level(container: Container) -> None:
    admin = await an_admin(container)
    roots = [await a_line(container, admin, [text("brand")], [text("plug")]) for _ in range(3)]
    document = "{ categories { path attributes { name } children { path attributes { name } children { path } } } }"
    reads = CountingReads(container.reads)
    context = replace(container.context(admin), reads=reads, loaders=LoaderScope(reads))
    result = await SCHEMA.execute(document, context_value=context)
    assert result.errors is None
    assert result.data is not None
    paths = {each["path"] for each in result.data["categories"]}
    assert {line[0]["path"] for line in roots} <= paths
    assert len(reads.statements) <= 5


async def test_an_administrator_mends_a_product(container: Container) -> None:
    admin = await an_admin(container)
    [category] = await a_line(container, admin, [])
    made = """mutation ($input: CreateListingInput!) { createListing(input: $input) {
      ... on CreateListingSuccess { listing { product { id title } } } } }"""
    offered = await on_sale(container)
    owner = replace(await a_buyer(container), seller_id=offered.seller_id)
    gtin = f"4{uuid4().int % 10**11:011d}"
    check = (10 - sum(int(digit) * (1 if index % 2 == 0 else 3) for index, digit in enumerate(gtin)) % 10) % 10
    input = {"categoryId": category["id"], "title": "CHEAP LAMP!!!", "gtin": f"{gtin}{check}"}
    listing = (await execute(container, made, {"input": input}, actor=owner))["createListing"]["listing"]
    document = """mutation ($input: UpdateProductInput!) { outcome: updateProduct(input: $input) { __typename
      ... on UpdateProductSuccess { product { title brand category { id } } } ... on UserError { code } } }"""
    better = {"productId": listing["product"]["id"], "title": "Lamp", "brand": "Lux", "categoryId": category["id"]}
    outcome = (await execute(container, document, {"input": better}, actor=admin))["outcome"]
    assert outcome["product"] == {"title": "Lamp", "brand": "Lux", "category": {"id": category["id"]}}
    nowhere = {**better, "categoryId": encode_id("category", uuid4())}
    assert (await execute(container, document, {"input": nowhere}, actor=admin))["outcome"]["code"] == "NOT_FOUND"
