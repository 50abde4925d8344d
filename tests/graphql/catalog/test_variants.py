"""Variants over GraphQL: what can be bought, at which price, and what keeps a listing sellable."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from app.container import Container
from domain.catalog.model import VARIANTS_MAX, ListingStatus
from domain.shared.actor import Actor
from domain.shared.ids import encode_id
from tests.graphql.execution import execute
from tests.makers import OnSale, a_buyer, a_seller, on_sale

SHOWN = "variant { id sku title active position price { amountMinor } options { name value } } listing { version }"


async def call(container: Container, mutation: str, actor: Actor, **input: Any) -> dict[str, Any]:
    name = f"{mutation[0].upper()}{mutation[1:]}"
    document = f"""mutation ($input: {name}Input!) {{ outcome: {mutation}(input: $input) {{ __typename
      ... on {name}Success {{ {SHOWN} }}
      ... on UserError {{ code }} ... on InvalidInput {{ issues {{ path code }} }} }} }}"""
    outcome: dict[str, Any] = (await execute(container, document, {"input": input}, actor=actor))["outcome"]
    return outcome


async def offered(container: Container, **more: Any) -> tuple[OnSale, Actor, str]:
    made = await on_sale(container, **more)
    owner = replace(await a_buyer(container), seller_id=made.seller_id)
    return made, owner, encode_id("listing", made.listing_id)


def red(sku: str, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "priceMinor": 700, "options": [{"name": "colour", "value": "red"}], **more}


async def test_variants_are_added_and_changed_and_raise_the_version(container: Container) -> None:
    _, owner, listing_id = await offered(container)
    added = await call(container, "addVariant", owner, listingId=listing_id, **red("RED"))
    assert added["variant"]["price"]["amountMinor"] == 700
    assert added["listing"]["version"] == 2
    variant_id = added["variant"]["id"]
    changed = await call(container, "changeVariant", owner, variantId=variant_id, title="Red one", position=0)
    assert (changed["variant"]["title"], changed["variant"]["sku"]) == ("Red one", "RED")
    assert changed["variant"]["options"] == [{"name": "colour", "value": "red"}]
    priced = await call(container, "setVariantPrice", owner, variantId=variant_id, priceMinor=650)
    assert priced["variant"]["price"]["amountMinor"] == 650
    assert priced["listing"]["version"] == 4
    same = await call(container, "setVariantPrice", owner, variantId=variant_id, priceMinor=650)
    assert same["listing"]["version"] == 4


async def test_article_numbers_and_options_are_unique_in_a_listing(container: Container) -> None:
    _, owner, listing_id = await offered(container)
    first = await call(container, "addVariant", owner, listingId=listing_id, **red("RED"))
    taken = await call(container, "addVariant", owner, listingId=listing_id, **red("RED"))
    assert [issue["path"] for issue in taken["issues"]] == [["input", "sku"], ["input", "options"]]
    blue = [{"name": "colour", "value": "blue"}]
    second = await call(container, "addVariant", owner, listingId=listing_id, **red("BLUE", options=blue))
    clash = await call(container, "changeVariant", owner, variantId=second["variant"]["id"], sku="RED")
    assert clash["issues"] == [{"path": ["input", "sku"], "code": "TAKEN"}]
    await call(container, "setVariantActive", owner, variantId=first["variant"]["id"], active=False)
    again = await call(container, "addVariant", owner, listingId=listing_id, **red("RED2"))
    assert again["__typename"] == "AddVariantSuccess"
    back = await call(container, "setVariantActive", owner, variantId=first["variant"]["id"], active=True)
    assert back["issues"] == [{"path": ["input", "options"], "code": "TAKEN"}]
    twice = [{"name": "colour", "value": "red"}, {"name": "colour", "value": "blue"}]
    both = await call(container, "addVariant", owner, listingId=listing_id, **red("BOTH", options=twice))
    assert [issue["path"] for issue in both["issues"]] == [["input", "options"]]


async def test_a_listing_on_sale_keeps_a_variant(container: Container) -> None:
    made, owner, _ = await offered(container)
    variant_id = encode_id("variant", made.variant_id)
    last = await call(container, "setVariantActive", owner, variantId=variant_id, active=False)
    assert last["issues"] == [{"path": ["input", "variantId"], "code": "LAST_VARIANT"}]
    paused, owner, _ = await offered(container, status=ListingStatus.PAUSED)
    off = await call(
        container, "setVariantActive", owner, variantId=encode_id("variant", paused.variant_id), active=False
    )
    assert off["variant"]["active"] is False


async def test_buyers_see_active_variants_only(container: Container) -> None:
    _, owner, listing_id = await offered(container)
    added = await call(container, "addVariant", owner, listingId=listing_id, **red("RED"))
    await call(container, "setVariantActive", owner, variantId=added["variant"]["id"], active=False)
    document = "query ($id: ID!) { listing(id: $id) { variants { active } priceFrom { amountMinor } } }"
    seen = (await execute(container, document, {"id": listing_id}))["listing"]
    assert seen == {"variants": [{"active": True}], "priceFrom": {"amountMinor": 1_000}}
    mine = (await execute(container, document, {"id": listing_id}, actor=owner))["listing"]
    assert [each["active"] for each in mine["variants"]] == [True, False]


async def test_a_listing_has_a_bounded_number_of_variants(container: Container) -> None:
    _, owner, listing_id = await offered(container)
    for _ in range(VARIANTS_MAX - 1):
        made = await call(container, "addVariant", owner, listingId=listing_id, sku=uuid4().hex, priceMinor=1)
        assert made["__typename"] == "AddVariantSuccess"
    more = await call(container, "addVariant", owner, listingId=listing_id, sku=uuid4().hex, priceMinor=1)
    assert more["issues"] == [{"path": ["input"], "code": "TOO_MANY"}]


async def test_variants_of_others_do_not_exist_and_those_under_review_stay(container: Container) -> None:
    made, _, listing_id = await offered(container)
    stranger = await a_seller(container)
    variant_id = encode_id("variant", made.variant_id)
    for outcome in (
        await call(container, "addVariant", stranger, listingId=listing_id, **red("RED")),
        await call(container, "changeVariant", stranger, variantId=variant_id, sku="MINE"),
        await call(container, "setVariantPrice", stranger, variantId=variant_id, priceMinor=1),
        await call(container, "setVariantActive", stranger, variantId=variant_id, active=False),
    ):
        assert outcome == {"__typename": "NotFound", "code": "NOT_FOUND"}
    waiting, owner, _ = await offered(container, status=ListingStatus.PENDING_REVIEW)
    frozen = await call(
        container, "setVariantPrice", owner, variantId=encode_id("variant", waiting.variant_id), priceMinor=1
    )
    assert frozen["code"] == "LISTING_NOT_EDITABLE"
