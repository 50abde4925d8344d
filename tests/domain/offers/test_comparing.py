"""Offers compared: priced as a checkout prices them, ordered and paged, in a constant number of statements."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from app.container import Container
from domain.catalog.model import Condition, Fulfilment, Listing, ListingStatus, Product, SaleMode, Variant
from domain.inventory.model import StockStatus, VariantStock
from domain.offers.buy_box import Reason
from domain.offers.comparing import Comparison, OfferSort, compare, offers_keyset, page_of
from domain.offers.reads import candidates_by_product_ids
from domain.offers.standing import standing_of
from domain.pricing.model import TaxRule
from domain.pricing.quote import QuoteRequest, WantedLine
from domain.sellers.model import PaymentAccount, Seller, SellerStatus
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.paging import CursorMismatch
from tests.counting import CountingReads
from tests.makers import OnSale, a_category, a_shipping_rate, a_shop, change, on_sale
from tests.quotes import make_quote


async def a_product(container: Container) -> tuple[UUID, UUID]:
    """A product and its category."""
    category_id, product_id = await a_category(container), new_id()

    async def step(tx: Tx) -> None:
        await tx.add(Product(id=product_id, category_id=category_id, title="Lamp", created_at=tx.now))

    await container.ports.db.run(step)
    return product_id, category_id


async def offered(
    container: Container, product: tuple[UUID, UUID], seller_id: UUID | None = None, **more: Any
) -> OnSale:
    return await on_sale(container, seller_id, category_id=product[1], product_id=product[0], **more)


async def comparison(container: Container, product_id: UUID, country: str | None = "DE", **more: Any) -> Comparison:
    candidates = (await candidates_by_product_ids(container.reads, [product_id]))[product_id]
    ports = container.ports
    return await compare(candidates, country=country, shipping=ports.shipping_rates, tax=ports.tax_rules, **more)


def ids(found: Comparison) -> list[UUID]:
    return [offer.candidate.listing_id for offer in found.offers]


async def test_the_landed_price_is_the_total_of_a_quote_to_the_same_country(container: Container) -> None:
    product = await a_product(container)
    # A country of its own: its tax rules are remembered by the whole worker.
    country, taxed = "IS", new_id()

    async def step(tx: Tx) -> None:
        rule = {"country": country, "jurisdiction": "IS", "rate_ppm": 77_000, "included": False}
        await tx.add(TaxRule.model_validate({"id": taxed, "category_id": None, **rule}))

    await container.ports.db.run(step)
    for price_minor, delivery_minor in ((1_999, 333), (50_001, 777), (3, 0)):
        shop = await a_shop(container, delivery_minor=delivery_minor)
        await a_shipping_rate(container, shop, base_minor=1_000, free_over_minor=40_000)
        sale = await offered(container, product, shop, price_minor=price_minor)
        found = await comparison(container, product[0], country)
        offer = next(each for each in found.offers if each.candidate.listing_id == sale.listing_id)
        quoted = await make_quote(
            container.reads,
            QuoteRequest((WantedLine(sale.variant_id, 1),), country),
            shipping=container.ports.shipping_rates,
            tax=container.ports.tax_rules,
            policy=container.ports.policy,
        )
        assert quoted.quote is not None
        assert offer.landed_minor == quoted.quote.total_minor
        assert (offer.tax_included, offer.country) == (False, country)


async def test_a_parcel_is_in_the_landed_price_unless_it_is_to_be_fetched(container: Container) -> None:
    product = await a_product(container)
    both = await offered(container, product, price_minor=1_000, pickup_too=True)
    sent = await offered(container, product, price_minor=900)
    found = await comparison(container, product[0])
    landed = {offer.candidate.listing_id: offer.landed_minor for offer in found.offers}
    assert landed == {both.listing_id: 1_500, sent.listing_id: 1_400}
    [fetched] = (await comparison(container, product[0], fulfilment=Fulfilment.PICKUP)).offers
    quoted = await make_quote(
        container.reads,
        QuoteRequest((WantedLine(both.variant_id, 1, Fulfilment.PICKUP),), "DE"),
        shipping=container.ports.shipping_rates,
        tax=container.ports.tax_rules,
        policy=container.ports.policy,
    )
    assert quoted.quote is not None
    assert (fetched.candidate.listing_id, fetched.landed_minor) == (both.listing_id, quoted.quote.total_minor)
    assert fetched.landed_minor == 1_000


async def test_the_cheapest_variant_that_can_be_had_is_offered(container: Container) -> None:
    product = await a_product(container)
    sale = await offered(container, product, price_minor=900, stock=0)
    dearer = new_id()

    async def step(tx: Tx) -> None:
        for id_, price_minor in ((dearer, 1_200), (new_id(), 1_500)):
            fields = {"listing_id": sale.listing_id, "sku": uuid4().hex, "price_minor": price_minor}
            await tx.add(Variant.model_validate({"id": id_, "updated_at": tx.now, **fields}))
            await tx.add(VariantStock(variant_id=id_, status=StockStatus.LOW_STOCK, available=2, updated_at=tx.now))

    await container.ports.db.run(step)
    [offer] = (await comparison(container, product[0])).offers
    assert (offer.candidate.variant_id, offer.item_minor) == (dearer, 1_200)
    assert offer.candidate.stock_status is StockStatus.LOW_STOCK


async def test_delivery_takes_the_handling_and_the_way(container: Container) -> None:
    product = await a_product(container)
    shop = await a_shop(container, delivery_minor=None)
    await change(container, Seller, shop, handling_days=3)
    await a_shipping_rate(container, shop, base_minor=700, days_min=1, days_max=2, country="DE")
    await a_shipping_rate(container, shop, base_minor=500, days_min=4, days_max=9)
    await offered(container, product, shop)
    [offer] = (await comparison(container, product[0], "DE")).offers
    assert offer.delivery is not None
    assert (offer.delivery.price_minor, offer.delivery.days_min, offer.delivery.days_max) == (700, 4, 5)
    [offer] = (await comparison(container, product[0], "FR")).offers
    assert offer.delivery is not None
    assert (offer.delivery.price_minor, offer.delivery.days_max) == (500, 12)


async def test_without_a_destination_each_shop_sends_within_its_own_country(container: Container) -> None:
    product = await a_product(container)
    for country in ("AT", "DE"):
        shop = await a_shop(container)
        await change(container, Seller, shop, country=country)
        await offered(container, product, shop)
    assert {offer.country for offer in (await comparison(container, product[0], None)).offers} == {"AT", "DE"}


async def test_what_keeps_an_offer_out_of_the_box_is_found(container: Container) -> None:
    product = await a_product(container)
    winner = await offered(container, product, price_minor=5_000)
    restricted, unpayable = await offered(container, product), await offered(container, product)
    await change(container, Seller, restricted.seller_id, status=SellerStatus.RESTRICTED)

    async def step(tx: Tx) -> None:
        found = await tx.get(PaymentAccount, (unpayable.seller_id, "stripe"))
        assert found is not None
        found.charges_enabled = False

    await container.ports.db.run(step)
    expected = {
        restricted.listing_id: Reason.SELLER_RESTRICTED,
        unpayable.listing_id: Reason.SELLER_NOT_PAYABLE,
        (await offered(container, product, stock=0)).listing_id: Reason.OUT_OF_STOCK,
        (await offered(container, product, fulfilment=Fulfilment.PICKUP)).listing_id: Reason.COLLECTED,
        (await offered(container, product, sale_mode=SaleMode.REQUEST)).listing_id: Reason.NOT_AT_ONCE,
        (
            await offered(container, product, await a_shop(container, delivery_minor=None))
        ).listing_id: Reason.NOT_DELIVERED,
    }
    paused = await offered(container, product)
    await change(container, Listing, paused.listing_id, status=ListingStatus.PAUSED)
    found = await comparison(container, product[0])
    assert ids(found)[0] == winner.listing_id
    assert found.box.winner_id == winner.listing_id
    assert paused.listing_id not in ids(found)
    for listing_id, reason in expected.items():
        assert [each.reason for each in found.box.standings[listing_id].reasons] == [reason]


@pytest.mark.parametrize("sort", list(OfferSort))
@pytest.mark.parametrize("backwards", [False, True])
async def test_pages_show_every_offer_once_in_order(container: Container, sort: OfferSort, backwards: bool) -> None:
    product = await a_product(container)
    for number, price in enumerate((700, 700, 900, 800, 650)):
        await offered(container, product, price_minor=price, stock=number, currency="EUR" if number else "USD")
    found = await comparison(container, product[0])
    keyset = offers_keyset(product[0], sort, "DE", None, None)
    seen: list[UUID] = []
    cursor = None
    for _ in range(3):
        size: dict[str, Any] = {"last": 2, "before": cursor} if backwards else {"first": 2, "after": cursor}
        page = page_of(found.offers, sort, keyset, keyset.request(**size))
        part = [offer.candidate.listing_id for offer in page.items]
        seen = part + seen if backwards else seen + part
        cursor = page.cursors[0 if backwards else -1]
    everything = keyset.request(first=5)
    assert seen == [offer.candidate.listing_id for offer in page_of(found.offers, sort, keyset, everything).items]
    assert len(set(seen)) == 5
    assert not (page.has_previous if backwards else page.has_next)
    forged = keyset.encode(["EUR", "not a number", None, new_id()])
    with pytest.raises(CursorMismatch):
        page_of(found.offers, sort, keyset, keyset.request(first=2, after=forged))


async def test_offers_are_ordered_by_what_they_cost_delivered(container: Container) -> None:
    product = await a_product(container)
    dear = await offered(container, product, await a_shop(container, delivery_minor=900), price_minor=500)
    cheap = await offered(container, product, await a_shop(container, delivery_minor=0), price_minor=1_000)
    found = await comparison(container, product[0])
    keyset = offers_keyset(product[0], OfferSort.PRICE, "DE", None, None)
    page = page_of(found.offers, OfferSort.PRICE, keyset, keyset.request())
    assert [offer.candidate.listing_id for offer in page.items] == [cheap.listing_id, dear.listing_id]
    assert [offer.landed_minor for offer in page.items] == [1_000, 1_400]


async def test_only_offers_in_the_condition_asked_for_are_compared(container: Container) -> None:
    product = await a_product(container)
    await offered(container, product)
    used = await offered(container, product, condition=Condition.USED)
    found = await comparison(container, product[0], condition=Condition.USED)
    assert (ids(found), found.box.winner_id) == ([used.listing_id], used.listing_id)


async def test_many_sellers_cost_as_many_statements_as_one(container: Container) -> None:
    one, many = await a_product(container), await a_product(container)
    await offered(container, one)
    for _ in range(12):
        await offered(container, many)
    counts = []
    for product in (one, many):
        reads = CountingReads(container.reads)
        assert await candidates_by_product_ids(reads, [product[0]])
        counts.append(len(reads.statements))
    both = CountingReads(container.reads)
    found = await candidates_by_product_ids(both, [one[0], many[0]])
    assert [len(found[product[0]]) for product in (one, many)] == [1, 12]
    assert (counts, len(both.statements)) == ([1, 1], 1)


async def test_a_seller_learns_the_price_that_wins_and_it_does(container: Container) -> None:
    product = await a_product(container)
    await offered(container, product, price_minor=4_000)
    shop = await a_shop(container, delivery_minor=None)
    await a_shipping_rate(container, shop, base_minor=800, free_over_minor=4_200)
    mine = await offered(container, product, shop, price_minor=4_900)

    async def stand() -> Any:
        found = await comparison(container, product[0])
        return standing_of(found, mine.listing_id, product_id=product[0], country="DE", currency="EUR")

    before = await stand()
    assert (before.wins, before.rank, before.considered) == (False, 2, 2)
    assert (before.landed_minor, before.winner_landed_minor) == (4_900, 4_500)
    assert before.price_to_win_minor is not None
    for price_minor, wins in ((before.price_to_win_minor, True), (before.price_to_win_minor + 1, False)):
        await change(container, Variant, mine.variant_id, price_minor=price_minor)
        assert (await stand()).wins is wins
    await change(container, Listing, mine.listing_id, status=ListingStatus.PAUSED)
    gone = await stand()
    assert ([each.reason for each in gone.reasons], gone.rank) == ([Reason.NOT_ON_SALE], None)
