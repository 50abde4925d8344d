"""Two processes at one cart. The guarantees: no line is lost, no version is written twice, no cart is bought twice.

Two processes are two wired products with pools of their own on one database; they meet in PostgreSQL only.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from app.container import Container, open_container
from app.jobs import handlers_of
from domain.cart.consuming import consume, give_back
from domain.cart.editing import AddToCart, ClearCart, UpdateCartLine, add_to_cart, clear_cart, update_cart_line
from domain.cart.errors import CartChanged
from domain.cart.holding import Holder
from domain.cart.loading import load_cart
from domain.cart.merging import merge_guest_cart
from domain.cart.reads import CartContent
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.database import Tx
from domain.shared.ids import new_id
from tests.makers import OnSale, a_buyer, on_sale

ROUNDS = 10


@pytest.fixture
async def processes(container: Container) -> AsyncIterator[tuple[Container, Container]]:
    async with open_container(container.settings, handlers_of=handlers_of()) as other:
        yield container, other


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """All at once; what each gave, or the CartChanged that it met."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, CartChanged):
            raise outcome
    return outcomes


async def put(
    at: Container, offer: OnSale, *, actor: Actor = ANONYMOUS, token: str | None = None, version: int | None = None
) -> str | None:
    command = AddToCart(variant_id=offer.variant_id, cart_token=token, expected_version=version)
    return (await add_to_cart(command, actor=actor, db=at.ports.db)).token


async def content(at: Container, holder: Holder) -> CartContent:
    found = await load_cart(at.ports.db.primary, holder, at.ports.carts)
    assert found is not None
    return found


def quantities(found: CartContent) -> dict[UUID, int]:
    return {line.variant_id: line.quantity for line in found.lines}


async def test_of_two_tabs_on_one_version_one_wins(processes: tuple[Container, Container]) -> None:
    one, two = processes
    ann, lamp = await a_buyer(one), await on_sale(one)
    holder = Holder(ann.user())
    await put(one, lamp, actor=ann)
    for _ in range(ROUNDS):
        before = await content(one, holder)
        line, version = before.lines[0], before.stamp.version

        def quantity(at: Container, value: int, line_id: UUID = line.id, version: int = version) -> Awaitable[UUID]:
            command = UpdateCartLine(line_id=line_id, quantity=value, expected_version=version)
            return update_cart_line(command, actor=ann, db=at.ports.db)

        outcomes = await together(quantity(one, line.quantity % 50 + 1), quantity(two, line.quantity % 50 + 2))
        assert sum(isinstance(outcome, CartChanged) for outcome in outcomes) == 1
        after = await content(two, holder)
        assert after.stamp.version == version + 1
        won = 1 if isinstance(outcomes[1], CartChanged) else 2
        assert after.lines[0].quantity == line.quantity % 50 + won
        assert await content(one, holder) == after


async def test_what_two_tabs_put_in_at_once_is_all_there(processes: tuple[Container, Container]) -> None:
    one, two = processes
    lamp, bulb = await on_sale(one), await on_sale(one)
    for _ in range(ROUNDS):
        ann = await a_buyer(one)
        await together(*(put(at, offer, actor=ann) for at in processes for offer in (lamp, bulb, lamp)))
        found = await content(two, Holder(ann.user()))
        assert quantities(found) == {lamp.variant_id: 4, bulb.variant_id: 2}
        assert found.stamp.version == 6


async def test_a_cart_is_bought_once_whatever_else_happens_to_it(processes: tuple[Container, Container]) -> None:
    one, two = processes
    lamp = await on_sale(one)
    for _ in range(ROUNDS):
        ann = await a_buyer(one)
        holder = Holder(ann.user())
        await put(one, lamp, actor=ann)
        cart_id = (await content(one, holder)).stamp.cart_id

        def buy(cart_id: UUID = cart_id, ann: Actor = ann) -> Callable[[Tx], Awaitable[Any]]:
            return lambda tx: consume(tx, cart_id=cart_id, user_id=ann.user(), version=1, checkout_id=new_id())

        outcomes = await together(
            one.ports.db.run(buy()), two.ports.db.run(buy()), put(two, lamp, actor=ann, version=1)
        )
        assert sum(isinstance(outcome, CartChanged) for outcome in outcomes) == 2
        assert (await content(one, holder)).stamp.version == 2


async def test_lines_that_come_back_meet_lines_that_go_in(processes: tuple[Container, Container]) -> None:
    one, two = processes
    lamp, bulb = await on_sale(one), await on_sale(one)
    for _ in range(ROUNDS):
        ann = await a_buyer(one)
        holder = Holder(ann.user())
        await put(one, lamp, actor=ann)
        cart_id = (await content(one, holder)).stamp.cart_id
        taken = await one.ports.db.run(
            lambda tx, cart_id=cart_id, ann=ann: consume(  # type: ignore[misc]  # the values of this round
                tx, cart_id=cart_id, user_id=ann.user(), version=1, checkout_id=new_id()
            )
        )

        async def back(tx: Tx, cart_id: UUID = cart_id, taken: Any = taken) -> None:
            await give_back(tx, cart_id=cart_id, lines=taken)

        await together(one.ports.db.run(back), put(two, lamp, actor=ann), put(one, bulb, actor=ann))
        assert quantities(await content(two, holder)) == {lamp.variant_id: 2, bulb.variant_id: 1}


async def test_a_guests_cart_is_merged_once_by_however_many_sign_in(processes: tuple[Container, Container]) -> None:
    one, two = processes
    lamp, bulb = await on_sale(one), await on_sale(one)
    for _ in range(ROUNDS):
        ann, bob = await a_buyer(one), await a_buyer(one)
        token = await put(one, lamp)
        assert token is not None
        await together(
            merge_guest_cart(ann.user(), token, one.ports.db),
            merge_guest_cart(ann.user(), token, two.ports.db),
            merge_guest_cart(bob.user(), token, two.ports.db),
            put(one, bulb, actor=ann),
        )
        found = [
            quantities(each)
            for actor in (ann, bob)
            if (each := await load_cart(one.ports.db.primary, Holder(actor.user()), one.ports.carts)) is not None
        ]
        assert sum(each.get(lamp.variant_id, 0) for each in found) == 1
        assert found[0][bulb.variant_id] == 1


async def test_what_a_guest_puts_in_while_signing_in_is_in_one_of_the_two_carts(
    processes: tuple[Container, Container],
) -> None:
    one, two = processes
    lamp, bulb = await on_sale(one), await on_sale(one)
    for _ in range(ROUNDS):
        ann = await a_buyer(one)
        token = await put(one, lamp)
        assert token is not None
        _, late = await together(merge_guest_cart(ann.user(), token, one.ports.db), put(two, bulb, token=token))
        mine = quantities(await content(one, Holder(ann.user())))
        left = quantities(await content(two, Holder(token=late))) if late is not None else {}
        assert {**mine, **left} == {lamp.variant_id: 1, bulb.variant_id: 1}


async def test_a_cart_cleared_in_one_tab_and_filled_in_another(processes: tuple[Container, Container]) -> None:
    one, two = processes
    ann, lamp = await a_buyer(one), await on_sale(one)
    await put(one, lamp, actor=ann)
    for _ in range(ROUNDS):
        await together(clear_cart(ClearCart(), actor=ann, db=one.ports.db), put(two, lamp, actor=ann))
        found = quantities(await content(one, Holder(ann.user())))
        assert found in ({}, {lamp.variant_id: 1})
        assert quantities(await content(two, Holder(ann.user()))) == found
