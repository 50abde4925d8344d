"""Changes reach search: noted in the transaction that makes them, drained in batches, read afresh each time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select

from app.container import Container
from app.schedule import SWEEPS
from domain.catalog.changes import note_changes, note_changes_of_seller
from domain.catalog.model import Listing, ListingStatus, Variant, Visibility
from domain.inventory.model import MovementKind, StockItem, StockMovement, StockStatus
from domain.search import indexing
from domain.search.catching_up import _forget, _last_note, catch_up
from domain.search.documents import MOVEMENTS_MAX, POPULARITY_PER_SALE
from domain.search.indexing import drain, rebuild, refresh
from domain.search.ports import SearchQuery, SearchSort
from domain.sellers.model import Seller, SellerStatus
from domain.shared.database import Database, Tx, table
from domain.shared.errors import Busy, OutcomeUnknown
from domain.shared.ids import new_id
from domain.storefront.card_reads import cards_by_ids
from tests.makers import a_category, change, on_sale

T = TypeVar("T")


async def note(container: Container, *listing_ids: UUID) -> None:
    await container.ports.db.run(lambda tx: note_changes(tx, listing_ids))


async def drained(container: Container) -> int:
    return await drain(db=container.ports.db, index=container.ports.search_index)


async def found(container: Container, seller_id: UUID, text: str = "") -> list[UUID]:
    answer = await container.ports.search_index.search(SearchQuery(text=text, seller_id=seller_id))
    return [hit.listing_id for hit in answer.hits]


async def waiting(container: Container) -> int:
    async def count(tx: Tx) -> int:
        return len(await tx.reads.all(indexing._NOTES))

    return await container.ports.db.run(count)


async def test_a_listing_is_found_once_its_change_is_drained(fresh_container: Container) -> None:
    sale = await on_sale(fresh_container, title="Brass lantern")
    assert await found(fresh_container, sale.seller_id) == []
    await note(fresh_container, sale.listing_id)
    assert await drained(fresh_container) == 1
    assert await found(fresh_container, sale.seller_id, "lantern") == [sale.listing_id]
    assert await waiting(fresh_container) == 0


async def test_the_schedule_drains_every_second() -> None:
    [sweep] = [each for each in SWEEPS if each.name == "search changes"]
    assert sweep.every_seconds <= 1


async def test_what_may_not_be_seen_any_more_is_gone(fresh_container: Container) -> None:
    hidden: dict[str, dict[str, Any]] = {
        "paused": {"status": ListingStatus.PAUSED},
        "suspended": {"status": ListingStatus.SUSPENDED},
        "private": {"visibility": Visibility.PRIVATE},
        "unlisted": {"visibility": Visibility.UNLISTED},
    }
    for how, values in hidden.items():
        sale = await on_sale(fresh_container)
        await note(fresh_container, sale.listing_id)
        await drained(fresh_container)
        assert await found(fresh_container, sale.seller_id) == [sale.listing_id]
        await change(fresh_container, Listing, sale.listing_id, **values)
        # Not even before the index knows: the card is not there.
        assert await cards_by_ids(fresh_container.reads, [sale.listing_id]) == {}
        await note(fresh_container, sale.listing_id)
        await drained(fresh_container)
        assert await found(fresh_container, sale.seller_id) == [], how


async def test_a_suspended_seller_takes_all_listings_along_and_a_reinstated_one_brings_them_back(
    fresh_container: Container,
) -> None:
    first = await on_sale(fresh_container)
    second = await on_sale(fresh_container, first.seller_id)
    await note(fresh_container, first.listing_id, second.listing_id)
    await drained(fresh_container)
    for status, expected in (
        (SellerStatus.SUSPENDED, set()),
        (SellerStatus.ACTIVE, {first.listing_id, second.listing_id}),
    ):
        await change(fresh_container, Seller, first.seller_id, status=status)
        await fresh_container.ports.db.run(lambda tx: note_changes_of_seller(tx, first.seller_id))
        await drained(fresh_container)
        assert set(await found(fresh_container, first.seller_id)) == expected


async def test_a_listing_without_an_active_variant_has_no_price_and_is_not_found(fresh_container: Container) -> None:
    sale = await on_sale(fresh_container)
    await change(fresh_container, Variant, sale.variant_id, active=False)
    await note(fresh_container, sale.listing_id)
    await drained(fresh_container)
    assert await found(fresh_container, sale.seller_id) == []


async def test_a_change_is_indexed_as_it_stands_when_drained(fresh_container: Container) -> None:
    sale = await on_sale(fresh_container, stock=0)
    await note(fresh_container, sale.listing_id)
    await change(fresh_container, Variant, sale.variant_id, price_minor=4_200)
    await drained(fresh_container)
    index = fresh_container.ports.search_index
    answer = await index.search(SearchQuery(seller_id=sale.seller_id, sort=SearchSort.PRICE_ASC))
    assert answer.hits[0].position[3] == 4_200
    assert (await index.search(SearchQuery(seller_id=sale.seller_id, in_stock_only=True))).hits == ()
    cards = await cards_by_ids(fresh_container.reads, [sale.listing_id])
    assert cards[sale.listing_id].stock_status is StockStatus.OUT_OF_STOCK


async def test_many_notes_of_one_listing_are_one_document_and_all_are_dealt_with(fresh_container: Container) -> None:
    sale = await on_sale(fresh_container)
    for _ in range(5):
        await note(fresh_container, sale.listing_id)
    assert await drained(fresh_container) == 5
    assert await waiting(fresh_container) == 0


async def test_notes_stay_when_the_index_fails(fresh_container: Container) -> None:
    sale = await on_sale(fresh_container)
    await note(fresh_container, sale.listing_id)

    class FakeBrokenIndex:
        async def write(self, documents: object) -> None:
            raise ConnectionError("no index")

    with pytest.raises(ConnectionError):
        await drain(db=fresh_container.ports.db, index=FakeBrokenIndex())  # type: ignore[arg-type]  # only write is called
    assert await waiting(fresh_container) == 1
    await drained(fresh_container)
    assert await found(fresh_container, sale.seller_id) == [sale.listing_id]


async def test_two_drainers_at_once_lose_nothing(fresh_container: Container) -> None:
    category_id = await a_category(fresh_container)
    sales = [await on_sale(fresh_container, category_id=category_id) for _ in range(6)]
    for _ in range(10):
        await note(fresh_container, *(sale.listing_id for sale in sales))
        await asyncio.gather(*(drained(fresh_container) for _ in range(4)))
    await drained(fresh_container)
    assert await waiting(fresh_container) == 0
    for sale in sales:
        assert await found(fresh_container, sale.seller_id) == [sale.listing_id]


async def test_a_rebuild_indexes_what_was_never_noted_and_forgets_what_is_gone(fresh_container: Container) -> None:
    kept = await on_sale(fresh_container, title="Kept lamp")
    gone = await on_sale(fresh_container, title="Gone lamp")
    await rebuild(db=fresh_container.ports.db, index=fresh_container.ports.search_index)
    assert await found(fresh_container, gone.seller_id) == [gone.listing_id]
    await change(fresh_container, Listing, gone.listing_id, status=ListingStatus.ARCHIVED)
    told: list[int] = []
    written = await rebuild(db=fresh_container.ports.db, index=fresh_container.ports.search_index, progress=told.append)
    assert (written, told) == (1, [1])
    assert await found(fresh_container, kept.seller_id) == [kept.listing_id]
    assert await found(fresh_container, gone.seller_id) == []


async def test_an_empty_index_catches_up_from_the_catalogue_and_one_that_answers_from_the_notes(
    fresh_container: Container,
) -> None:
    ports = fresh_container.ports
    first = await on_sale(fresh_container, title="First lamp")
    for _ in range(3):
        await note(fresh_container, first.listing_id)
    told: list[int] = []
    assert await catch_up(db=ports.db, index=ports.search_index, progress=told.append) == 1
    assert (told, await waiting(fresh_container)) == ([1], 0)
    second = await on_sale(fresh_container, title="Second lamp")
    await note(fresh_container, second.listing_id, second.listing_id)
    await note(fresh_container, second.listing_id)
    assert await catch_up(db=ports.db, index=ports.search_index) == 2
    for sale in (first, second):
        assert await found(fresh_container, sale.seller_id) == [sale.listing_id]


async def test_what_is_noted_while_an_empty_index_is_built_waits_for_the_drain(
    fresh_container: Container,
) -> None:
    ports, late = fresh_container.ports, await on_sale(fresh_container, title="Late lamp")
    early = [await on_sale(fresh_container) for _ in range(2)]
    await note(fresh_container, *(sale.listing_id for sale in early))
    last = await ports.db.run(_last_note)
    assert last is not None
    await note(fresh_container, late.listing_id)
    while await ports.db.run(partial(_forget, last)):
        pass
    assert await waiting(fresh_container) == 1


async def test_documents_grown_old_are_noted_again(fresh_container: Container) -> None:
    sale = await on_sale(fresh_container)
    await note(fresh_container, sale.listing_id)
    await drained(fresh_container)
    ports = fresh_container.ports
    assert await refresh(db=ports.db, index=ports.search_index) == 0
    assert await refresh(db=ports.db, index=ports.search_index, afresh_seconds=-60) == 1
    assert await waiting(fresh_container) == 1


async def test_notes_are_rows_of_the_transaction_that_makes_the_change(fresh_container: Container) -> None:
    sale = await on_sale(fresh_container)

    async def step(tx: Tx) -> None:
        await note_changes(tx, [sale.listing_id])
        raise LookupError

    with pytest.raises(LookupError):
        await fresh_container.ports.db.run(step)
    assert await waiting(fresh_container) == 0


async def test_what_sold_in_the_last_months_makes_a_listing_popular(fresh_container: Container) -> None:
    quiet = await on_sale(fresh_container)
    loud = await on_sale(fresh_container, quiet.seller_id)

    async def sell(tx: Tx) -> None:
        items = table(StockItem)
        item_id = await tx.reads.scalar(select(items.c.id).where(items.c.variant_id == loud.variant_id))
        # The second one so long ago that it does not count: ids begin with their time.
        for id_, units in ((new_id(), 2), (UUID(int=1), 5)):
            await tx.add(
                StockMovement(
                    id=id_,
                    stock_item_id=item_id,
                    kind=MovementKind.COMMIT,
                    on_hand_delta=-units,
                    reserved_delta=-units,
                    actor="system",
                    at=tx.now,
                )
            )

    await fresh_container.ports.db.run(sell)
    await note(fresh_container, quiet.listing_id, loud.listing_id)
    await drained(fresh_container)
    query = SearchQuery(seller_id=quiet.seller_id, sort=SearchSort.POPULARITY)
    hits = (await fresh_container.ports.search_index.search(query)).hits
    assert [(hit.listing_id, hit.position[2]) for hit in hits] == [(loud.listing_id, 10), (quiet.listing_id, 0)]


async def test_what_was_only_reserved_takes_no_room_from_what_was_sold(fresh_container: Container) -> None:
    busy = await on_sale(fresh_container)

    async def reserve_often_and_sell(tx: Tx) -> None:
        items = table(StockItem)
        item_id = await tx.reads.scalar(select(items.c.id).where(items.c.variant_id == busy.variant_id))
        kinds = [MovementKind.RESERVE] * MOVEMENTS_MAX + [MovementKind.COMMIT] * 3
        await tx.add(
            *(
                StockMovement(
                    id=new_id(),
                    stock_item_id=item_id,
                    kind=kind,
                    on_hand_delta=-1 if kind is MovementKind.COMMIT else 0,
                    reserved_delta=1,
                    actor="system",
                    at=tx.now,
                )
                for kind in kinds
            )
        )

    await fresh_container.ports.db.run(reserve_often_and_sell)
    await note(fresh_container, busy.listing_id)
    await drained(fresh_container)
    query = SearchQuery(seller_id=busy.seller_id, sort=SearchSort.POPULARITY)
    [hit] = (await fresh_container.ports.search_index.search(query)).hits
    assert hit.position[2] == 3 * POPULARITY_PER_SALE


class FakeBusyDatabase:
    """The real one, which is too busy for its first steps."""

    def __init__(self, db: Database, times: int) -> None:
        self.primary = db.primary
        self._db = db
        self._left = times

    async def run(self, step: Callable[[Tx], Awaitable[T]]) -> T:
        self._left -= 1
        if self._left >= 0:
            raise Busy() if self._left % 2 else OutcomeUnknown()
        return await self._db.run(step)


async def test_a_rebuild_outlives_moments_in_which_the_database_is_too_busy(fresh_container: Container) -> None:
    sale, ports = await on_sale(fresh_container), fresh_container.ports
    assert await rebuild(db=FakeBusyDatabase(ports.db, 2), index=ports.search_index, pause_seconds=0.01) == 1
    assert await found(fresh_container, sale.seller_id) == [sale.listing_id]
    with pytest.raises((Busy, OutcomeUnknown)):
        await rebuild(db=FakeBusyDatabase(ports.db, 100), index=ports.search_index, pause_seconds=0.01)
