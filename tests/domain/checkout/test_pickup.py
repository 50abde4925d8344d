"""Buying what is fetched: nothing is sent, so nobody need say where, and nothing is paid for it."""

from typing import Any
from uuid import UUID

import pytest

from app.container import Container
from domain.cart.consuming import give_back
from domain.cart.fulfilment import ChooseFulfilment, choose_fulfilment
from domain.cart.reads import content_by_id
from domain.catalog.model import Fulfilment, Listing, ListingPlace
from domain.checkout.errors import AddressRequired, ItemsUnavailable
from domain.checkout.lines import cart_lines
from domain.checkout.model import Checkout
from domain.orders.contents import address_by_orders
from domain.orders.pickup import pickup_places_by_orders, pickups_by_orders
from domain.orders.reads import orders_of_checkout
from domain.pricing.quote import ProblemKind, QuoteRequest, WantedLine
from domain.sellers.model import Seller
from domain.shared.database import Tx
from tests.domain.checkout.scenes import Scene, a_scene, ports_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import OnSale, change, on_sale
from tests.quotes import make_quote

HERE: dict[str, Any] = {
    "latitude": 52.5123, "longitude": 13.3876, "public_latitude": 52.51, "public_longitude": 13.39, "line1": "Court 3",
    "locality": "Mitte", "country": "DE",
}  # fmt: skip


async def to_fetch(container: Container, **more: Any) -> OnSale:
    sale = await on_sale(container, **({"fulfilment": Fulfilment.PICKUP} | more))

    async def step(tx: Tx) -> None:
        await tx.add(ListingPlace(listing_id=sale.listing_id, updated_at=tx.now, **HERE))

    await container.ports.db.run(step)
    return sale


async def test_it_is_bought_without_an_address_and_fetched_where_it_was_then(container: Container) -> None:
    goods = [await to_fetch(container)]
    scene = await a_scene(container, goods=goods)
    checkout_id = await scene.start(
        ports_of(container, FakePaymentGateway()), address_id=None, expected_total_minor=2 * 1_000
    )
    await change(container, ListingPlace, goods[0].listing_id, line1="Moved away")
    reads = container.ports.db.primary
    [order] = (await orders_of_checkout(reads, [checkout_id]))[checkout_id]
    assert (order.fulfilment, order.shipping_minor, order.total_minor) == (Fulfilment.PICKUP, 0, 2_000)
    [place] = (await pickup_places_by_orders(reads, [order.id]))[order.id]
    assert (place.listing_id, place.line1, place.latitude) == (goods[0].listing_id, "Court 3", 52.5123)
    assert order.id in await pickups_by_orders(reads, [order.id])
    assert await address_by_orders(reads, [order.id]) == {}


async def test_what_is_sent_besides_it_needs_an_address(container: Container) -> None:
    scene = await a_scene(container, goods=[await to_fetch(container), await on_sale(container)])
    with pytest.raises(AddressRequired):
        await scene.start(ports_of(container, FakePaymentGateway()), address_id=None)


async def test_it_is_taxed_in_the_country_of_the_shop_unless_the_buyer_says_where(container: Container) -> None:
    german, austrian = await to_fetch(container), await to_fetch(container)
    await change(container, Seller, austrian.seller_id, country="AT")
    digital = await on_sale(container, fulfilment=Fulfilment.DIGITAL)

    async def country(*goods: OnSale, given: str | None = None) -> tuple[str | None, bool]:
        quoted = await make_quote(
            container.reads,
            QuoteRequest(tuple(WantedLine(each.variant_id, 1) for each in goods), given),
            shipping=container.ports.shipping_rates,
            tax=container.ports.tax_rules,
            policy=container.ports.policy,
        )
        assert quoted.quote is not None
        return quoted.quote.country, quoted.quote.estimated

    assert await country(german) == ("DE", False)
    assert await country(austrian) == ("AT", False)
    assert await country(german, given="FR") == ("FR", False)
    assert await country(german, austrian) == (None, True)
    assert await country(german, digital) == (None, True)


async def test_the_buyer_chooses_to_fetch_what_could_be_sent(container: Container) -> None:
    """Nobody pays for a parcel that they do not want, or gets one that they did not ask for."""
    goods = [await to_fetch(container, fulfilment=Fulfilment.SHIP, pickup_too=True)]
    sent, fetched = await a_scene(container, goods=goods), await a_scene(container, goods=goods)
    ports = ports_of(container, FakePaymentGateway())
    with pytest.raises(AddressRequired):
        await sent.start(ports, address_id=None)
    orders = {}
    await choose(container, fetched, Fulfilment.PICKUP)
    for scene, more in ((sent, {}), (fetched, {"address_id": None, "cart_version": 2})):
        checkout_id = await scene.start(ports, **more)
        [orders[scene.key]] = (await orders_of_checkout(container.ports.db.primary, [checkout_id]))[checkout_id]
    order = orders[sent.key]
    assert (order.fulfilment, order.shipping_minor, order.total_minor) == (Fulfilment.SHIP, 500, 2_500)
    assert await pickup_places_by_orders(container.reads, [order.id]) == {order.id: []}
    order = orders[fetched.key]
    assert (order.fulfilment, order.shipping_minor, order.total_minor) == (Fulfilment.PICKUP, 0, 2_000)
    [place] = (await pickup_places_by_orders(container.reads, [order.id]))[order.id]
    assert place.line1 == "Court 3"


async def test_what_is_not_offered_any_more_as_it_was_chosen_is_not_bought_in_another_way(container: Container) -> None:
    goods = [await to_fetch(container, fulfilment=Fulfilment.SHIP, pickup_too=True)]
    scene = await a_scene(container, goods=goods)
    await choose(container, scene, Fulfilment.PICKUP)
    await change(container, Listing, goods[0].listing_id, pickup_too=False)
    with pytest.raises(ItemsUnavailable) as refusal:
        await scene.start(ports_of(container, FakePaymentGateway()), cart_version=2)
    assert [each.kind for each in refusal.value.problems] == [ProblemKind.FULFILMENT_UNAVAILABLE]


async def test_a_cart_that_is_given_back_remembers_how_its_lines_are_fetched(container: Container) -> None:
    goods = [await to_fetch(container, fulfilment=Fulfilment.SHIP, pickup_too=True)]
    scene = await a_scene(container, goods=goods)
    await choose(container, scene, Fulfilment.PICKUP)
    await scene.start(ports_of(container, FakePaymentGateway()), cart_version=2, payment_method=None)
    content = await content_by_id(container.ports.db.primary, scene.cart_id)
    assert content is not None
    assert content.lines == ()
    [checkout] = await rows_of_cart(container, scene.cart_id)
    await container.ports.db.run(lambda tx: give_back(tx, cart_id=scene.cart_id, lines=cart_lines(checkout)))
    content = await content_by_id(container.ports.db.primary, scene.cart_id)
    assert content is not None
    assert [line.fulfilment for line in content.lines] == [Fulfilment.PICKUP]


async def rows_of_cart(container: Container, cart_id: UUID) -> list[Checkout]:
    return await container.ports.db.run(lambda tx: tx.load(Checkout, [cart_id], by="cart_id"))


async def choose(container: Container, scene: Scene, fulfilment: Fulfilment) -> None:
    """For all that is in the cart."""
    content = await content_by_id(container.ports.db.primary, scene.cart_id)
    assert content is not None
    chosen = ChooseFulfilment(line_ids=tuple(line.id for line in content.lines), fulfilment=fulfilment)
    await choose_fulfilment(chosen, actor=scene.buyer, db=container.ports.db)
