"""Watching orders: nothing is missed, nothing comes twice, and only to who may see it.

The hard part is the seller's feed: transactions do not commit in the order in which they began, and a reader who has
seen a later one must still get an earlier one that commits after it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from graphql import ExecutionResult

from app.container import Container
from domain.orders.feeds import SellerEvent, follow_seller_orders
from domain.orders.model import Order, OrderEventKind
from domain.orders.timeline import append
from domain.shared.actor import SYSTEM, Actor
from domain.shared.database import Reads, Tx
from domain.shared.ids import encode_id, new_id
from domain.shared.paging import Keyset
from domain.users.model import UserSession
from tests.counting import CountingReads
from tests.domain.orders.lifecycle import confirm, rows_of, ship
from tests.graphql.execution import SCHEMA
from tests.horizon import settle
from tests.makers import a_buyer, a_seller, change
from tests.sales import Sale, a_sale

SECONDS = 30
OF_A_SALE = ("PLACED", "PAID")

WATCH = """subscription ($id: ID!, $after: Int) { orderUpdated(orderId: $id, after: $after) {
  eventId sequence kind at order { id status allowedActions paid { amountMinor } } } }"""
WATCH_SHOP = """subscription ($after: String) { sellerOrderUpdated(after: $after) {
  eventId cursor kind at order { id status commission { amountMinor } } } }"""


@asynccontextmanager
async def watching(
    container: Container, document: str, actor: Actor, **variables: Any
) -> AsyncIterator[AsyncGenerator[Any, None]]:
    """The events of a subscription; the connection is closed at the end."""
    started = await SCHEMA.subscribe(document, variable_values=variables, context_value=container.context(actor))
    results: Any = started
    try:
        yield _data(results)
    finally:
        await results.aclose()


async def _data(results: AsyncGenerator[ExecutionResult, None]) -> AsyncGenerator[Any, None]:
    async for result in results:
        if result.errors:
            raise PermissionError((result.errors[0].extensions or {}).get("code"))
        assert result.data is not None
        (event,) = result.data.values()
        yield event


async def take(events: AsyncGenerator[Any, None], count: int) -> list[Any]:
    async with asyncio.timeout(SECONDS):
        return [await anext(events) for _ in range(count)]


def public(sale: Sale) -> str:
    return encode_id("order", sale.order_id)


async def test_a_buyer_follows_an_order_live(container: Container) -> None:
    sale = await a_sale(container)
    async with watching(container, WATCH, sale.buyer, id=public(sale), after=2) as events:
        first = asyncio.create_task(take(events, 2))
        await ship(container, sale)
        created, shipped = await first
        assert (created["kind"], shipped["kind"]) == ("SHIPMENT_CREATED", "SHIPPED")
        assert (created["sequence"], shipped["sequence"]) == (3, 4)
        assert shipped["order"] == {
            "id": public(sale),
            "status": "SHIPPED",
            "allowedActions": ["CONFIRM_DELIVERY"],
            "paid": {"amountMinor": 2_500},
        }
        await confirm(container, sale)
        completed, released = await take(events, 2)
        assert (completed["kind"], released["kind"]) == ("COMPLETED", "RELEASED")
        assert completed["order"]["status"] == "COMPLETED", "loaded afresh for each event"


async def test_who_comes_back_gets_what_was_missed(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    async with watching(container, WATCH, sale.buyer, id=public(sale), after=1) as events:
        assert [event["sequence"] for event in await take(events, 3)] == [2, 3, 4]
    async with watching(container, WATCH, sale.seller, id=public(sale), after=0) as events:
        assert [event["sequence"] for event in await take(events, 4)] == [1, 2, 3, 4]


async def test_strangers_watch_nothing(container: Container) -> None:
    sale = await a_sale(container)
    for actor in (await a_buyer(container), await a_seller(container)):
        async with watching(container, WATCH, actor, id=public(sale), after=0) as events:
            with pytest.raises(PermissionError, match="NOT_FOUND"):
                await take(events, 1)


async def a_session(container: Container, actor: Actor) -> Actor:
    session_id = new_id()

    async def step(tx: Tx) -> None:
        await tx.add(
            UserSession(
                id=session_id,
                user_id=actor.user(),
                seller_id=actor.seller_id,
                created_at=tx.now,
                last_used_at=tx.now,
                expires_at=tx.now + timedelta(days=1),
            )
        )

    await container.ports.db.run(step)
    return replace(actor, session_id=session_id)


@pytest.mark.parametrize("side", ["buyer", "seller"])
async def test_a_session_that_ends_sees_no_further_event(container: Container, side: str) -> None:
    sale = await a_sale(container)
    actor = await a_session(container, sale.buyer if side == "buyer" else sale.seller)
    from_start = {"after": beginning(sale)} if side == "seller" else {"id": public(sale), "after": 0}
    async with watching(container, WATCH_SHOP if side == "seller" else WATCH, actor, **from_start) as events:
        assert [event["kind"] for event in await take(events, 1)] == ["PLACED"]
        assert actor.session_id is not None
        await change(container, UserSession, actor.session_id, ended_at=container.ports.clock.now())
        with pytest.raises(PermissionError, match="UNAUTHENTICATED"):
            await take(events, 1)


@pytest.mark.parametrize("side", ["buyer", "seller"])
async def test_without_a_cursor_it_begins_now(container: Container, side: str) -> None:
    sale = await a_sale(container)
    await settle(container)  # a shop's feed begins before whatever is open, and tells once more what came after it
    document, actor = (WATCH_SHOP, sale.seller) if side == "seller" else (WATCH, sale.buyer)
    async with watching(container, document, actor, **({"id": public(sale)} if side == "buyer" else {})) as events:
        waiting = asyncio.create_task(take(events, 3))
        while not waiting.done():  # bounded by the deadline inside
            await container.ports.db.run(partial(touch, order_id=sale.order_id))
            await asyncio.wait({waiting}, timeout=0.02)
    # Which one was the first after "now" is not known; what happened before is not told, and then there is no gap.
    rows = await rows_of(
        container, "SELECT id FROM order_event WHERE order_id = :id ORDER BY sequence", id=sale.order_id
    )
    ids = [encode_id("order_event", row.id) for row in rows]
    seen = [event["eventId"] for event in waiting.result()]
    first = ids.index(seen[0])
    assert first >= len(OF_A_SALE)
    assert seen == ids[first : first + 3]


async def test_a_shop_that_begins_while_something_is_open_misses_nothing_and_hears_nothing_twice(
    container: Container,
) -> None:
    """What came after the open one is told once more; what is older than any open one is not looked for."""
    one, other = await two_orders(container)
    began, may_finish, reading = asyncio.Event(), asyncio.Event(), CountingReads(container.ports.db.primary)

    async def early(tx: Tx) -> None:
        await touch(tx, one.order_id)
        began.set()
        await may_finish.wait()

    async def read() -> list[tuple[UUID, int]]:
        hints, seen = container.ports.hints, list[tuple[UUID, int]]()
        feed = follow_seller_orders(one.seller.seller(), after=None, reads=reading, hints=hints)
        async with aclosing(feed):
            while (other.order_id, 4) not in seen:
                event = (await anext(feed)).event
                seen.append((event.order_id, event.sequence))
        return seen

    async with asyncio.timeout(SECONDS):
        slow = asyncio.create_task(container.ports.db.run(early))
        await began.wait()
        await container.ports.db.run(partial(touch, order_id=other.order_id))
        reader = asyncio.create_task(read())
        while len(reading.statements) < 2:  # its place, and the first look
            await asyncio.wait({reader}, timeout=0.01)
        may_finish.set()
        await slow
        await container.ports.db.run(partial(touch, order_id=other.order_id))
        seen = await reader
    for order_id, last in ((one.order_id, 3), (other.order_id, 4)):
        told = [sequence for each, sequence in seen if each == order_id]
        assert told == list(range(last + 1 - len(told), last + 1))
        assert told[0] <= 3


def beginning(sale: Sale) -> str:
    """The cursor before everything that ever happened to the shop's orders."""
    return Keyset.of("seller_orders", sale.seller.seller()).encode((0, UUID(int=0)))


async def touch(tx: Tx, order_id: UUID) -> None:
    (order,) = await tx.lock(Order, [order_id])
    await append(tx, order, OrderEventKind.TRACKING, SYSTEM)


async def two_orders(container: Container) -> tuple[Sale, Sale]:
    """Of one shop, so that they have one feed but two row locks."""
    one, other = await a_sale(container), await a_sale(container)
    await change(container, Order, other.order_id, seller_id=one.seller.seller())
    return one, replace(other, seller=one.seller)


async def test_transactions_that_commit_in_the_wrong_order_lose_no_event(container: Container) -> None:
    """The early one takes its id first and commits last; a reader who went past it would miss it for ever."""
    one, other = await two_orders(container)
    began, may_finish = asyncio.Event(), asyncio.Event()
    counting, seen = CountingReads(container.ports.db.primary), list[UUID]()

    async def early(tx: Tx) -> None:
        await touch(tx, one.order_id)
        began.set()
        await may_finish.wait()

    async def read() -> None:
        async with aclosing(feed_of(container, one, counting)) as feed:
            async for each in feed:
                if each.event.kind is OrderEventKind.TRACKING:
                    seen.append(each.event.order_id)
                if len(seen) == 2:
                    return

    async with asyncio.timeout(SECONDS):
        slow = asyncio.create_task(container.ports.db.run(early))
        await began.wait()
        await container.ports.db.run(partial(touch, order_id=other.order_id))
        reader = asyncio.create_task(read())
        # The later one is committed and visible, and the reader looks again and again.
        while len(counting.statements) < 5:
            await asyncio.wait({reader}, timeout=0.01)
        assert seen == []
        may_finish.set()
        await asyncio.gather(slow, reader)
    assert seen == [one.order_id, other.order_id]


def feed_of(
    container: Container, sale: Sale, reads: Reads | None = None, after: str | None = None
) -> AsyncGenerator[SellerEvent, None]:
    return follow_seller_orders(
        sale.seller.seller(),
        after=after or beginning(sale),
        reads=reads or container.ports.db.primary,
        hints=container.ports.hints,
    )


async def test_a_cursor_resumes_exactly_after_its_event(container: Container) -> None:
    sale = await a_sale(container)
    async with watching(container, WATCH_SHOP, sale.seller, after=beginning(sale)) as events:
        waiting = asyncio.create_task(take(events, 4))
        await ship(container, sale)
        seen = await waiting
    assert [event["kind"] for event in seen] == [*OF_A_SALE, "SHIPMENT_CREATED", "SHIPPED"]
    assert seen[0]["order"]["commission"] == {"amountMinor": 252}
    async with watching(container, WATCH_SHOP, sale.seller, after=seen[1]["cursor"]) as events:
        again = await take(events, 2)
    assert [event["eventId"] for event in again] == [event["eventId"] for event in seen[2:]]


async def test_another_shops_cursor_is_refused(container: Container) -> None:
    sale, stranger = await a_sale(container), await a_seller(container)
    for cursor in (beginning(sale), "garbage"):
        async with watching(container, WATCH_SHOP, stranger, after=cursor) as events:
            with pytest.raises(PermissionError, match="CURSOR_MISMATCH"):
                await take(events, 1)


async def test_many_writers_and_a_reader_who_comes_and_goes_see_every_event_once(container: Container) -> None:
    sales = [await a_sale(container) for _ in range(6)]
    for sale in sales[1:]:
        await change(container, Order, sale.order_id, seller_id=sales[0].seller.seller())
    total, seen, cursor = 6 * 10, list[UUID](), beginning(sales[0])

    async def write(sale: Sale) -> None:
        for _ in range(10):
            await container.ports.db.run(partial(touch, order_id=sale.order_id))

    async with asyncio.timeout(SECONDS):
        writers = asyncio.gather(*(write(sale) for sale in sales))
        while len(seen) < total:
            # At most seven events, then away and back with the last cursor.
            async with aclosing(feed_of(container, sales[0], after=cursor)) as feed:
                for _ in range(7):
                    each = await anext(feed)
                    cursor = each.cursor
                    if each.event.kind is OrderEventKind.TRACKING:
                        seen.append(each.event.id)
                    if len(seen) == total:
                        break
        await writers
    assert len(set(seen)) == total
