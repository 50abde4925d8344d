"""Filling a cart, as a user and as a guest, and reading it back at today's prices."""

from typing import Any

from app.container import Container
from domain.cart.editing import AddToCart, add_to_cart
from domain.cart.model import LINE_QUANTITY_MAX, LINES_MAX
from domain.catalog.model import Fulfilment, Listing, ListingPlace, ListingStatus
from domain.shared.database import Tx
from domain.shared.ids import encode_id, new_id
from tests.graphql.cart.carts import (
    a_guest_cart,
    change,
    changed,
    guest_cart,
    lines,
    my_cart,
    put,
    seller,
    variant,
)
from tests.graphql.execution import execute, refused
from tests.makers import OnSale, a_buyer, a_shipping_rate, a_shop, on_sale
from tests.makers import change as alter


async def test_a_user_fills_a_cart_and_reads_it_back(container: Container) -> None:
    ann = await a_buyer(container)
    assert await my_cart(container, ann) is None
    shop = await a_shop(container, delivery_minor=490)
    lamp, bulb = await on_sale(container, shop, price_minor=1_999), await on_sale(container, shop, price_minor=250)
    other = await on_sale(container, price_minor=5_000)
    await put(container, lamp, 2, actor=ann)
    await put(container, bulb, 1, actor=ann)
    await put(container, other, 1, actor=ann)
    cart = await changed(container, "setCartCountry", actor=ann, country="DE")
    assert cart == await my_cart(container, ann)
    assert [group["sellerId"] for group in cart["groups"]] == [seller(shop), seller(other.seller_id)]
    first = cart["groups"][0]
    assert [first[name]["amountMinor"] for name in ("subtotal", "delivery", "total")] == [4_248, 490, 4_738]
    assert first["shop"] == {"name": "Anne's Lamps"}
    assert cart["total"] == {"amountMinor": 10_238, "currency": "EUR", "formatted": "102.38 EUR"}
    assert (cart["lineCount"], cart["quantity"], cart["version"], cart["estimated"]) == (3, 4, 4, False)
    assert cart["warnings"] == []


async def test_a_guest_is_known_by_the_token_on_every_device(container: Container) -> None:
    lamp = await on_sale(container)
    token = await a_guest_cart(container, lamp, 2)
    assert len(token) >= 43
    on_the_phone = await put(container, lamp, 1, token=token)
    assert lines(on_the_phone) == {variant(lamp): 3}
    assert lines(await guest_cart(container, token)) == {variant(lamp): 3}
    again = await change(container, "addToCart", token=token, variantId=variant(lamp))
    assert again["cartToken"] is None


async def test_a_token_that_nobody_gave_out_never_becomes_a_carts(container: Container) -> None:
    lamp = await on_sale(container)
    made = await change(container, "addToCart", token="my-own-token", variantId=variant(lamp))
    assert made["cartToken"] not in (None, "my-own-token")
    assert await guest_cart(container, "my-own-token") is None
    assert (await change(container, "clearCart", token="my-own-token"))["code"] == "NOT_FOUND"
    assert (await change(container, "clearCart"))["code"] == "NOT_FOUND"


async def test_carts_are_their_holders_alone(container: Container) -> None:
    ann, bob = await a_buyer(container), await a_buyer(container)
    lamp = await on_sale(container)
    mine = await put(container, lamp, actor=ann)
    line_id = mine["groups"][0]["lines"][0]["id"]
    await put(container, lamp, actor=bob)
    theirs = await change(container, "updateCartLine", actor=bob, lineId=line_id, quantity=9)
    assert theirs["code"] == "NOT_FOUND"
    assert lines(await changed(container, "removeFromCart", actor=bob, lineId=line_id)) == {variant(lamp): 1}
    assert lines(await my_cart(container, ann)) == {variant(lamp): 1}
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert (await execute(container, node, {"id": mine["id"]}, actor=ann))["node"] == {"id": mine["id"]}
    assert (await execute(container, node, {"id": mine["id"]}, actor=bob))["node"] is None
    assert (await execute(container, node, {"id": mine["id"]}))["node"] is None
    assert await refused(container, "{ me { cart { id } } }") == "UNAUTHENTICATED"


async def test_lines_are_changed_removed_and_cleared(container: Container) -> None:
    ann = await a_buyer(container)
    lamp, bulb = await on_sale(container), await on_sale(container)
    await put(container, lamp, actor=ann)
    cart = await put(container, bulb, actor=ann)
    ids = [group["lines"][0]["id"] for group in cart["groups"]]
    cart = await changed(container, "updateCartLine", actor=ann, lineId=ids[0], quantity=7)
    assert lines(cart) == {variant(lamp): 7, variant(bulb): 1}
    cart = await changed(container, "removeFromCart", actor=ann, lineId=ids[0])
    assert lines(cart) == {variant(bulb): 1}
    again = await changed(container, "removeFromCart", actor=ann, lineId=ids[0])
    assert again["version"] == cart["version"]
    gone = await change(container, "updateCartLine", actor=ann, lineId=ids[0], quantity=1)
    assert gone["__typename"] == "NotFound"
    cart = await changed(container, "clearCart", actor=ann)
    assert (cart["groups"], cart["total"], cart["lineCount"]) == ([], None, 0)


async def test_a_line_holds_so_many_and_a_cart_so_many_lines(container: Container) -> None:
    ann = await a_buyer(container)
    shop = await a_shop(container)
    offers = [await on_sale(container, shop) for _ in range(LINES_MAX + 1)]
    await put(container, offers[0], LINE_QUANTITY_MAX - 1, actor=ann)
    full = await change(container, "addToCart", actor=ann, variantId=variant(offers[0]), quantity=2)
    assert (full["__typename"], full["code"]) == ("LineFull", "LINE_FULL")
    for quantity in (0, LINE_QUANTITY_MAX + 1):
        wrong = await change(container, "addToCart", actor=ann, variantId=variant(offers[0]), quantity=quantity)
        assert (wrong["__typename"], wrong["path"]) == ("InvalidInput", ["input", "quantity"])
    for offer in offers[1:LINES_MAX]:
        await add_to_cart(AddToCart(variant_id=offer.variant_id), actor=ann, db=container.ports.db)
    over = await change(container, "addToCart", actor=ann, variantId=variant(offers[LINES_MAX]))
    assert (over["__typename"], over["code"]) == ("CartFull", "CART_FULL")
    assert len(lines(await my_cart(container, ann))) == LINES_MAX


async def test_what_is_not_for_sale_is_not_put_in(container: Container) -> None:
    ann = await a_buyer(container)
    paused = await on_sale(container, status=ListingStatus.PAUSED)
    refused_ = await change(container, "addToCart", actor=ann, variantId=variant(paused))
    assert refused_["__typename"] == "NotForSale"
    unknown = await change(container, "addToCart", actor=ann, variantId=encode_id("variant", new_id()))
    assert unknown["__typename"] == "NotFound"
    assert await my_cart(container, ann) is None


async def test_the_delivery_is_chosen_per_seller(container: Container) -> None:
    ann = await a_buyer(container)
    shop = await a_shop(container, delivery_minor=490)
    express = await a_shipping_rate(container, shop, base_minor=1_500, days_min=1, days_max=1)
    abroad = await a_shipping_rate(container, shop, base_minor=900, country="CH")
    lamp = await on_sale(container, shop)
    cart = await put(container, lamp, actor=ann)
    assert cart["groups"][0]["deliveryOptions"] is None
    cart = await changed(container, "setCartCountry", actor=ann, country="DE")
    options = cart["groups"][0]["deliveryOptions"]
    assert [(option["price"]["amountMinor"], option["chosen"]) for option in options] == [(490, True), (1_500, False)]
    choice = {"sellerId": seller(shop), "shippingRateId": encode_id("shipping_rate", express)}
    cart = await changed(container, "chooseDelivery", actor=ann, **choice)
    assert cart["groups"][0]["delivery"]["amountMinor"] == 1_500
    assert [option["chosen"] for option in cart["groups"][0]["deliveryOptions"]] == [False, True]
    elsewhere = await on_sale(container)
    for wrong in (
        choice | {"shippingRateId": encode_id("shipping_rate", abroad)},
        choice | {"shippingRateId": encode_id("shipping_rate", new_id())},
        choice | {"sellerId": seller(elsewhere.seller_id)},
    ):
        assert (await change(container, "chooseDelivery", actor=ann, **wrong))["__typename"] == "NotFound"


async def test_what_is_not_sent_has_a_group_without_delivery(container: Container) -> None:
    ann = await a_buyer(container)
    shop = await a_shop(container)
    await put(container, await on_sale(container, shop), actor=ann)
    await put(container, await on_sale(container, shop, fulfilment=Fulfilment.DIGITAL), actor=ann)
    cart = await changed(container, "setCartCountry", actor=ann, country="DE")
    assert [group["fulfilment"] for group in cart["groups"]] == ["SHIP", "DIGITAL"]
    assert cart["groups"][1]["deliveryOptions"] == []
    assert cart["total"]["amountMinor"] == 2_500


async def test_lines_are_sent_or_fetched_as_the_buyer_chooses(container: Container) -> None:
    ann, shop = await a_buyer(container), await a_shop(container)
    both = await on_sale(container, shop, pickup_too=True)
    await put_at(container, both, locality="Mitte", line1="Secret street 3")
    await put(container, both, actor=ann)
    await put(container, await on_sale(container, shop), actor=ann)
    cart = await changed(container, "setCartCountry", actor=ann, country="DE")
    [group] = cart["groups"]
    fetchable, sent = group["lines"]
    assert (fetchable["fulfilments"], sent["fulfilments"]) == (["SHIP", "PICKUP"], ["SHIP"])
    assert (fetchable["pickupPlace"], cart["total"]["amountMinor"]) == (None, 2_500)

    both_lines = [fetchable["id"], sent["id"]]
    refused = await change(container, "chooseFulfilment", actor=ann, lineIds=both_lines, fulfilment="PICKUP")
    assert (refused["__typename"], lines(await my_cart(container, ann))) == ("InvalidInput", lines(cart))
    cart = await changed(container, "chooseFulfilment", actor=ann, lineIds=[fetchable["id"]], fulfilment="PICKUP")
    assert {group["fulfilment"]: group["total"]["amountMinor"] for group in cart["groups"]} == {
        "PICKUP": 1_000, "SHIP": 1_500,
    }  # fmt: skip
    [line] = [line for group in cart["groups"] for line in group["lines"] if line["pickupPlace"]]
    assert line["pickupPlace"] == {"locality": "Mitte", "exact": None}

    await alter(container, Listing, both.listing_id, pickup_too=False)
    cart = await my_cart(container, ann) or {}
    assert [warning["__typename"] for warning in cart["warnings"]] == ["FulfilmentUnavailable"]
    assert cart["total"]["amountMinor"] == 1_500
    cart = await changed(container, "chooseFulfilment", actor=ann, lineIds=[fetchable["id"]], fulfilment="SHIP")
    assert (cart["warnings"], cart["total"]["amountMinor"]) == ([], 2_500)


async def test_what_is_fetched_is_put_in_so(container: Container) -> None:
    both = await on_sale(container, pickup_too=True)
    asked: dict[str, Any] = {"variantId": variant(both), "fulfilment": "PICKUP"}
    made = await change(container, "addToCart", **asked)
    [group] = made["cart"]["groups"]
    assert (group["fulfilment"], group["deliveryOptions"], made["cart"]["total"]["amountMinor"]) == (
        "PICKUP",
        [],
        1_000,
    )
    refused = await change(container, "addToCart", **(asked | {"fulfilment": "DIGITAL"}))
    assert refused["__typename"] == "InvalidInput"


async def put_at(container: Container, offer: OnSale, **more: Any) -> None:
    async def step(tx: Tx) -> None:
        where = {"latitude": 52.5123, "longitude": 13.3876, "public_latitude": 52.51, "public_longitude": 13.39}
        fields: dict[str, Any] = where | {"country": "DE", "updated_at": tx.now} | more
        await tx.add(ListingPlace(listing_id=offer.listing_id, **fields))

    await container.ports.db.run(step)


async def test_the_number_of_statements_does_not_grow_with_the_lines(
    counted: tuple[Container, list[str]],
) -> None:
    container, statements = counted

    async def count(number: int) -> int:
        ann = await a_buyer(container)
        for _ in range(number):
            await put(container, await on_sale(container), actor=ann)
        await changed(container, "setCartCountry", actor=ann, country="DE")
        await my_cart(container, ann)
        statements.clear()
        cart = await my_cart(container, ann)
        assert len(lines(cart)) == number
        return len(statements)

    # State, what pricing needs (4), shops, listings and variants to show; the content comes from its copy.
    assert await count(1) == await count(15) == 8
