"""Whatever changed since the buyer looked is told, counts for no more than can be had, and can be accepted."""

from typing import Any

import pytest
from sqlalchemy import select

from app.container import Container
from domain.catalog.model import Listing, ListingStatus, SaleMode, Variant
from domain.inventory.model import StockItem
from domain.sellers.model import Seller, SellerStatus, ShippingRate
from domain.shared.actor import Actor
from domain.shared.database import table
from domain.shared.ids import encode_id
from domain.shared.money import MINOR_UNITS_MAX
from tests.graphql.cart.carts import change, changed, lines, my_cart, put, seller, variant
from tests.makers import OnSale, a_buyer, a_shipping_rate, a_shop, on_sale
from tests.makers import change as set_columns


async def in_cart(container: Container, offer: OnSale, quantity: int = 3) -> Actor:
    """A buyer whose cart, sent to Germany, has something in it."""
    ann = await a_buyer(container)
    await put(container, offer, quantity, actor=ann)
    await changed(container, "setCartCountry", actor=ann, country="DE")
    return ann


async def told(container: Container, ann: Actor) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    cart = await my_cart(container, ann)
    assert cart is not None
    return cart["warnings"], cart


async def only(container: Container, ann: Actor) -> tuple[dict[str, Any], dict[str, Any]]:
    warnings, cart = await told(container, ann)
    (warning,) = warnings
    return warning, cart


async def stock(container: Container, offer: OnSale, on_hand: int) -> None:
    items = table(StockItem)
    chosen = select(items.c.id).where(items.c.variant_id == offer.variant_id)
    await set_columns(container, StockItem, await container.ports.db.primary.scalar(chosen), on_hand=on_hand)


@pytest.mark.parametrize(("price", "name"), [(1_200, "PriceIncreased"), (800, "PriceDecreased")])
async def test_a_price_that_moved(container: Container, price: int, name: str) -> None:
    lamp = await on_sale(container, price_minor=1_000)
    ann = await in_cart(container, lamp)
    await set_columns(container, Variant, lamp.variant_id, price_minor=price)
    warning, cart = await only(container, ann)
    assert (warning["__typename"], warning["lineId"]) == (name, cart["groups"][0]["lines"][0]["id"])
    assert (warning["seen"]["amountMinor"], warning["current"]["amountMinor"]) == (1_000, price)
    assert cart["total"]["amountMinor"] == 3 * price + 500


async def test_the_last_one_was_sold(container: Container) -> None:
    lamp = await on_sale(container)
    ann = await in_cart(container, lamp)
    await stock(container, lamp, 0)
    warning, cart = await only(container, ann)
    assert warning["__typename"] == "OutOfStock"
    assert cart["total"] is None
    assert cart["groups"][0]["lines"][0]["buyableQuantity"] == 0


async def test_fewer_are_left_than_wanted(container: Container) -> None:
    lamp = await on_sale(container)
    ann = await in_cart(container, lamp)
    await stock(container, lamp, 2)
    warning, cart = await only(container, ann)
    assert (warning["__typename"], warning["available"]) == ("QuantityReduced", 2)
    assert cart["total"]["amountMinor"] == 2_500
    line = cart["groups"][0]["lines"][0]
    assert (line["quantity"], line["buyableQuantity"], line["total"]["amountMinor"]) == (3, 2, 2_000)


async def test_the_listing_was_paused(container: Container) -> None:
    lamp = await on_sale(container)
    ann = await in_cart(container, lamp)
    await set_columns(container, Listing, lamp.listing_id, status=ListingStatus.PAUSED)
    warning, cart = await only(container, ann)
    assert (warning["__typename"], cart["total"]) == ("ListingUnavailable", None)


async def test_the_seller_was_suspended(container: Container) -> None:
    lamp = await on_sale(container)
    ann = await in_cart(container, lamp)
    await set_columns(container, Seller, lamp.seller_id, status=SellerStatus.SUSPENDED)
    warning, _ = await only(container, ann)
    assert (warning["__typename"], warning["sellerId"]) == ("SellerUnavailable", seller(lamp.seller_id))


async def test_the_seller_does_not_send_there(container: Container) -> None:
    shop = await a_shop(container, delivery_minor=None)
    await a_shipping_rate(container, shop, country="FR")
    ann = await in_cart(container, await on_sale(container, shop))
    warning, cart = await only(container, ann)
    assert (warning["__typename"], cart["groups"][0]["deliveryOptions"]) == ("NotShippedThere", [])


async def test_two_currencies_do_not_mix(container: Container) -> None:
    ann = await in_cart(container, await on_sale(container), 1)
    dollars = await on_sale(container, currency="USD")
    await put(container, dollars, actor=ann)
    warning, cart = await only(container, ann)
    assert (warning["__typename"], warning["sellerId"]) == ("OtherCurrency", seller(dollars.seller_id))
    assert cart["total"] == {"amountMinor": 1_500, "currency": "EUR", "formatted": "15.00 EUR"}


async def test_what_the_seller_accepts_first_is_bought_alone(container: Container) -> None:
    request = await on_sale(container, sale_mode=SaleMode.REQUEST)
    ann = await in_cart(container, request, 1)
    assert (await told(container, ann))[0] == []
    await put(container, await on_sale(container), actor=ann)
    warning, _ = await only(container, ann)
    assert (warning["__typename"], warning["sellerId"]) == ("BoughtAlone", seller(request.seller_id))


async def test_a_cart_beyond_all_amounts_can_still_be_read_and_mended(container: Container) -> None:
    ann = await in_cart(container, await on_sale(container, price_minor=MINOR_UNITS_MAX), 2)
    warning, cart = await only(container, ann)
    assert (warning["__typename"], cart["total"]) == ("TotalTooLarge", None)
    cart = await changed(container, "removeFromCart", actor=ann, lineId=warning["lineId"])
    assert cart["warnings"] == []


async def test_a_rate_beyond_all_amounts_spoils_nothing(container: Container) -> None:
    shop = await a_shop(container)
    await a_shipping_rate(container, shop, base_minor=MINOR_UNITS_MAX, per_item_minor=MINOR_UNITS_MAX)
    ann = await in_cart(container, await on_sale(container, shop), 3)
    warnings, cart = await told(container, ann)
    assert (warnings, cart["total"]["amountMinor"]) == ([], 3_500)
    assert len(cart["groups"][0]["deliveryOptions"]) == 1


@pytest.mark.parametrize("how", ["deleted", "moved"])
async def test_the_chosen_delivery_is_offered_no_more(container: Container, how: str) -> None:
    shop = await a_shop(container)
    express = await a_shipping_rate(container, shop, base_minor=1_500, country="DE")
    await a_shipping_rate(container, shop, base_minor=300, country="DE")
    ann = await in_cart(container, await on_sale(container, shop), 1)
    choice = {"sellerId": seller(shop), "shippingRateId": encode_id("shipping_rate", express)}
    await changed(container, "chooseDelivery", actor=ann, **choice)
    if how == "deleted":
        await set_columns(container, ShippingRate, express, deleted_at=container.ports.clock.now())
    else:
        await changed(container, "setCartCountry", actor=ann, country="FR")
    warning, cart = await only(container, ann)
    assert (warning["__typename"], warning["sellerId"]) == ("DeliveryOptionStale", seller(shop))
    assert cart["groups"][0]["delivery"]["amountMinor"] == (300 if how == "deleted" else 500)
    accepted = await accept(container, ann)
    assert accepted["warnings"] == []


async def accept(container: Container, ann: Actor) -> dict[str, Any]:
    cart = await my_cart(container, ann)
    assert cart is not None
    expected = cart["total"]["amountMinor"] if cart["total"] else 0
    return await changed(
        container, "acceptCartChanges", actor=ann, expectedTotalMinor=expected, expectedVersion=cart["version"]
    )


async def test_accepting_takes_prices_and_quantities_and_leaves_what_cannot_be_had(container: Container) -> None:
    lamp, scarce, sold = await on_sale(container), await on_sale(container), await on_sale(container)
    ann = await in_cart(container, lamp)
    await put(container, scarce, 3, actor=ann)
    await put(container, sold, 3, actor=ann)
    await set_columns(container, Variant, lamp.variant_id, price_minor=1_100)
    await stock(container, scarce, 2)
    await stock(container, sold, 0)
    before = (await told(container, ann))[1]
    after = await accept(container, ann)
    assert lines(after) == {variant(lamp): 3, variant(scarce): 2, variant(sold): 3}
    assert [warning["__typename"] for warning in after["warnings"]] == ["OutOfStock"]
    assert after["total"] == before["total"]
    assert (await accept(container, ann))["version"] == after["version"]


async def test_what_became_dearer_after_it_was_shown_is_not_accepted(container: Container) -> None:
    lamp = await on_sale(container)
    ann = await in_cart(container, lamp, 1)
    shown = (await told(container, ann))[1]
    await set_columns(container, Variant, lamp.variant_id, price_minor=1_001)
    refused = await change(container, "acceptCartChanges", actor=ann, expectedTotalMinor=shown["total"]["amountMinor"])
    assert refused["__typename"] == "CartChanged"
    assert refused["cart"]["total"]["amountMinor"] == 1_501
    assert [warning["__typename"] for warning in refused["cart"]["warnings"]] == ["PriceIncreased"]
