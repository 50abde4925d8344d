"""A purchase takes the cart's lines out, and gives them back beside what was added meanwhile."""

from uuid import UUID

import pytest

from app.container import Container
from domain.cart.consuming import CartLineSnapshot, consume, give_back
from domain.cart.editing import AddToCart, add_to_cart
from domain.cart.errors import CartChanged, CartEmpty
from domain.cart.model import LINE_QUANTITY_MAX, LINES_MAX, Cart
from domain.cart.reads import CartContent, content_by_id
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.errors import NotFound
from domain.shared.ids import new_id
from tests.makers import OnSale, a_buyer, a_shop, on_sale


async def put(container: Container, actor: Actor, offer: OnSale, quantity: int = 1) -> UUID:
    command = AddToCart(variant_id=offer.variant_id, quantity=quantity)
    return (await add_to_cart(command, actor=actor, db=container.ports.db)).cart_id


async def consumed(
    container: Container, cart_id: UUID, actor: Actor, version: int, checkout_id: UUID | None = None
) -> tuple[CartLineSnapshot, ...]:
    async def step(tx: Tx) -> tuple[CartLineSnapshot, ...]:
        return await consume(
            tx, cart_id=cart_id, user_id=actor.user(), version=version, checkout_id=checkout_id or new_id()
        )

    return await container.ports.db.run(step)


async def given_back(container: Container, cart_id: UUID, lines: tuple[CartLineSnapshot, ...]) -> CartContent:
    await container.ports.db.run(lambda tx: give_back(tx, cart_id=cart_id, lines=lines))
    return await content(container, cart_id)


async def content(container: Container, cart_id: UUID) -> CartContent:
    found = await content_by_id(container.ports.db.primary, cart_id)
    assert found is not None
    return found


def quantities(found: CartContent) -> dict[UUID, int]:
    return {line.variant_id: line.quantity for line in found.lines}


async def test_a_cart_is_taken_out_once_and_names_its_checkout(container: Container) -> None:
    ann, lamp, bulb = await a_buyer(container), await on_sale(container), await on_sale(container)
    await put(container, ann, lamp, 2)
    cart_id = await put(container, ann, bulb)
    checkout_id = new_id()
    taken = await consumed(container, cart_id, ann, 2, checkout_id)
    assert taken == (CartLineSnapshot(lamp.variant_id, 2, 1_000), CartLineSnapshot(bulb.variant_id, 1, 1_000))
    after = await content(container, cart_id)
    assert (after.lines, after.stamp.version) == ((), 3)
    row = await container.ports.db.run(lambda tx: tx.get(Cart, cart_id))
    assert row is not None
    assert row.checked_out_by == checkout_id
    with pytest.raises(CartChanged) as refused:
        await consumed(container, cart_id, ann, 2)
    assert refused.value.cart_id == cart_id
    with pytest.raises(CartEmpty):
        await consumed(container, cart_id, ann, 3)


async def test_nobody_buys_the_cart_of_another(container: Container) -> None:
    ann, bob, lamp = await a_buyer(container), await a_buyer(container), await on_sale(container)
    cart_id = await put(container, ann, lamp)
    with pytest.raises(NotFound):
        await consumed(container, cart_id, bob, 1)
    await put(container, bob, lamp)
    with pytest.raises(NotFound):
        await consumed(container, cart_id, bob, 1)
    assert quantities(await content(container, cart_id)) == {lamp.variant_id: 1}


async def test_a_purchase_that_fails_leaves_the_cart_as_it_was(container: Container) -> None:
    ann, lamp = await a_buyer(container), await on_sale(container)
    cart_id = await put(container, ann, lamp)
    before = await content(container, cart_id)

    async def step(tx: Tx) -> None:
        await consume(tx, cart_id=cart_id, user_id=ann.user(), version=1, checkout_id=new_id())
        raise CartEmpty()

    with pytest.raises(CartEmpty):
        await container.ports.db.run(step)
    assert await content(container, cart_id) == before


async def test_lines_come_back_beside_what_was_added_meanwhile(container: Container) -> None:
    ann, lamp, bulb = await a_buyer(container), await on_sale(container), await on_sale(container)
    cart_id = await put(container, ann, lamp, 60)
    taken = await consumed(container, cart_id, ann, 1)
    await put(container, ann, lamp, 60)
    await put(container, ann, bulb)
    after = await given_back(container, cart_id, taken)
    assert quantities(after) == {lamp.variant_id: LINE_QUANTITY_MAX, bulb.variant_id: 1}
    assert after.stamp.version == 5


async def test_what_comes_back_never_makes_a_cart_larger_than_it_may_be(container: Container) -> None:
    ann, shop = await a_buyer(container), await a_shop(container)
    lamp = await on_sale(container, shop)
    cart_id = await put(container, ann, lamp)
    many = [CartLineSnapshot((await on_sale(container, shop)).variant_id, 1, 500) for _ in range(LINES_MAX)]
    after = await given_back(container, cart_id, tuple(many))
    assert len(after.lines) == LINES_MAX
    assert lamp.variant_id in quantities(after)
