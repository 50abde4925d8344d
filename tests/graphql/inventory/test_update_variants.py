"""The guarantee: of many prices and stocks set at once each item is done wholly or refused by name, and done once."""

import asyncio
from dataclasses import replace
from typing import Any, get_args
from uuid import UUID, uuid4

from graphql import GraphQLUnionType

from app.container import Container
from domain.catalog.model import ListingStatus
from domain.inventory.reservations import reserve
from domain.inventory.synchronising import ItemError
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.ids import encode_id
from resolvers.shared.errors import member_of
from tests.domain.inventory.stock_state import stock_of
from tests.graphql.execution import execute
from tests.graphql.operations import CORE
from tests.makers import a_buyer, a_checkout, a_shop, on_sale

UPDATE = """mutation ($input: UpdateVariantsInput!) { outcome: updateVariants(input: $input) { __typename
  ... on UpdateVariantsSuccess { updatedCount outcomes { __typename
    ... on VariantUpdated { variant { id sku price { amountMinor } } stock { onHand reserved } }
    ... on StockBelowReserved { onHand reserved wanted }
    ... on InvalidInput { issues { path code } }
    ... on UserError { code } } }
  ... on InvalidInput { issues { path code } }
  ... on UserError { code } } }"""


async def update(container: Container, actor: Actor, *items: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    values = {"items": list(items), "idempotencyKey": key or uuid4().hex}
    outcome: dict[str, Any] = (await execute(container, UPDATE, {"input": values}, actor=actor))["outcome"]
    return outcome


async def a_member(container: Container) -> Actor:
    return replace(await a_buyer(container), seller_id=await a_shop(container))


async def promise(container: Container, variant_id: UUID, quantity: int) -> None:
    buyer = await a_buyer(container)
    checkout_id = await a_checkout(container, buyer)

    async def step(tx: Tx) -> None:
        lines = [(variant_id, quantity)]
        assert not await reserve(tx, checkout_id=checkout_id, lines=lines, expires_at=None, actor=buyer.name)

    await container.ports.db.run(step)


async def test_each_item_is_done_or_says_why_not(container: Container) -> None:
    owner = await a_member(container)
    both, promised, archived = [
        await on_sale(container, owner.seller(), stock=10, status=status)
        for status in (ListingStatus.ACTIVE, ListingStatus.ACTIVE, ListingStatus.ARCHIVED)
    ]
    foreign = await on_sale(container)
    await promise(container, promised.variant_id, 4)
    both_id = encode_id("variant", both.variant_id)
    outcome = await update(
        container,
        owner,
        {"variantId": both_id, "priceMinor": 1_250, "onHand": 7},
        {"variantId": encode_id("variant", promised.variant_id), "priceMinor": 99, "onHand": 3},
        {"variantId": encode_id("variant", archived.variant_id), "priceMinor": 5},
        {"variantId": encode_id("variant", foreign.variant_id), "priceMinor": 5},
        {"sku": "nobody has it", "onHand": 5},
        {"variantId": both_id, "onHand": 8},
        {"variantId": both_id, "sku": "both", "priceMinor": 0},
        {"sku": "nothing to do"},
    )
    done, below, fixed, *unknown, twice, faulty, empty = outcome["outcomes"]
    assert outcome["updatedCount"] == 1
    assert done["variant"]["price"] == {"amountMinor": 1_250}
    assert done["stock"] == {"onHand": 7, "reserved": 0}
    assert below == {
        "__typename": "StockBelowReserved",
        "code": "STOCK_BELOW_RESERVED",
        "onHand": 10,
        "reserved": 4,
        "wanted": 3,
    }
    assert fixed["code"] == "LISTING_NOT_EDITABLE"
    assert [each["code"] for each in unknown] == ["NOT_FOUND", "NOT_FOUND"]
    assert twice["issues"] == [{"path": ["input", "items", "5"], "code": "DUPLICATE"}]
    assert [(issue["path"][2:], issue["code"]) for issue in faulty["issues"]] == [
        (["6"], "AMBIGUOUS"),
        (["6", "priceMinor"], "OUT_OF_RANGE"),
    ]
    assert empty["issues"][0]["code"] == "EMPTY"
    untouched = await update(container, owner, {"variantId": encode_id("variant", promised.variant_id), "onHand": 10})
    assert untouched["outcomes"][0]["variant"]["price"] == {"amountMinor": 1_000}


async def test_a_variant_is_found_by_its_article_number(container: Container) -> None:
    owner = await a_member(container)
    offered = await on_sale(container, owner.seller(), stock=None)
    document = "query ($id: ID!) { listing(id: $id) { variants { sku } } }"
    listing = await execute(container, document, {"id": encode_id("listing", offered.listing_id)}, actor=owner)
    sku = listing["listing"]["variants"][0]["sku"]
    outcome = await update(container, owner, {"sku": sku, "onHand": 4})
    assert outcome["outcomes"][0]["stock"] == {"onHand": 4, "reserved": 0}
    assert (await stock_of(container, offered.variant_id)).on_hand == 4


async def test_the_same_key_changes_nothing_and_tells_the_same(container: Container) -> None:
    owner, key = await a_member(container), uuid4().hex
    offered = await on_sale(container, owner.seller(), stock=10)
    item = {"variantId": encode_id("variant", offered.variant_id), "onHand": 8}
    refused = {"sku": "nobody has it", "onHand": 1}
    first = await update(container, owner, item, refused, {"sku": "x", "onHand": -1}, key=key)
    await promise(container, offered.variant_id, 2)
    again = await update(container, owner, item, refused, {"sku": "x", "onHand": -1}, key=key)
    assert again["updatedCount"] == 1
    assert again["outcomes"][0]["stock"] == {"onHand": 8, "reserved": 2}
    assert again["outcomes"][1:] == first["outcomes"][1:]
    other = await update(container, owner, {**item, "onHand": 9}, key=key)
    assert other["code"] == "IDEMPOTENCY_CONFLICT"
    assert (await stock_of(container, offered.variant_id)).on_hand == 8


async def test_more_items_than_allowed_are_refused_at_once(container: Container) -> None:
    owner = await a_member(container)
    outcome = await update(container, owner, *({"sku": str(number), "onHand": 1} for number in range(101)))
    assert outcome["__typename"] == "InvalidInput"
    assert outcome["issues"][0]["path"] == ["input", "items"]
    assert (await update(container, owner))["__typename"] == "InvalidInput"


async def test_opposite_orders_at_once_all_end(container: Container) -> None:
    owner = await a_member(container)
    variants = [(await on_sale(container, owner.seller(), stock=None)).variant_id for _ in range(12)]
    ids = [encode_id("variant", variant_id) for variant_id in variants]

    def items(order: list[str], number: int) -> list[dict[str, Any]]:
        return [{"variantId": id_, "priceMinor": 100 + number, "onHand": number} for id_ in order]

    outcomes = await asyncio.gather(
        *(update(container, owner, *items(ids if number % 2 else ids[::-1], number)) for number in range(8))
    )
    assert [outcome["updatedCount"] for outcome in outcomes] == [len(ids)] * 8
    assert len({(await stock_of(container, variant_id)).on_hand for variant_id in variants}) == 1


def test_every_reason_to_refuse_an_item_is_a_member_of_its_outcome() -> None:
    union = CORE.get_type("VariantUpdateOutcome")
    assert isinstance(union, GraphQLUnionType)
    shown = [member_of(error) for error in get_args(ItemError)]
    assert {"VariantUpdated", *(member.__name__ for member in shown if member)} == {each.name for each in union.types}
    assert all(shown)
