"""The copy of a cart in Redis may be lost, old, restored or nonsense, and Redis may be away or silent.

The guarantees: no line is ever lost, a bought cart never comes back, and a dead Redis costs a reader about 100 ms
once and then nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from redis.asyncio import Redis

from app.container import Container, open_container
from app.jobs import handlers_of
from domain.cart.consuming import consume
from domain.cart.editing import AddToCart, add_to_cart
from domain.cart.holding import Holder
from domain.cart.loading import load_cart, view_changed_cart
from domain.cart.reads import CartContent
from domain.shared.actor import Actor
from domain.shared.ids import new_id
from domain.shared.measures import NoMeasures
from infra.redis.asking import ANSWER_SECONDS, open_redis
from infra.redis.breaker import CircuitBreaker
from infra.redis.cart_cache import RedisCartCache
from infra.redis.embedded import EmbeddedRedis
from tests.conftest import settings_for
from tests.makers import OnSale, a_buyer, on_sale
from tests.servers import Urls, copy_of_template


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis of these tests alone: they stop it."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@dataclass
class World:
    """Two processes on one database and one Redis, and a buyer with two things to buy."""

    one: Container
    two: Container
    client: Redis
    ann: Actor
    lamp: OnSale
    bulb: OnSale

    async def put(self, offer: OnSale, at: Container | None = None) -> UUID:
        """As the mutation does it: the change, then the cart as it is now."""
        ports = (at or self.one).ports
        added = await add_to_cart(AddToCart(variant_id=offer.variant_id), actor=self.ann, db=ports.db)
        assert await view_changed_cart(added.cart_id, ports.carts) is not None
        return added.cart_id

    async def content(self, at: Container) -> CartContent:
        found = await load_cart(at.reads, Holder(self.ann.user()), at.ports.carts)
        assert found is not None
        return found

    async def seen(self, at: Container) -> dict[UUID, int]:
        return {line.variant_id: line.quantity for line in (await self.content(at)).lines}

    async def buy(self, cart_id: UUID, version: int) -> None:
        await self.one.ports.db.run(
            lambda tx: consume(tx, cart_id=cart_id, user_id=self.ann.user(), version=version, checkout_id=new_id())
        )


@pytest.fixture
async def world(urls: Urls, redis: EmbeddedRedis) -> AsyncIterator[World]:
    settings = settings_for(await copy_of_template(urls), redis.url(0))
    async with (
        open_container(settings, handlers_of=handlers_of()) as one,
        open_container(settings, handlers_of=handlers_of()) as two,
        Redis.from_url(redis.url(0)) as client,
    ):
        await client.flushall()
        yield World(one, two, client, await a_buyer(one), await on_sale(one), await on_sale(one))


def key(cart_id: UUID) -> str:
    return f"cart:{cart_id.hex}"


async def test_a_change_writes_the_copy_and_a_read_of_another_process_is_served_by_it(world: World) -> None:
    cart_id = await world.put(world.lamp)
    assert 0 < await world.client.ttl(key(cart_id)) <= 7 * 24 * 3600
    copy = await world.two.ports.cart_cache.get(cart_id)
    assert copy == await world.content(world.two)


async def test_a_copy_that_missed_changes_is_read_past_and_written_anew(world: World) -> None:
    cart_id = await world.put(world.lamp)
    old = await world.client.get(key(cart_id))
    assert old is not None
    await world.put(world.bulb)
    await world.client.set(key(cart_id), old)
    assert await world.seen(world.two) == {world.lamp.variant_id: 1, world.bulb.variant_id: 1}
    copy = await world.one.ports.cart_cache.get(cart_id)
    assert copy is not None
    assert len(copy.lines) == 2


async def test_a_restored_copy_does_not_bring_a_bought_cart_back(world: World) -> None:
    cart_id = await world.put(world.lamp)
    bought = await world.client.get(key(cart_id))
    assert bought is not None
    await world.buy(cart_id, 1)
    for _ in range(2):
        await world.client.set(key(cart_id), bought)
        assert await world.seen(world.one) == {}
        assert await world.seen(world.two) == {}


async def test_a_copy_of_the_same_version_of_another_past_does_not_count(world: World) -> None:
    """A restored database counts the same versions again, with other lines."""
    cart_id = await world.put(world.lamp)
    other = await world.client.get(key(cart_id))
    assert isinstance(other, bytes)
    present = (await world.content(world.one)).stamp.updated_at.isoformat().encode()
    another = other.replace(present, b"2020-01-01T00:00:00+00:00").replace(b",1,", b",9,")
    assert present not in another
    assert b",9," in another
    await world.client.set(key(cart_id), another)
    assert await world.seen(world.two) == {world.lamp.variant_id: 1}


@pytest.mark.parametrize(
    "nonsense", [b"", b"{}", b"[]", b"null", b"\xff\x00", b'{"form":2}', b'{"form":1,"id":"x"}', b'{"form":1}']
)
async def test_nonsense_is_no_copy(world: World, nonsense: bytes) -> None:
    cart_id = await world.put(world.lamp)
    await world.client.set(key(cart_id), nonsense)
    assert await world.seen(world.two) == {world.lamp.variant_id: 1}


async def test_carts_go_on_while_redis_is_away_and_after_it_is_back(world: World, redis: EmbeddedRedis) -> None:
    cart_id = await world.put(world.lamp)
    before = await world.client.get(key(cart_id))
    await asyncio.to_thread(redis.stop)
    try:
        await world.put(world.bulb)
        assert await world.seen(world.two) == {world.lamp.variant_id: 1, world.bulb.variant_id: 1}
        await world.buy(cart_id, 2)
        assert await world.seen(world.one) == {}
    finally:
        await asyncio.to_thread(redis.start)
    assert before is not None
    await world.client.set(key(cart_id), before)
    assert await world.seen(world.one) == {}
    await world.put(world.bulb, at=world.two)
    assert await world.seen(world.one) == {world.bulb.variant_id: 1}


class FakeTime:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class CountingMeasures(NoMeasures):
    def __init__(self) -> None:
        self.fallbacks: list[str] = []

    def fallback(self, part: str) -> None:
        self.fallbacks.append(part)


@asynccontextmanager
async def a_silent_server() -> AsyncIterator[tuple[str, list[None]]]:
    """Takes connections and never says a word; its address, and a list with an entry for each connection."""
    connections: list[None] = []
    over = asyncio.Event()

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(None)
        await over.wait()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"redis://127.0.0.1:{port}/0", connections
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def test_a_silent_redis_is_asked_once_per_pause() -> None:
    time, measures = FakeTime(), CountingMeasures()
    async with (
        a_silent_server() as (url, connections),
        open_redis(url, measures, connections_max=5, breaker=CircuitBreaker(pause_seconds=5, now=time)) as door,
    ):
        cache = RedisCartCache(door)
        async with asyncio.timeout(20 * ANSWER_SECONDS):
            for _ in range(50):
                assert await cache.get(new_id()) is None
        assert (len(connections), measures.fallbacks) == (1, ["cart_cache"])
        time.seconds = 5.0
        await asyncio.gather(*(cache.get(new_id()) for _ in range(10)))
        assert len(connections) == 2


def test_a_breaker_lets_one_try_after_a_pause_and_closes_on_success() -> None:
    time = FakeTime()
    breaker = CircuitBreaker(pause_seconds=5, now=time)
    breaker.failed()
    assert not breaker.allows()
    time.seconds = 5.0
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]
