"""A cart is watched from other devices: each new version arrives, once, and one who comes back misses nothing."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.container import Container
from domain.shared.actor import ANONYMOUS, Actor
from tests.graphql.cart.carts import a_guest_cart, put
from tests.graphql.execution import SCHEMA
from tests.makers import a_buyer, on_sale

WATCH = """subscription($token: String, $after: Int) {
  cartUpdated(cartToken: $token, after: $after) { sequence cart { version quantity } }
}"""
DEADLINE_SECONDS = 20


class Watch:
    def __init__(self, results: AsyncGenerator[Any, None]) -> None:
        self._results = results

    async def next(self) -> Any:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await anext(self._results)

    async def update(self) -> dict[str, Any]:
        result = await self.next()
        assert result.errors is None, result.errors
        update: dict[str, Any] = result.data["cartUpdated"]
        return update


@asynccontextmanager
async def watching(
    container: Container, *, actor: Actor = ANONYMOUS, token: str | None = None, after: int | None = None
) -> AsyncIterator[Watch]:
    results = await SCHEMA.subscribe(
        WATCH, variable_values={"token": token, "after": after}, context_value=container.context(actor)
    )
    try:
        yield Watch(results)
    finally:
        await results.aclose()


async def test_a_user_sees_what_another_device_does(container: Container) -> None:
    ann = await a_buyer(container)
    lamp = await on_sale(container)
    async with watching(container, actor=ann, after=0) as watch:
        await put(container, lamp, 2, actor=ann)
        assert await watch.update() == {"sequence": 1, "cart": {"version": 1, "quantity": 2}}
        await put(container, lamp, 1, actor=ann)
        assert await watch.update() == {"sequence": 2, "cart": {"version": 2, "quantity": 3}}


async def test_a_guest_who_comes_back_goes_on_after_what_they_saw(container: Container) -> None:
    lamp = await on_sale(container)
    token = await a_guest_cart(container, lamp)
    await put(container, lamp, token=token)
    async with watching(container, token=token, after=1) as watch:
        assert (await watch.update())["sequence"] == 2


async def test_an_unknown_token_watches_nothing(container: Container) -> None:
    async with watching(container, token="nobody's") as watch:
        result = await watch.next()
    assert result.errors[0].extensions == {"code": "NOT_FOUND"}
