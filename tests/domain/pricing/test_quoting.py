"""A quote over what is current: who can be bought from, what it costs, and why the rest cannot be had."""

from uuid import UUID

from sqlalchemy import select

from app.container import Container
from domain.catalog.model import Fulfilment, ListingStatus, SaleMode, Variant, Visibility
from domain.inventory.model import StockItem
from domain.pricing.model import TaxRule
from domain.pricing.quote import Problem, ProblemKind, Quote, QuoteLineKind, QuoteRequest, QuoteResult, WantedLine
from domain.sellers.model import Seller, SellerStatus
from domain.shared.database import Tx, table
from domain.shared.ids import new_id
from domain.shared.measures import NoMeasures
from domain.shared.money import MINOR_UNITS_MAX
from infra.postgres.shipping_rates import TableShippingRates
from infra.postgres.tax_rules import TableTaxRules
from tests.counting import CountingReads
from tests.makers import OnSale, a_category, a_seller, a_shipping_rate, a_shop, change, on_sale
from tests.quotes import make_quote


async def quoted(
    container: Container,
    *lines: tuple[OnSale, int],
    country: str | None = "DE",
    deliveries: tuple[tuple[UUID, UUID], ...] = (),
) -> QuoteResult:
    wanted = tuple(WantedLine(offer.variant_id, quantity) for offer, quantity in lines)
    ports = container.ports
    return await make_quote(
        ports.db.primary,
        QuoteRequest(wanted, country, deliveries),
        shipping=ports.shipping_rates,
        tax=ports.tax_rules,
        policy=ports.policy,
    )


def whole(result: QuoteResult) -> Quote:
    assert result.problems == ()
    assert result.quote is not None
    return result.quote


async def a_tax(container: Container, country: str, rate_ppm: int, *, category_id: UUID | None = None) -> None:
    async def step(tx: Tx) -> None:
        await tx.add(
            TaxRule(
                id=new_id(),
                country=country,
                category_id=category_id,
                jurisdiction=country,
                rate_ppm=rate_ppm,
                included=country != "XU",
            )
        )

    await container.ports.db.run(step)


async def test_a_line_and_its_parcel(container: Container) -> None:
    lamp = await on_sale(container, price_minor=1_999)
    quote = whole(await quoted(container, (lamp, 3)))
    (part,) = quote.sellers
    assert (part.seller_id, part.items_minor, part.shipping_minor) == (lamp.seller_id, 5_997, 500)
    assert quote.total_minor == 6_497
    assert [line.kind for line in part.lines] == [QuoteLineKind.ITEM, QuoteLineKind.SHIPPING]
    assert part.lines[0].commission_minor == 900  # 15 % of 59.97
    assert not quote.estimated


async def test_included_tax_is_taken_out_and_the_parcel_has_the_general_rate(container: Container) -> None:
    books = await a_category(container, path="xi-books")
    novels = await a_category(container, path="xi-books/novels")
    await a_tax(container, "XI", 190_000)
    await a_tax(container, "XI", 70_000, category_id=books)
    novel = await on_sale(container, price_minor=1_070, category_id=novels)
    (part,) = whole(await quoted(container, (novel, 1), country="XI")).sellers
    item, parcel = part.lines
    assert (item.net_minor, item.tax_minor, item.gross_minor) == (1_000, 70, 1_070)
    assert (parcel.net_minor, parcel.tax_minor, parcel.gross_minor) == (420, 80, 500)
    assert item.commission_minor == 150
    assert (part.tax_minor, part.total_minor) == (150, 1_570)


async def test_added_tax_comes_on_top(container: Container) -> None:
    await a_tax(container, "XU", 100_000)
    lamp = await on_sale(container, price_minor=1_000)
    (part,) = whole(await quoted(container, (lamp, 2), country="XU")).sellers
    assert (part.items_minor, part.shipping_minor, part.tax_minor) == (2_200, 550, 250)
    assert part.lines[0].taxes[0].included is False


async def test_commission_is_the_sellers_else_the_nearest_categorys_else_the_platforms(container: Container) -> None:
    root = await a_category(container, path=f"root-{new_id().hex}", commission_ppm=100_000)
    path = f"root-{new_id().hex}"
    await a_category(container, path=path, commission_ppm=80_000)
    leaf = await a_category(container, path=f"{path}/leaf")
    plain, own, inherited, special = (
        await on_sale(container),
        await on_sale(container, category_id=root),
        await on_sale(container, category_id=leaf),
        await on_sale(container, category_id=root),
    )
    await change(container, Seller, special.seller_id, commission_ppm=0)
    quote = whole(await quoted(container, (plain, 1), (own, 1), (inherited, 1), (special, 1)))
    assert [part.commission_minor for part in quote.sellers] == [150, 100, 80, 0]


async def test_a_country_of_its_own_beats_everywhere_and_the_cheapest_is_taken(container: Container) -> None:
    shop = await a_shop(container, delivery_minor=100)
    await a_shipping_rate(container, shop, base_minor=900, country="DE")
    cheap = await a_shipping_rate(container, shop, base_minor=700, per_item_minor=50, country="DE")
    lamp = await on_sale(container, shop)
    (part,) = whole(await quoted(container, (lamp, 3))).sellers
    assert (part.shipping_rate_id, part.shipping_minor) == (cheap, 800)
    (part,) = whole(await quoted(container, (lamp, 3), country="FR")).sellers
    assert part.shipping_minor == 100


async def test_the_chosen_rate_is_taken_while_it_applies(container: Container) -> None:
    shop = await a_shop(container)
    express = await a_shipping_rate(container, shop, base_minor=1_500, days_min=1, days_max=1)
    lamp = await on_sale(container, shop)
    (part,) = whole(await quoted(container, (lamp, 1), deliveries=((shop, express),))).sellers
    assert (part.shipping_rate_id, part.shipping_minor, part.transit_days) == (express, 1_500, 1)
    (part,) = whole(await quoted(container, (lamp, 1), deliveries=((shop, new_id()),))).sellers
    assert part.shipping_minor == 500


async def test_delivery_is_free_from_an_amount_on(container: Container) -> None:
    shop = await a_shop(container, delivery_minor=None)
    await a_shipping_rate(container, shop, base_minor=500, free_over_minor=2_000)
    lamp = await on_sale(container, shop, price_minor=1_000)
    assert whole(await quoted(container, (lamp, 1))).total_minor == 1_500
    assert whole(await quoted(container, (lamp, 2))).total_minor == 2_000


async def test_what_is_not_sent_needs_no_rate_and_is_an_order_of_its_own(container: Container) -> None:
    shop = await a_shop(container)
    lamp = await on_sale(container, shop)
    plan = await on_sale(container, shop, fulfilment=Fulfilment.DIGITAL, price_minor=300)
    quote = whole(await quoted(container, (plan, 1), (lamp, 1)))
    assert [(part.fulfilment, part.total_minor) for part in quote.sellers] == [
        (Fulfilment.DIGITAL, 300),
        (Fulfilment.SHIP, 1_500),
    ]
    assert quote.sellers[0].shipping_rate_id is None


async def test_problems_are_told_and_the_rest_is_quoted(container: Container) -> None:
    good = await on_sale(container)
    paused = await on_sale(container, status=ListingStatus.PAUSED)
    private = await on_sale(container, visibility=Visibility.PRIVATE)
    off = await on_sale(container)
    await change(container, Variant, off.variant_id, active=False)
    gone = OnSale(new_id(), new_id(), new_id())
    closed = await on_sale(container)
    await change(container, Seller, closed.seller_id, status=SellerStatus.SUSPENDED)
    scarce = await on_sale(container, stock=2)
    home = await on_sale(container, await a_shop(container, delivery_minor=None))
    dollars = await on_sale(container, currency="USD")
    request = await on_sale(container, sale_mode=SaleMode.REQUEST)
    result = await quoted(
        container,
        *[(offer, 3) for offer in (good, paused, private, off, gone, closed, scarce, home, dollars, request)],
    )
    assert set(result.problems) == {
        Problem(ProblemKind.LISTING_UNAVAILABLE, paused.variant_id),
        Problem(ProblemKind.LISTING_UNAVAILABLE, private.variant_id),
        Problem(ProblemKind.LISTING_UNAVAILABLE, off.variant_id),
        Problem(ProblemKind.LISTING_UNAVAILABLE, gone.variant_id),
        Problem(ProblemKind.SELLER_UNAVAILABLE, closed.variant_id),
        Problem(ProblemKind.OUT_OF_STOCK, scarce.variant_id, 2),
        Problem(ProblemKind.NOT_SHIPPED_THERE, home.variant_id),
        Problem(ProblemKind.CURRENCY_NOT_SUPPORTED, dollars.variant_id),
        Problem(ProblemKind.BOUGHT_ALONE, request.variant_id),
    }
    assert result.quote is not None
    assert [part.seller_id for part in result.quote.sellers] == [good.seller_id]


async def test_a_restricted_seller_sells_on_and_one_without_an_account_does_not(container: Container) -> None:
    lamp = await on_sale(container)
    await change(container, Seller, lamp.seller_id, status=SellerStatus.RESTRICTED)
    assert whole(await quoted(container, (lamp, 1))).total_minor == 1_500
    unpaid = await on_sale(container, (await a_seller(container)).seller())
    result = await quoted(container, (unpaid, 1))
    assert result.problems == (Problem(ProblemKind.SELLER_UNAVAILABLE, unpaid.variant_id),)


async def test_a_listing_by_request_alone_is_quoted(container: Container) -> None:
    lamp = await on_sale(container, sale_mode=SaleMode.REQUEST)
    assert whole(await quoted(container, (lamp, 1))).sellers[0].sale_mode is SaleMode.REQUEST


async def test_reserved_stock_is_not_there_and_lines_of_one_variant_count_together(container: Container) -> None:
    lamp = await on_sale(container, stock=5)
    assert whole(await quoted(container, (lamp, 2), (lamp, 3))).sellers[0].lines[0].quantity == 5
    stock_item_id = await container.ports.db.primary.scalar(
        select(table(StockItem).c.id).where(table(StockItem).c.variant_id == lamp.variant_id)
    )
    await change(container, StockItem, stock_item_id, reserved=1)
    result = await quoted(container, (lamp, 2), (lamp, 3))
    assert result.problems == (Problem(ProblemKind.OUT_OF_STOCK, lamp.variant_id, 4),)
    assert result.quote is None


async def test_without_a_country_it_is_an_estimate_of_the_items(container: Container) -> None:
    lamp = await on_sale(container)
    quote = whole(await quoted(container, (lamp, 1), country=None))
    assert (quote.estimated, quote.total_minor) == (True, 1_000)


async def test_amounts_that_no_number_carries_are_refused_line_by_line(container: Container) -> None:
    shop = await a_shop(container, delivery_minor=0)
    treasure = await on_sale(container, shop, price_minor=MINOR_UNITS_MAX)
    crown = await on_sale(container, shop, price_minor=MINOR_UNITS_MAX - 1)
    lamp = await on_sale(container, shop, price_minor=1)
    assert whole(await quoted(container, (treasure, 1))).total_minor == MINOR_UNITS_MAX
    result = await quoted(container, (treasure, 2), (crown, 1), (lamp, 1))
    assert result.problems == (Problem(ProblemKind.AMOUNT_TOO_LARGE, treasure.variant_id),)
    assert result.quote is not None
    assert result.quote.total_minor == MINOR_UNITS_MAX


async def test_it_reads_what_its_own_transaction_wrote(container: Container) -> None:
    lamp = await on_sale(container, price_minor=1_000)
    ports = container.ports

    async def step(tx: Tx) -> QuoteResult:
        variant = await tx.get(Variant, lamp.variant_id)
        assert variant is not None
        variant.price_minor = 2_000
        return await make_quote(
            tx.reads,
            QuoteRequest((WantedLine(lamp.variant_id, 1),), "DE"),
            shipping=ports.shipping_rates,
            tax=ports.tax_rules,
            policy=ports.policy,
        )

    assert whole(await ports.db.run(step)).sellers[0].items_minor == 2_000


async def test_the_number_of_statements_does_not_grow_with_the_lines(container: Container) -> None:
    reads = CountingReads(container.ports.db.primary)
    rates = TableShippingRates(reads, NoMeasures(), fresh_seconds=0)
    rules = TableTaxRules(reads, NoMeasures(), fresh_seconds=0)

    async def count(lines: int) -> int:
        wanted = tuple([WantedLine((await on_sale(container)).variant_id, 1) for _ in range(lines)])
        reads.statements.clear()
        request = QuoteRequest(wanted, "DE")
        result = await make_quote(reads, request, shipping=rates, tax=rules, policy=container.ports.policy)
        assert len(whole(result).sellers) == lines
        return len(reads.statements)

    assert await count(1) == await count(12) == 4
