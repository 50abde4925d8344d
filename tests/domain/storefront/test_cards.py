"""Cards of listings: complete, public only, and a constant number of statements; what sending one costs."""

from uuid import uuid4

import pytest

from app.container import Container
from domain.catalog.model import Fulfilment, Listing, ListingStatus, Variant
from domain.inventory.model import StockStatus, VariantStock
from domain.sellers.model import Seller, SellerStatus
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.paging import PageRequest
from domain.storefront.card_reads import cards_by_ids, count_shop_cards, shop_cards, shop_keyset
from domain.storefront.shipping_reads import shipping_estimate
from tests.counting import CountingReads
from tests.makers import a_category, a_shop, change, on_sale


async def a_variant(container: Container, listing_id: object, price_minor: int, status: StockStatus | None) -> None:
    async def step(tx: Tx) -> None:
        variant = Variant.model_validate(
            {
                "id": new_id(),
                "listing_id": listing_id,
                "sku": uuid4().hex,
                "price_minor": price_minor,
                "updated_at": tx.now,
            }
        )
        await tx.add(variant)
        if status is not None:
            await tx.add(VariantStock(variant_id=variant.id, status=status, available=3, updated_at=tx.now))

    await container.ports.db.run(step)


async def test_a_card_shows_the_span_of_prices_and_the_best_stock(container: Container) -> None:
    sale = await on_sale(container, price_minor=2_000, stock=0)
    await a_variant(container, sale.listing_id, 1_500, StockStatus.LOW_STOCK)
    await a_variant(container, sale.listing_id, 2_500, None)
    card = (await cards_by_ids(container.reads, [sale.listing_id]))[sale.listing_id]
    assert (card.price_min_minor, card.price_max_minor) == (1_500, 2_500)
    assert card.stock_status is StockStatus.LOW_STOCK
    assert card.seller_id == sale.seller_id


async def test_cards_are_one_statement_however_many(container: Container) -> None:
    seller_id, category_id = await a_shop(container), await a_category(container)
    sales = [await on_sale(container, seller_id, category_id=category_id) for _ in range(7)]
    reads = CountingReads(container.reads)
    assert len(await cards_by_ids(reads, [sale.listing_id for sale in sales])) == 7
    assert len(reads.statements) == 1


async def test_only_what_everybody_may_see_has_a_card(container: Container) -> None:
    paused, shut, bare = await on_sale(container), await on_sale(container), await on_sale(container)
    await change(container, Listing, paused.listing_id, status=ListingStatus.PAUSED)
    await change(container, Seller, shut.seller_id, status=SellerStatus.SUSPENDED)
    await change(container, Variant, bare.variant_id, active=False)
    assert await cards_by_ids(container.reads, [each.listing_id for each in (paused, shut, bare)]) == {}


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_shops_listings_come_page_by_page(container: Container, backwards: bool) -> None:
    seller_id, category_id = await a_shop(container), await a_category(container)
    made = [(await on_sale(container, seller_id, category_id=category_id)).listing_id for _ in range(5)]
    keyset, seen, cursor = shop_keyset(seller_id), [], None
    for _ in range(3):
        request = (
            keyset.request(last=2, before=cursor) if backwards else keyset.request(first=2, after=cursor)
        )  # fmt: skip
        page = await shop_cards(container.reads, seller_id, request)
        ids = [card.id for card in page.items]
        seen += ids[::-1] if backwards else ids
        cursor = page.cursors[0 if backwards else -1]
    assert seen == (made if backwards else made[::-1])
    assert not (page.has_previous if backwards else page.has_next)
    assert await count_shop_cards(container.reads, seller_id) == 5
    assert (await shop_cards(container.reads, uuid4(), PageRequest())).items == ()


async def test_what_sending_costs_is_told_where_it_is_sent_by_parcel(container: Container) -> None:
    rates = container.ports.shipping_rates
    sent, kept = await on_sale(container), await on_sale(container, await a_shop(container, delivery_minor=None))
    fetched = await on_sale(container, fulfilment=Fulfilment.PICKUP)
    ids = [sale.listing_id for sale in (sent, kept, fetched)]
    cards = await cards_by_ids(container.reads, ids)
    estimate, *none = [await shipping_estimate(cards[id_], "DE", rates=rates) for id_ in ids]
    assert estimate is not None
    assert (estimate.price_minor, estimate.currency, estimate.country) == (500, "EUR", "DE")
    assert none == [None, None]
