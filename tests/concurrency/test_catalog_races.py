"""The guarantee: of many who change one listing at once nobody overwrites what they never saw."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from app.container import Container
from domain.catalog.categories import CreateCategory, create_category
from domain.catalog.drafting import CreateListing, EditListing, create_listing, edit_listing
from domain.catalog.errors import ListingChanged, ListingNotEditable
from domain.catalog.model import ListingStatus
from domain.catalog.publishing import ApproveListing, MoveListing, approve_listing, submit_listing, withdraw_listing
from domain.catalog.reads import listings_for, variants_by_listing_ids
from domain.catalog.tree import lines_by_ids, schema_of
from domain.catalog.variants import AddVariant, add_variant
from domain.inventory.projection import show_stock
from domain.inventory.reads import shown_stock_by_variant_ids
from domain.inventory.stock import RestockVariant, restock_variant
from domain.shared.actor import Actor
from domain.shared.errors import IllegalTransition, InvalidInput
from domain.shared.policy import Policy
from tests.domain.inventory.stock_state import stock_of
from tests.makers import a_category, a_payment_account, a_seller, an_admin, on_sale


async def together(*calls: Any) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def listing_of(container: Container, listing_id: UUID, seller: Actor) -> Any:
    return (await listings_for(container.ports.db.primary, [listing_id], seller))[listing_id]


async def test_of_many_edits_of_one_version_one_is_written(container: Container) -> None:
    seller, db = await a_seller(container), container.ports.db
    offered = await on_sale(container, seller.seller())
    edits = [EditListing(listing_id=offered.listing_id, version=1, title=f"Lamp {index}") for index in range(8)]
    outcomes = await together(*(edit_listing(edit, actor=seller, db=db) for edit in edits))
    written = [edit.title for edit, outcome in zip(edits, outcomes, strict=True) if outcome == offered.listing_id]
    assert [type(outcome) for outcome in outcomes if outcome != offered.listing_id] == [ListingChanged] * 7
    listing = await listing_of(container, offered.listing_id, seller)
    assert (listing.title, listing.version) == (written[0], 2)


async def test_a_change_and_an_approval_at_once_never_put_unseen_words_on_sale(container: Container) -> None:
    seller, admin, db = await a_seller(container), await an_admin(container), container.ports.db
    await a_payment_account(container, seller.seller())
    for _ in range(10):
        offered = await on_sale(container, seller.seller(), status=ListingStatus.PENDING_REVIEW)
        id_ = offered.listing_id

        async def change_it(id_: UUID = id_) -> None:
            await withdraw_listing(MoveListing(listing_id=id_), actor=seller, db=db)
            await edit_listing(EditListing(listing_id=id_, version=2, title="Other"), actor=seller, db=db)
            await submit_listing(MoveListing(listing_id=id_), actor=seller, db=db, policy=Policy())

        approval = ApproveListing(listing_id=id_, version=1)
        changed, approved = await together(change_it(), approve_listing(approval, actor=admin, db=db))
        listing = await listing_of(container, id_, seller)
        if approved == id_:
            assert isinstance(changed, IllegalTransition | ListingChanged | ListingNotEditable)
            assert (listing.status, listing.title) == (ListingStatus.ACTIVE, "A lamp")
        else:
            assert isinstance(approved, ListingChanged | IllegalTransition)
            assert (listing.status, listing.title) == (ListingStatus.PENDING_REVIEW, "Other")


async def test_one_article_number_is_added_once_by_many(container: Container) -> None:
    seller, db = await a_seller(container), container.ports.db
    offered = await on_sale(container, seller.seller())
    command = AddVariant(listing_id=offered.listing_id, sku="SAME", price_minor=100)
    outcomes = await together(*(add_variant(command, actor=seller, db=db) for _ in range(8)))
    assert sum(isinstance(outcome, UUID) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, InvalidInput) for outcome in outcomes) == 7
    found = await variants_by_listing_ids(db.primary, [offered.listing_id])
    assert [each.sku for each in found[offered.listing_id]].count("SAME") == 1


async def test_offers_of_one_thing_made_at_once_are_of_one_product(container: Container) -> None:
    seller, db = await a_seller(container), container.ports.db
    category_id = await a_category(container)
    digits = f"4{uuid4().int % 10**11:011d}"
    check = (10 - sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits)) % 10) % 10
    command = CreateListing(category_id=category_id, title="Lamp", gtin=f"{digits}{check}")
    ids = await asyncio.gather(*(create_listing(command, actor=seller, db=db) for _ in range(8)))
    found = await listings_for(db.primary, ids, seller)
    products = {each.product_id for each in found.values()}
    assert len(products) == 1
    assert products != {None}


async def test_categories_made_at_once_ask_for_an_attribute_once(container: Container) -> None:
    admin, db = await an_admin(container), container.ports.db
    root = await create_category(CreateCategory(slug=f"root-{uuid4().hex}", name="Root"), actor=admin, db=db)
    same = CreateCategory(parent_id=root, slug="lamps", name="Lamps")
    outcomes = await together(*(create_category(same, actor=admin, db=db) for _ in range(6)))
    assert sum(isinstance(outcome, UUID) for outcome in outcomes) == 1
    slug = f"root-{uuid4().hex}"
    roots = await together(
        *(create_category(CreateCategory(slug=slug, name="R"), actor=admin, db=db) for _ in range(6))
    )
    assert sum(isinstance(outcome, UUID) for outcome in roots) == 1
    assert sum(isinstance(outcome, InvalidInput) for outcome in roots) == 5
    assert schema_of((await lines_by_ids(db.primary, [root]))[root]) == ()


async def test_what_browsers_see_is_the_truth_after_any_race(container: Container) -> None:
    """Each change is followed by its own job, as it is in production; the slowest of them must not win."""
    seller, db = await a_seller(container), container.ports.db
    offered = await on_sale(container, seller.seller(), stock=None)

    async def one_delivery() -> None:
        command = RestockVariant(variant_id=offered.variant_id, quantity=1, idempotency_key=uuid4().hex)
        await restock_variant(command, actor=seller, db=db)
        await show_stock(offered.variant_id, db=db)

    await asyncio.gather(*(one_delivery() for _ in range(20)))
    shown = (await shown_stock_by_variant_ids(db.primary, [offered.variant_id]))[offered.variant_id]
    stock = await stock_of(container, offered.variant_id)
    assert shown.available == stock.on_hand == 20
