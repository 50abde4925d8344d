"""Carts live 7 days for guests and 90 for users after their last change; then they are emptied, in bounded batches."""

from uuid import UUID

from sqlalchemy import func, select

from app.container import Container
from domain.cart.editing import AddToCart, add_to_cart
from domain.cart.holding import Holder
from domain.cart.loading import load_cart
from domain.cart.model import Cart, CartDelivery, CartLine
from domain.cart.sweeping import BATCH_MAX, sweep_expired_carts
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.database import Tx, table
from domain.shared.ids import new_id
from tests.conftest import FakeClock
from tests.makers import OnSale, a_buyer, on_sale


async def put(container: Container, actor: Actor, offer: OnSale, token: str | None = None) -> str | None:
    command = AddToCart(variant_id=offer.variant_id, cart_token=token)
    return (await add_to_cart(command, actor=actor, db=container.ports.db)).token


async def size(container: Container, holder: Holder) -> int | None:
    """Lines in a cart; None: there is no cart."""
    content = await load_cart(container.ports.db.primary, holder, container.ports.carts)
    return None if content is None else len(content.lines)


async def rows(container: Container, model: type[Cart | CartLine | CartDelivery]) -> int:
    counted: int = await container.ports.db.primary.scalar(select(func.count()).select_from(table(model)))
    return counted


async def test_a_change_gives_a_new_life_and_its_end_is_the_end_before_any_sweep(
    fresh_container: Container, clock: FakeClock
) -> None:
    lamp = await on_sale(fresh_container)
    token = await put(fresh_container, ANONYMOUS, lamp)
    guest = Holder(token=token)
    clock.advance(days=6)
    assert await put(fresh_container, ANONYMOUS, lamp, token) is None
    clock.advance(days=6)
    assert await size(fresh_container, guest) == 1
    clock.advance(days=2)
    assert await size(fresh_container, guest) is None
    new = await put(fresh_container, ANONYMOUS, lamp, token)
    assert new not in (None, token)


async def test_what_was_in_a_users_cart_too_long_ago_does_not_come_back_with_the_next_line(
    fresh_container: Container, clock: FakeClock
) -> None:
    ann, lamp, bulb = await a_buyer(fresh_container), await on_sale(fresh_container), await on_sale(fresh_container)
    await put(fresh_container, ann, lamp)
    clock.advance(days=91)
    assert await size(fresh_container, Holder(ann.user())) is None
    await put(fresh_container, ann, bulb)
    assert await size(fresh_container, Holder(ann.user())) == 1


async def test_the_sweep_deletes_guests_carts_and_empties_users(fresh_container: Container, clock: FakeClock) -> None:
    db = fresh_container.ports.db
    ann, bob, lamp = await a_buyer(fresh_container), await a_buyer(fresh_container), await on_sale(fresh_container)
    for actor in (ann, bob, ANONYMOUS):
        await put(fresh_container, actor, lamp)
    assert await sweep_expired_carts(db) == 0
    clock.advance(days=8)
    assert await sweep_expired_carts(db) == 1
    assert (await rows(fresh_container, Cart), await rows(fresh_container, CartLine)) == (2, 2)
    clock.advance(days=80)
    await put(fresh_container, bob, lamp)
    clock.advance(days=3)
    assert await sweep_expired_carts(db) == 1
    assert (await rows(fresh_container, Cart), await rows(fresh_container, CartLine)) == (2, 1)
    assert await size(fresh_container, Holder(ann.user())) == 0
    assert await sweep_expired_carts(db) == 0


async def test_a_sweep_is_bounded_and_goes_on(fresh_container: Container, clock: FakeClock) -> None:
    def a_cart(tx: Tx, id_: UUID) -> Cart:
        return Cart(id=id_, token_digest=id_.hex, created_at=tx.now, updated_at=tx.now, expires_at=tx.now)

    async def step(tx: Tx) -> None:
        await tx.add(*[a_cart(tx, new_id()) for _ in range(BATCH_MAX + 5)])

    await fresh_container.ports.db.run(step)
    clock.advance(seconds=1)
    assert await sweep_expired_carts(fresh_container.ports.db) == BATCH_MAX
    assert await sweep_expired_carts(fresh_container.ports.db) == 5
    assert await rows(fresh_container, Cart) == 0
