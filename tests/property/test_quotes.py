"""Whatever the prices, rates and quantities: a quote adds up, loses no unit, and survives being stored.

The guarantee: net + tax = gross on every line, the lines sum to the part and the parts to the total; more of anything
never costs less; an amount that a JSON number would not carry is refused, never rounded.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cart.reads import CartContent, CartStamp, StoredLine
from domain.cart.showing import price_cart
from domain.catalog.model import Fulfilment, ListingStatus, SaleMode, Visibility
from domain.pricing import amounts
from domain.pricing.errors import AmountTooLarge
from domain.pricing.freezing import freeze, thaw
from domain.pricing.ports import EVERYWHERE, Rate, RatesFound, TaxesFound, TaxRate
from domain.pricing.quote import ProblemKind, Quote, QuoteLineKind, QuoteRequest, WantedLine
from domain.pricing.quoting import Facts, price
from domain.pricing.reads import Sellable
from domain.sellers.model import SellerStatus
from domain.shared.money import MINOR_UNITS_MAX

AMOUNT = st.one_of(st.integers(0, 100_000), st.integers(0, MINOR_UNITS_MAX))
PPM = st.integers(0, 1_000_000)
QUANTITY = st.integers(1, 99)
SELLERS = [UUID(int=number) for number in range(1, 5)]


@st.composite
def tax_rates(draw: st.DrawFn) -> TaxRate:
    return TaxRate(draw(st.sampled_from([None, "a", "a/b"])), "XX", draw(PPM), draw(st.booleans()))


@st.composite
def rates(draw: st.DrawFn, seller_id: UUID) -> Rate:
    return Rate(
        id=draw(st.uuids()),
        seller_id=seller_id,
        name=draw(st.text(max_size=20)),
        country=draw(st.sampled_from(["XX", EVERYWHERE])),
        currency="EUR",
        base_minor=draw(AMOUNT),
        per_item_minor=draw(st.integers(0, 10_000)),
        free_over_minor=draw(st.none() | AMOUNT),
        days_min=1,
        days_max=draw(st.integers(1, 90)),
    )


@st.composite
def sellables(draw: st.DrawFn, variant_id: UUID) -> Sellable:
    return Sellable(
        variant_id=variant_id,
        listing_id=UUID(int=variant_id.int << 64),
        seller_id=draw(st.sampled_from(SELLERS)),
        title=draw(st.text(max_size=20)),
        variant_title="",
        price_minor=draw(AMOUNT),
        currency="EUR",
        active=True,
        listing_status=ListingStatus.ACTIVE,
        visibility=Visibility.PUBLIC,
        sale_mode=SaleMode.PURCHASE,
        fulfilment=draw(st.sampled_from(Fulfilment)),
        category_path=draw(st.sampled_from(["a", "a/b", "a/b/c", "ab"])),
        seller_status=SellerStatus.ACTIVE,
        seller_commission_ppm=draw(st.none() | PPM),
        handling_days=2,
        charges_enabled=True,
        seller_country="DE",
        available=99,
    )


@st.composite
def purchases(draw: st.DrawFn) -> tuple[Facts, QuoteRequest]:
    ids = [UUID(int=number) for number in range(100, 100 + draw(st.integers(1, 8)))]
    by_seller = {seller: tuple(draw(st.lists(rates(seller), max_size=3))) for seller in SELLERS}
    facts = Facts(
        sellables={variant_id: draw(sellables(variant_id)) for variant_id in ids},
        commissions=draw(st.dictionaries(st.sampled_from(["a", "a/b"]), PPM)),
        rates=RatesFound(by_seller),
        taxes=TaxesFound(draw(st.lists(tax_rates(), max_size=3))),
        country="XX",
        platform_commission_ppm=draw(PPM),
    )
    return facts, QuoteRequest(tuple(WantedLine(each, draw(QUANTITY)) for each in ids), "XX")


@given(purchases())
def test_every_line_is_in_the_quote_or_told_as_a_problem_and_everything_adds_up(
    purchase: tuple[Facts, QuoteRequest],
) -> None:
    facts, request = purchase
    result = price(facts, request)
    quote = result.quote
    sold = [line.variant_id for part in (quote.sellers if quote else ()) for line in part.lines if line.variant_id]
    told = [problem.variant_id for problem in result.problems]
    assert sorted(sold + told) == sorted(line.variant_id for line in request.lines)
    assert {problem.kind for problem in result.problems} <= {
        ProblemKind.NOT_SHIPPED_THERE,
        ProblemKind.AMOUNT_TOO_LARGE,
    }
    if quote is not None:
        check_sums(quote)


def check_sums(quote: Quote) -> None:
    for part in quote.sellers:
        items = [line for line in part.lines if line.kind is QuoteLineKind.ITEM]
        for line in part.lines:
            assert line.net_minor + line.tax_minor == line.gross_minor
            assert 0 <= line.net_minor <= line.gross_minor <= MINOR_UNITS_MAX
            assert sum(tax.amount_minor for tax in line.taxes) == line.tax_minor
            assert 0 <= line.commission_minor <= line.net_minor
        assert part.items_minor == sum(line.gross_minor for line in items)
        assert part.items_minor + part.shipping_minor == part.total_minor
        assert part.total_minor == sum(line.gross_minor for line in part.lines)
        assert part.tax_minor == sum(line.tax_minor for line in part.lines)
        assert part.commission_minor == sum(line.commission_minor for line in items)
    assert quote.total_minor == sum(part.total_minor for part in quote.sellers) <= MINOR_UNITS_MAX


@given(purchases())
def test_a_stored_quote_is_the_quote(purchase: tuple[Facts, QuoteRequest]) -> None:
    quote = price(*purchase).quote
    if quote is not None:
        assert thaw(json.loads(json.dumps(freeze(quote)))) == quote


@given(purchases(), st.data())
def test_a_cart_shows_every_line_once_and_warns_of_all_that_is_not_in_its_total(
    purchase: tuple[Facts, QuoteRequest], data: st.DataObject
) -> None:
    facts, request = purchase
    stock = {
        variant_id: replace(each, available=data.draw(st.integers(0, 120)))
        for variant_id, each in facts.sellables.items()
    }
    now = datetime(2026, 1, 1, tzinfo=UTC)
    content = CartContent(
        stamp=CartStamp(UUID(int=1), 1, now),
        user_id=None,
        country="XX",
        expires_at=now,
        lines=tuple(
            StoredLine(each.variant_id, each.variant_id, each.quantity, stock[each.variant_id].price_minor)
            for each in request.lines
        ),
        deliveries=(),
    )
    view = price_cart(content, replace(facts, sellables=stock))
    lines = [line for group in view.groups for line in group.lines]
    assert sorted(line.id for line in lines) == sorted(line.id for line in content.lines)
    assert view.total_minor == sum(group.total_minor for group in view.groups)
    for group in view.groups:
        assert group.items_minor == sum(line.total_minor for line in group.lines)
    warned = {warning.line_id for warning in view.warnings}
    assert warned == {line.id for line in lines if line.buyable_quantity < line.quantity}


def test_a_quote_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="form 2"):
        thaw({"form": 2})


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.none() | tax_rates())
def test_more_never_costs_less(smaller: int, more: int, tax: TaxRate | None) -> None:
    less, greater = amounts.line_amounts(smaller, tax), amounts.line_amounts(smaller + more, tax)
    assert less.net_minor <= greater.net_minor
    assert less.tax_minor <= greater.tax_minor
    assert less.gross_minor <= greater.gross_minor


@given(st.integers(0, 10**12), PPM)
def test_tax_is_within_half_a_unit_of_the_exact_share(listed: int, rate_ppm: int) -> None:
    added = amounts.line_amounts(listed, TaxRate(None, "XX", rate_ppm, included=False))
    assert abs(added.tax_minor * 1_000_000 - listed * rate_ppm) * 2 <= 1_000_000
    inside = amounts.line_amounts(listed, TaxRate(None, "XX", rate_ppm, included=True))
    assert abs(inside.tax_minor * (1_000_000 + rate_ppm) - listed * rate_ppm) * 2 <= 1_000_000 + rate_ppm
    assert inside.gross_minor == listed


@given(rates(SELLERS[0]), st.integers(1, 99), st.integers(0, 10**9))
def test_delivery_of_more_items_never_costs_less_unless_it_becomes_free(rate: Rate, items: int, listed: int) -> None:
    try:
        more = amounts.delivery_amount(rate, items + 1, listed)
    except AmountTooLarge:
        return
    assert amounts.delivery_amount(rate, items, listed) <= more


@given(st.integers(MINOR_UNITS_MAX + 1, MINOR_UNITS_MAX * 100))
def test_an_amount_beyond_what_a_number_carries_is_refused(amount: int) -> None:
    with pytest.raises(AmountTooLarge):
        amounts.within_bounds(amount)
    with pytest.raises(AmountTooLarge):
        amounts.listed_amount(amount, 1)
    with pytest.raises(AmountTooLarge):
        amounts.line_amounts(MINOR_UNITS_MAX, TaxRate(None, "XX", 1_000_000, included=False))
