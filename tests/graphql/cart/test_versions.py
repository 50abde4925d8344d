"""A change that names a version is made on that version or not at all."""

from typing import Any

from app.container import Container
from tests.graphql.cart.carts import a_guest_cart, change, changed, lines, my_cart, put, seller, variant
from tests.makers import a_buyer, on_sale


async def test_an_old_version_changes_nothing_and_shows_the_present_cart(container: Container) -> None:
    ann = await a_buyer(container)
    lamp = await on_sale(container)
    seen = await put(container, lamp, actor=ann)
    now = await put(container, lamp, actor=ann)
    line_id = now["groups"][0]["lines"][0]["id"]
    tries: dict[str, dict[str, Any]] = {
        "addToCart": {"variantId": variant(lamp)},
        "updateCartLine": {"lineId": line_id, "quantity": 9},
        "removeFromCart": {"lineId": line_id},
        "clearCart": {},
        "chooseDelivery": {"sellerId": seller(lamp.seller_id), "shippingRateId": "shr_00000000000000000000000000"},
        "setCartCountry": {"country": "DE"},
        "acceptCartChanges": {"expectedTotalMinor": 10_000},
    }
    for name, input_ in tries.items():
        made = await change(container, name, actor=ann, expectedVersion=seen["version"], **input_)
        assert (made["__typename"], made["code"], made["cart"]) == ("CartChanged", "CART_CHANGED", now), name
    assert await my_cart(container, ann) == now


async def test_the_present_version_is_changed(container: Container) -> None:
    lamp = await on_sale(container)
    token = await a_guest_cart(container, lamp)
    cart = await changed(container, "addToCart", token=token, variantId=variant(lamp), expectedVersion=1)
    assert (cart["version"], lines(cart)) == (2, {variant(lamp): 2})


async def test_a_first_cart_has_no_version_to_be_wrong_about(container: Container) -> None:
    ann = await a_buyer(container)
    lamp = await on_sale(container)
    cart = await changed(container, "addToCart", actor=ann, variantId=variant(lamp), expectedVersion=4)
    assert cart["version"] == 1
