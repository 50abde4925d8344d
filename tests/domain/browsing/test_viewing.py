"""The guarantee: what somebody looked at is bounded, theirs alone, and gone when they say so."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from app.container import Container
from domain.browsing.model import RECENT_MAX, RecentView
from domain.browsing.viewing import ClearRecentlyViewed, RecordView, clear_recently_viewed, forget_views, record_view
from domain.catalog.model import Listing, ListingStatus, Visibility
from domain.sellers.model import Seller, SellerStatus
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.database import Tx
from domain.shared.errors import NotFound, NotSignedIn
from domain.shared.ids import new_id
from tests.domain.orders.lifecycle import rows_of
from tests.makers import OnSale, a_buyer, a_category, a_shop, change, on_sale


async def look(container: Container, actor: Actor, listing_id: UUID) -> UUID:
    return await record_view(RecordView(listing_id=listing_id), actor=actor, db=container.ports.db)


async def seen(container: Container, actor: Actor) -> list[UUID]:
    statement = "SELECT listing_id FROM recent_view WHERE user_id = :id ORDER BY viewed_at DESC"
    return [row.listing_id for row in await rows_of(container, statement, id=actor.user())]


async def things(container: Container, number: int) -> list[OnSale]:
    seller_id, category_id = await a_shop(container), await a_category(container)
    return [await on_sale(container, seller_id, category_id=category_id, stock=None) for _ in range(number)]


async def fill(container: Container, actor: Actor, number: int) -> list[UUID]:
    """As if the person had looked at so many before, each once; the oldest first."""
    ids = [new_id() for _ in range(number)]

    async def step(tx: Tx) -> None:
        times = [tx.now - timedelta(minutes=number - place) for place in range(number)]
        rows = zip(ids, times, strict=True)
        await tx.add(*(RecentView(user_id=actor.user(), listing_id=id_, viewed_at=at) for id_, at in rows))

    await container.ports.db.run(step)
    return ids


async def test_the_latest_comes_first_and_each_listing_once(container: Container) -> None:
    viewer, other = await a_buyer(container), await a_buyer(container)
    one, two = await things(container, 2)
    for thing in (one, two, one):
        await look(container, viewer, thing.listing_id)
    assert await seen(container, viewer) == [one.listing_id, two.listing_id]
    assert await seen(container, other) == []


async def test_the_oldest_goes_when_there_are_too_many(container: Container) -> None:
    viewer, (thing,) = await a_buyer(container), await things(container, 1)
    before = await fill(container, viewer, RECENT_MAX)
    await look(container, viewer, thing.listing_id)
    assert await seen(container, viewer) == [thing.listing_id, *before[:0:-1]]
    await look(container, viewer, thing.listing_id)
    assert len(await seen(container, viewer)) == RECENT_MAX


async def test_two_tabs_at_once_stay_within_the_bound(container: Container) -> None:
    viewer, looked_at = await a_buyer(container), await things(container, 6)
    await fill(container, viewer, RECENT_MAX)
    await asyncio.gather(*(look(container, viewer, thing.listing_id) for thing in looked_at for _ in range(3)))
    await look(container, viewer, looked_at[0].listing_id)
    found = await seen(container, viewer)
    assert len(found) == RECENT_MAX
    assert {thing.listing_id for thing in looked_at} <= set(found)


async def test_only_what_buyers_can_look_at_is_remembered(container: Container) -> None:
    viewer = await a_buyer(container)
    draft, private, closed = await things(container, 1) + await things(container, 1) + await things(container, 1)
    await change(container, Listing, draft.listing_id, status=ListingStatus.DRAFT)
    await change(container, Listing, private.listing_id, visibility=Visibility.PRIVATE)
    await change(container, Seller, closed.seller_id, status=SellerStatus.SUSPENDED)
    for listing_id in (draft.listing_id, private.listing_id, closed.listing_id, new_id()):
        with pytest.raises(NotFound):
            await look(container, viewer, listing_id)
    assert await seen(container, viewer) == []


async def test_guests_are_not_remembered(container: Container) -> None:
    (thing,) = await things(container, 1)
    with pytest.raises(NotSignedIn):
        await look(container, ANONYMOUS, thing.listing_id)


async def test_one_look_or_all_are_forgotten(container: Container) -> None:
    viewer, other = await a_buyer(container), await a_buyer(container)
    one, two = await things(container, 2)
    for actor in (viewer, other):
        for thing in (one, two):
            await look(container, actor, thing.listing_id)
    command = ClearRecentlyViewed(listing_id=one.listing_id)
    assert await clear_recently_viewed(command, actor=viewer, db=container.ports.db) == 1
    assert await seen(container, viewer) == [two.listing_id]
    assert await clear_recently_viewed(ClearRecentlyViewed(), actor=viewer, db=container.ports.db) == 1
    assert await seen(container, viewer) == []
    assert len(await seen(container, other)) == 2


async def test_who_is_erased_leaves_no_trace_of_what_they_looked_at(container: Container) -> None:
    viewer, (thing,) = await a_buyer(container), await things(container, 1)
    await look(container, viewer, thing.listing_id)
    assert await container.ports.db.run(lambda tx: forget_views(tx, viewer.user())) == 1
    assert await seen(container, viewer) == []
