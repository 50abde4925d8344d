"""Accepting a cart as it is now. The guarantee: nobody holds the cart while others are asked what sending it costs."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from app.container import Container
from domain.cart.accepting import AcceptCartChanges, accept_cart_changes
from domain.cart.editing import AddToCart, SetCartCountry, add_to_cart, set_cart_country
from domain.cart.errors import CartChanged
from domain.cart.model import Cart
from domain.pricing.ports import RatesFound, ShippingRates
from domain.shared.actor import Actor
from domain.shared.database import Database
from domain.shared.errors import NotFound
from tests.makers import a_buyer, on_sale


class FakeCuriousRates:
    """Looks whether anybody holds the cart, and may change it, while it is asked."""

    def __init__(self, rates: ShippingRates, db: Database, buyer: Actor, cart_id: UUID) -> None:
        self._rates, self._db, self._buyer, self._cart_id = rates, db, buyer, cart_id
        self.was_free: list[bool] = []
        self.added: UUID | None = None

    async def of_sellers(self, seller_ids: Sequence[UUID]) -> RatesFound:
        free = await self._db.run(lambda tx: tx.lock(Cart, [self._cart_id], skip_locked=True))
        self.was_free.append(bool(free))
        if self.added is not None:
            await add_to_cart(AddToCart(variant_id=self.added), actor=self._buyer, db=self._db)
        return await self._rates.of_sellers(seller_ids)


async def test_while_rates_are_asked_for_others_may_have_the_cart(container: Container) -> None:
    ann, lamp = await a_buyer(container), await on_sale(container)
    db, carts = container.ports.db, container.ports.carts
    cart_id = (await add_to_cart(AddToCart(variant_id=lamp.variant_id), actor=ann, db=db)).cart_id
    await set_cart_country(SetCartCountry(country="DE"), actor=ann, db=db)
    rates = FakeCuriousRates(carts.shipping, db, ann, cart_id)
    command = AcceptCartChanges(expected_total_minor=10_000)
    asked = replace(carts, shipping=rates)
    assert await accept_cart_changes(command, actor=ann, ports=asked) == cart_id
    rates.added = (await on_sale(container)).variant_id
    with pytest.raises(CartChanged):
        await accept_cart_changes(command, actor=ann, ports=asked)
    assert rates.was_free == [True, True]


async def test_who_has_no_cart_has_nothing_to_accept(container: Container) -> None:
    command = AcceptCartChanges(expected_total_minor=0)
    with pytest.raises(NotFound):
        await accept_cart_changes(command, actor=await a_buyer(container), ports=container.ports.carts)
