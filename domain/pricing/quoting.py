"""Quoting: what these variants cost, sent to a country, right now.

Invariant: a quote is made from what is current, in a constant number of statements, and locks nothing. A line that
cannot be bought as it stands is never in the quote; it is told as a problem, so that no total hides it.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.catalog.model import SELLABLE, Fulfilment, SaleMode, Visibility
from domain.pricing import amounts
from domain.pricing.assembling import Chosen, Part, assemble
from domain.pricing.errors import AmountTooLarge
from domain.pricing.ports import Rate, RatesFound, ShippingRates, TaxesFound, TaxRules
from domain.pricing.quote import Problem, ProblemKind, Quote, QuoteRequest, QuoteResult, WantedLine
from domain.pricing.reads import Sellable, commissions_by_paths, in_chosen_ways, sellables_by_ids
from domain.sellers.reads import OPEN
from domain.shared.database import Reads
from domain.shared.money import MINOR_UNITS_MAX
from domain.shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a quote is made from. `price` is pure over it, so one reading serves several requests."""

    sellables: Mapping[UUID, Sellable]
    commissions: Mapping[str, int]
    rates: RatesFound
    taxes: TaxesFound
    country: str | None
    platform_commission_ppm: int

    @property
    def estimated(self) -> bool:
        return self.country is None or self.rates.estimated or self.taxes.estimated


async def gather_facts(
    reads: Reads,
    lines: Sequence[WantedLine],
    *,
    country: str | None,
    shipping: ShippingRates,
    tax: TaxRules,
    policy: Policy,
) -> Facts:
    """What `price` needs to know about these lines. Without a country nothing is known of shipping and tax.

    `reads` is the primary where something is decided, the read pool where somebody is only looking; never an open
    transaction, since others are asked meanwhile. Two statements and two look-ups, whatever the number of lines.

    Where everything is fetched nobody need say where it goes: it is taxed in the country of the shop.
    """
    found = await sellables_by_ids(reads, [line.variant_id for line in lines])
    sellables = in_chosen_ways(found, {line.variant_id: line.fulfilment for line in lines})
    country = country or _fetched_in(sellables.values())
    paths = {each.category_path for each in sellables.values()}
    commissions = await commissions_by_paths(reads, sorted(paths)) if paths else {}
    senders = sorted({each.seller_id for each in sellables.values() if each.fulfilment is Fulfilment.SHIP})
    rates, taxes = RatesFound({}), TaxesFound(())
    if country is not None:
        rates, taxes = await asyncio.gather(shipping.of_sellers(senders), tax.of_country(country))
    return Facts(sellables, commissions, rates, taxes, country, policy.commission_ppm)


def _fetched_in(sellables: Iterable[Sellable]) -> str | None:
    """The country of the shops from which everything is fetched; None when something is not, or they are of several."""
    countries = {each.seller_country if each.fulfilment is Fulfilment.PICKUP else None for each in sellables}
    return countries.pop() if len(countries) == 1 else None


def price(facts: Facts, request: QuoteRequest) -> QuoteResult:
    """The quote over the lines that can be bought, and why the others cannot: no reading, no waiting.

    Quantities are at least 1; lines of one variant are taken together. The first buyable line sets the currency.
    """
    problems: list[Problem] = []
    lines: list[Chosen] = []
    for wanted in _merged(request.lines):
        problem = obstacle(facts.sellables.get(wanted.variant_id), wanted)
        if problem is not None:
            problems.append(problem)
        else:
            lines.append(_chosen(facts, wanted))
    lines = _sift(lines, problems, ProblemKind.CURRENCY_NOT_SUPPORTED, _of_another_currency(lines))
    lines = _sift(lines, problems, ProblemKind.BOUGHT_ALONE, _not_alone(lines))
    lines = _sift(lines, problems, ProblemKind.NOT_SHIPPED_THERE, _not_sent(facts, lines))
    return QuoteResult(_fitting(facts, lines, dict(request.deliveries), problems), tuple(problems))


def delivery_options(facts: Facts, seller_id: UUID, currency: str) -> list[Rate] | None:
    """The rates a buyer may choose from for one seller's parcel; None when they are not known."""
    known = facts.rates.by_seller.get(seller_id)
    if facts.country is None or known is None:
        return None
    return amounts.rates_for(known, facts.country, currency)


def delivery_price(facts: Facts, rate: Rate, items: int, listed_minor: int) -> int | None:
    """What the buyer would pay for this parcel, tax and all; None when that is more than an amount can be."""
    try:
        asked = amounts.delivery_amount(rate, items, listed_minor)
        return amounts.line_amounts(asked, amounts.tax_rate_for(facts.taxes.rates, None)).gross_minor
    except AmountTooLarge:
        return None


def _merged(lines: Iterable[WantedLine]) -> list[WantedLine]:
    merged: dict[UUID, WantedLine] = {}
    for line in lines:
        if line.quantity < 1:
            raise ValueError("a wanted line has a quantity of at least 1")
        known = merged.get(line.variant_id)
        merged[line.variant_id] = replace(known, quantity=known.quantity + line.quantity) if known else line
    return list(merged.values())


def obstacle(sellable: Sellable | None, wanted: WantedLine) -> Problem | None:
    """What stands in the way of this line by itself, whatever else is bought and wherever it is sent."""
    if (
        sellable is None
        or not sellable.active
        or sellable.listing_status not in SELLABLE
        or sellable.visibility is Visibility.PRIVATE
    ):
        return Problem(ProblemKind.LISTING_UNAVAILABLE, wanted.variant_id)
    if sellable.seller_status not in OPEN or not sellable.charges_enabled:
        return Problem(ProblemKind.SELLER_UNAVAILABLE, wanted.variant_id)
    if wanted.fulfilment is not None and wanted.fulfilment not in sellable.fulfilments:
        return Problem(ProblemKind.FULFILMENT_UNAVAILABLE, wanted.variant_id)
    if sellable.available < wanted.quantity:
        return Problem(ProblemKind.OUT_OF_STOCK, wanted.variant_id, max(sellable.available, 0))
    return None


def _chosen(facts: Facts, wanted: WantedLine) -> Chosen:
    sellable = facts.sellables[wanted.variant_id]
    return Chosen(
        sellable=sellable,
        quantity=wanted.quantity,
        tax=amounts.tax_rate_for(facts.taxes.rates, sellable.category_path),
        commission_ppm=amounts.commission_rate(
            sellable.seller_commission_ppm,
            facts.commissions.get(sellable.category_path),
            facts.platform_commission_ppm,
        ),
    )


def _sift(lines: list[Chosen], problems: list[Problem], kind: ProblemKind, out: set[UUID]) -> list[Chosen]:
    problems += [Problem(kind, line.variant_id) for line in lines if line.variant_id in out]
    return [line for line in lines if line.variant_id not in out]


def _of_another_currency(lines: Sequence[Chosen]) -> set[UUID]:
    return {line.variant_id for line in lines if line.sellable.currency != lines[0].sellable.currency}


def _not_alone(lines: Sequence[Chosen]) -> set[UUID]:
    if len({line.sellable.listing_id for line in lines}) < 2:
        return set()
    return {line.variant_id for line in lines if line.sellable.sale_mode is SaleMode.REQUEST}


def _not_sent(facts: Facts, lines: Sequence[Chosen]) -> set[UUID]:
    """Lines that need a parcel from a seller who is known to send nothing there."""
    return {
        line.variant_id
        for line in lines
        if line.sellable.fulfilment is Fulfilment.SHIP
        and delivery_options(facts, line.sellable.seller_id, line.sellable.currency) == []
    }


def _fitting(
    facts: Facts, lines: list[Chosen], deliveries: Mapping[UUID, UUID], problems: list[Problem]
) -> Quote | None:
    """The quote; while its amounts do not fit, its greatest line goes. At most as many rounds as lines."""
    while lines:
        try:
            return assemble(
                _parts(facts, lines, deliveries),
                country=facts.country,
                shipping_tax=amounts.tax_rate_for(facts.taxes.rates, None),
                estimated=facts.estimated,
            )
        except AmountTooLarge:
            greatest = max(lines, key=lambda line: line.sellable.price_minor * line.quantity)
            problems.append(Problem(ProblemKind.AMOUNT_TOO_LARGE, greatest.variant_id))
            lines = [line for line in lines if line is not greatest]
    return None


def _parts(facts: Facts, lines: Sequence[Chosen], deliveries: Mapping[UUID, UUID]) -> list[Part]:
    """Lines by future order, in the order in which their first lines came."""
    grouped: dict[tuple[UUID, Fulfilment, SaleMode], list[Chosen]] = {}
    for line in lines:
        key = (line.sellable.seller_id, line.sellable.fulfilment, line.sellable.sale_mode)
        grouped.setdefault(key, []).append(line)
    return [Part(tuple(group), _rate(facts, group, deliveries)) for group in grouped.values()]


def _rate(facts: Facts, lines: Sequence[Chosen], deliveries: Mapping[UUID, UUID]) -> Rate | None:
    """The chosen rate where it still applies, else the cheapest; of equal ones the first."""
    first = lines[0].sellable
    if first.fulfilment is not Fulfilment.SHIP:
        return None
    options = delivery_options(facts, first.seller_id, first.currency)
    if not options:
        return None
    chosen = next((rate for rate in options if rate.id == deliveries.get(first.seller_id)), None)
    return chosen or min(options, key=lambda rate: _asked(rate, lines))


def _asked(rate: Rate, lines: Sequence[Chosen]) -> int:
    """What a rate asks, as listed; one that asks more than any amount is never the cheapest."""
    try:
        return Part(tuple(lines), rate).delivery_minor()
    except AmountTooLarge:
        return MINOR_UNITS_MAX + 1
