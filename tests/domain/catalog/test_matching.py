"""Which product a listing is of: by its GTIN at publishing, by an administrator for good, and after a merge."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.container import Container
from domain.catalog.drafting import EditListing, edit_listing
from domain.catalog.matching import (
    LinkListing,
    MergeProducts,
    UnlinkListing,
    link_listing,
    merge_products,
    unlink_listing,
)
from domain.catalog.matching_reads import events_of_product
from domain.catalog.model import ListingChange, ListingStatus, MatchedBy, ProductEvent, ProductEventKind
from domain.catalog.publishing import MoveListing, submit_listing
from domain.catalog.reads import ListingView, listings_by_ids, products_by_ids
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import InvalidInput, NotFound, NotPermitted
from domain.shared.policy import Policy
from tests.makers import OnSale, a_category, a_payment_account, a_seller, an_admin, on_sale


def a_gtin() -> str:
    """One of Germany's range, in 14 digits."""
    digits = f"0400{uuid4().int % 10**9:09d}"
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


async def a_listing(container: Container, **more: Any) -> tuple[Actor, OnSale]:
    seller = await a_seller(container, trusted=True)
    await a_payment_account(container, seller.seller())
    return seller, await on_sale(container, seller.seller(), **more)


async def shown(container: Container, listing_id: UUID) -> ListingView:
    return (await listings_by_ids(container.ports.db.primary, [listing_id]))[listing_id]


async def edit(container: Container, seller: Actor, sale: OnSale, **more: Any) -> None:
    version = (await shown(container, sale.listing_id)).version
    command = EditListing(listing_id=sale.listing_id, version=version, **more)
    await edit_listing(command, actor=seller, db=container.ports.db)


async def with_gtin(container: Container, gtin: str, **more: Any) -> tuple[Actor, OnSale, UUID]:
    """A listing on sale with its product."""
    seller, sale = await a_listing(container, **more)
    await edit(container, seller, sale, gtin=gtin)
    product_id = (await shown(container, sale.listing_id)).product_id
    assert product_id is not None
    return seller, sale, product_id


async def merge(container: Container, one: UUID, into: UUID, admin: Actor | None = None) -> UUID:
    command = MergeProducts(product_id=one, into_id=into, reason="the same lamp")
    return await merge_products(command, actor=admin or await an_admin(container), db=container.ports.db)


async def test_a_listing_finds_its_product_when_it_goes_on_sale(container: Container) -> None:
    gtin, db = a_gtin(), container.ports.db
    _, _, product_id = await with_gtin(container, gtin)
    seller, sale = await a_listing(container, status=ListingStatus.DRAFT, gtin=gtin)
    await submit_listing(MoveListing(listing_id=sale.listing_id), actor=seller, db=db, policy=Policy())
    listing = await shown(container, sale.listing_id)
    assert (listing.product_id, listing.matched_by) == (product_id, MatchedBy.GTIN)


async def test_a_number_that_every_shop_gives_itself_matches_nothing(container: Container) -> None:
    seller, sale = await a_listing(container)
    await edit(container, seller, sale, gtin="2000000000015")
    listing = await shown(container, sale.listing_id)
    assert (listing.gtin, listing.product_id, listing.matched_by) == ("02000000000015", None, None)


async def test_another_gtin_is_another_product(container: Container) -> None:
    seller, sale, product_id = await with_gtin(container, a_gtin())
    await edit(container, seller, sale, gtin=a_gtin())
    assert (await shown(container, sale.listing_id)).product_id not in (None, product_id)
    await edit(container, seller, sale, detach_product=True)
    listing = await shown(container, sale.listing_id)
    assert (listing.gtin, listing.product_id, listing.matched_by) == (None, None, None)


async def test_what_an_administrator_decides_stands(container: Container) -> None:
    db, admin = container.ports.db, await an_admin(container)
    seller, sale, product_id = await with_gtin(container, a_gtin())
    _, _, other = await with_gtin(container, a_gtin())
    await link_listing(
        LinkListing(listing_id=sale.listing_id, product_id=other, reason="wrong box"), actor=admin, db=db
    )
    assert (await shown(container, sale.listing_id)).product_id == other
    for more in ({"gtin": a_gtin()}, {"product_id": product_id}, {"detach_product": True}):
        with pytest.raises(InvalidInput):
            await edit(container, seller, sale, **more)
    await unlink_listing(UnlinkListing(listing_id=sale.listing_id, reason="no lamp at all"), actor=admin, db=db)
    await edit(container, seller, sale, title="A torch")
    listing = await shown(container, sale.listing_id)
    assert (listing.product_id, listing.matched_by) == (None, MatchedBy.ADMIN)
    with pytest.raises(NotFound):
        await unlink_listing(UnlinkListing(listing_id=sale.listing_id, reason="again"), actor=admin, db=db)
    told = [(each.kind, each.listing_id, each.reason) for each in await events_of_product(db.primary, other)]
    assert told == [
        (ProductEventKind.UNLINKED, sale.listing_id, "no lamp at all"),
        (ProductEventKind.LINKED, sale.listing_id, "wrong box"),
    ]
    [left] = await events_of_product(db.primary, product_id)
    assert (left.kind, left.actor) == (ProductEventKind.UNLINKED, admin.name)


async def test_a_merged_product_is_the_other_one_whoever_asks_for_it(container: Container) -> None:
    db, gone_gtin = container.ports.db, a_gtin()
    _, first, gone = await with_gtin(container, gone_gtin)
    _, second, middle = await with_gtin(container, a_gtin())
    _, third, stays = await with_gtin(container, a_gtin())
    version = (await shown(container, first.listing_id)).version
    await merge(container, gone, middle)
    await merge(container, middle, stays)
    for sale in (first, second, third):
        assert (await shown(container, sale.listing_id)).product_id == stays
    assert (await shown(container, first.listing_id)).version > version
    found = await products_by_ids(db.primary, [gone, middle, stays])
    assert {product.id for product in found.values()} == {stays}
    _, _, later = await with_gtin(container, gone_gtin)
    assert later == stays, "its GTIN leads to what counts"
    seller, by_hand = await a_listing(container)
    await edit(container, seller, by_hand, product_id=gone)
    assert (await shown(container, by_hand.listing_id)).product_id == stays
    merged = [(each.kind, each.other_id) for each in await events_of_product(db.primary, stays)]
    assert merged == [(ProductEventKind.MERGED, middle)]
    assert await noted(container, first.listing_id)
    for one, into in ((gone, stays), (stays, gone), (uuid4(), stays)):
        with pytest.raises(NotFound):
            await merge(container, one, into)
    with pytest.raises(InvalidInput):
        await merge(container, stays, stays)


async def noted(container: Container, listing_id: UUID) -> bool:
    """Search is told to look again."""
    changes = table(ListingChange)
    statement = select(func.count()).where(changes.c.listing_id == listing_id)
    return bool(await container.ports.db.primary.scalar(statement))


async def test_only_administrators_decide(container: Container) -> None:
    seller, sale, product_id = await with_gtin(container, a_gtin())
    db = container.ports.db
    with pytest.raises(NotPermitted):
        await link_listing(
            LinkListing(listing_id=sale.listing_id, product_id=product_id, reason="mine"), actor=seller, db=db
        )
    with pytest.raises(NotPermitted):
        await unlink_listing(UnlinkListing(listing_id=sale.listing_id, reason="mine"), actor=seller, db=db)
    with pytest.raises(NotPermitted):
        await merge(container, product_id, uuid4(), seller)


async def test_decisions_are_never_rewritten(container: Container) -> None:
    _, sale, product_id = await with_gtin(container, a_gtin())
    admin = await an_admin(container)
    await unlink_listing(
        UnlinkListing(listing_id=sale.listing_id, reason="no lamp"), actor=admin, db=container.ports.db
    )

    async def step(tx: Tx) -> None:
        await tx.execute(delete(ProductEvent).where(table(ProductEvent).c.product_id == product_id))

    with pytest.raises(IntegrityError):
        await container.ports.db.run(step)


async def test_nothing_is_left_with_a_product_that_is_merged_meanwhile(container: Container) -> None:
    """Sellers attach listings while an administrator merges: afterwards every listing is of the one that stays."""
    category_id, admin = await a_category(container), await an_admin(container)
    for _ in range(4):
        gtin = a_gtin()
        _, _, gone = await with_gtin(container, gtin, category_id=category_id)
        _, _, stays = await with_gtin(container, a_gtin(), category_id=category_id)
        made = [await a_listing(container, category_id=category_id) for _ in range(4)]
        await asyncio.gather(
            *(edit(container, seller, sale, gtin=gtin) for seller, sale in made),
            merge(container, gone, stays, admin),
        )
        products = {(await shown(container, sale.listing_id)).product_id for _, sale in made}
        assert products == {stays}
