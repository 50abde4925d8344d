"""A cart with today's prices, stock and delivery, and with a warning for everything that is not as it was seen.

Invariant: what a line cannot deliver is never in a total. A line with fewer units left counts with those; a line that
cannot be bought counts with nothing; both have a warning.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.cart.model import LINE_QUANTITY_MAX
from domain.cart.ports import CartPorts
from domain.cart.reads import CartContent, StoredLine
from domain.catalog.model import Fulfilment, SaleMode
from domain.pricing.ports import Rate
from domain.pricing.quote import Problem, ProblemKind, QuoteLine, QuoteRequest, SellerQuote, WantedLine
from domain.pricing.quoting import Facts, delivery_options, delivery_price, gather_facts, price
from domain.pricing.reads import Sellable
from domain.shared.database import Reads


class WarningKind(StrEnum):
    PRICE_INCREASED = "price_increased"
    PRICE_DECREASED = "price_decreased"
    OUT_OF_STOCK = "out_of_stock"
    QUANTITY_REDUCED = "quantity_reduced"
    LISTING_UNAVAILABLE = "listing_unavailable"
    SELLER_UNAVAILABLE = "seller_unavailable"
    NOT_SHIPPED_THERE = "not_shipped_there"
    FULFILMENT_UNAVAILABLE = "fulfilment_unavailable"
    OTHER_CURRENCY = "other_currency"
    BOUGHT_ALONE = "bought_alone"
    TOTAL_TOO_LARGE = "total_too_large"
    DELIVERY_OPTION_STALE = "delivery_option_stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class CartWarning:
    """About a line, or (a stale delivery) about a seller. Prices for price warnings, `available` for stock ones."""

    kind: WarningKind
    line_id: UUID | None = None
    seller_id: UUID | None = None
    currency: str = ""
    seen_minor: int = 0
    current_minor: int = 0
    available: int = 0


@dataclass(frozen=True, slots=True)
class CartLineView:
    """`quantity` is what is wanted, `buyable_quantity` what can be had of it; `total_minor` is the gross of that."""

    id: UUID
    quantity: int
    buyable_quantity: int
    seen_price_minor: int
    total_minor: int
    sellable: Sellable


@dataclass(frozen=True, slots=True)
class DeliveryOption:
    """What sending this seller's part this way would cost now, tax and all."""

    rate: Rate
    price_minor: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class CartGroup:
    """What would become one order. `options` None: unknown, because the country or the rates are."""

    seller_id: UUID
    currency: str
    fulfilment: Fulfilment
    sale_mode: SaleMode
    lines: tuple[CartLineView, ...]
    options: tuple[DeliveryOption, ...] | None
    items_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class CartView:
    """`currency` None: nothing in it can be bought. `total_minor` is the total that a checkout would expect."""

    content: CartContent
    currency: str | None
    groups: tuple[CartGroup, ...]
    warnings: tuple[CartWarning, ...]
    total_minor: int
    estimated: bool


async def show_cart(reads: Reads, content: CartContent, ports: CartPorts) -> CartView:
    """Prices a cart anew. The number of statements does not depend on what is in it."""
    return price_cart(content, await cart_facts(reads, content, ports))


async def cart_facts(reads: Reads, content: CartContent, ports: CartPorts) -> Facts:
    return await gather_facts(
        reads,
        [WantedLine(line.variant_id, line.quantity, line.fulfilment) for line in content.lines],
        country=content.country,
        shipping=ports.shipping,
        tax=ports.tax,
        policy=ports.policy,
    )


def price_cart(content: CartContent, facts: Facts) -> CartView:
    """The arithmetic of `show_cart`."""
    wanted = tuple(WantedLine(line.variant_id, buyable(line, facts), line.fulfilment) for line in content.lines)
    result = price(facts, QuoteRequest(wanted, content.country, content.deliveries))
    problems = {problem.variant_id: problem for problem in result.problems}
    parts = result.quote.sellers if result.quote is not None else ()
    groups = tuple(_groups(content, facts, parts))
    return CartView(
        content=content,
        currency=result.quote.currency if result.quote is not None else None,
        groups=groups,
        warnings=(
            *(warning for line in content.lines for warning in _line_warnings(line, facts, problems)),
            *_delivery_warnings(content, facts),
        ),
        total_minor=result.quote.total_minor if result.quote is not None else 0,
        estimated=facts.estimated,
    )


def buyable(line: StoredLine, facts: Facts) -> int:
    """The quantity that can be had; the wanted one when there is none at all, so that the quote says so."""
    available = facts.sellables[line.variant_id].available
    return min(line.quantity, available) if available > 0 else line.quantity


def stale_deliveries(content: CartContent, facts: Facts) -> list[tuple[UUID, UUID]]:
    """Chosen rates that the seller does not offer (any more, or not there)."""
    senders = {each.seller_id: each.currency for each in facts.sellables.values() if each.fulfilment is Fulfilment.SHIP}
    stale = []
    for seller_id, rate_id in content.deliveries:
        options = delivery_options(facts, seller_id, senders[seller_id]) if seller_id in senders else None
        if options is not None and rate_id not in {rate.id for rate in options}:
            stale.append((seller_id, rate_id))
    return stale


def _groups(content: CartContent, facts: Facts, parts: Sequence[SellerQuote]) -> Iterable[CartGroup]:
    """All lines by future order, also those that cannot be bought, in the order in which they were added."""
    quoted = {(part.seller_id, part.fulfilment, part.sale_mode): part for part in parts}
    grouped: dict[tuple[UUID, Fulfilment, SaleMode], list[StoredLine]] = {}
    for line in content.lines:
        each = facts.sellables[line.variant_id]
        grouped.setdefault((each.seller_id, each.fulfilment, each.sale_mode), []).append(line)
    for key, lines in grouped.items():
        yield _group(facts, lines, quoted.get(key))


def _group(facts: Facts, lines: Sequence[StoredLine], part: SellerQuote | None) -> CartGroup:
    first = facts.sellables[lines[0].variant_id]
    bought = {line.variant_id: line for line in part.lines if line.variant_id is not None} if part is not None else {}
    return CartGroup(
        seller_id=first.seller_id,
        currency=first.currency,
        fulfilment=first.fulfilment,
        sale_mode=first.sale_mode,
        lines=tuple(_line(facts.sellables[line.variant_id], line, bought.get(line.variant_id)) for line in lines),
        options=_options(facts, first, part),
        items_minor=part.items_minor if part is not None else 0,
        shipping_minor=part.shipping_minor if part is not None else 0,
        tax_minor=part.tax_minor if part is not None else 0,
        total_minor=part.total_minor if part is not None else 0,
    )


def _line(sellable: Sellable, line: StoredLine, bought: QuoteLine | None) -> CartLineView:
    return CartLineView(
        id=line.id,
        quantity=line.quantity,
        buyable_quantity=bought.quantity if bought is not None else 0,
        seen_price_minor=line.seen_price_minor,
        total_minor=bought.gross_minor if bought is not None else 0,
        sellable=sellable,
    )


def _options(facts: Facts, first: Sellable, part: SellerQuote | None) -> tuple[DeliveryOption, ...] | None:
    """For the lines that can be bought, or for one item where none can; nothing is sent where nothing is a parcel."""
    if first.fulfilment is not Fulfilment.SHIP:
        return ()
    rates = delivery_options(facts, first.seller_id, first.currency)
    if rates is None:
        return None
    bought = [line for line in part.lines if line.variant_id is not None] if part is not None else []
    items = sum(line.quantity for line in bought)
    listed = sum(line.unit_price_minor * line.quantity - line.discount_minor for line in bought)
    chosen = part.shipping_rate_id if part is not None else None
    priced = ((rate, delivery_price(facts, rate, items, listed)) for rate in rates)
    return tuple(DeliveryOption(rate, asked, rate.id == chosen) for rate, asked in priced if asked is not None)


_OF_PROBLEM: Final[Mapping[ProblemKind, WarningKind]] = {
    ProblemKind.OUT_OF_STOCK: WarningKind.OUT_OF_STOCK,
    ProblemKind.LISTING_UNAVAILABLE: WarningKind.LISTING_UNAVAILABLE,
    ProblemKind.SELLER_UNAVAILABLE: WarningKind.SELLER_UNAVAILABLE,
    ProblemKind.NOT_SHIPPED_THERE: WarningKind.NOT_SHIPPED_THERE,
    ProblemKind.FULFILMENT_UNAVAILABLE: WarningKind.FULFILMENT_UNAVAILABLE,
    ProblemKind.CURRENCY_NOT_SUPPORTED: WarningKind.OTHER_CURRENCY,
    ProblemKind.BOUGHT_ALONE: WarningKind.BOUGHT_ALONE,
    ProblemKind.AMOUNT_TOO_LARGE: WarningKind.TOTAL_TOO_LARGE,
}
assert set(_OF_PROBLEM) == set(ProblemKind)


def _line_warnings(line: StoredLine, facts: Facts, problems: Mapping[UUID, Problem]) -> Iterable[CartWarning]:
    sellable = facts.sellables[line.variant_id]
    problem = problems.get(line.variant_id)
    if problem is not None:
        yield CartWarning(kind=_OF_PROBLEM[problem.kind], line_id=line.id, seller_id=sellable.seller_id)
    elif buyable(line, facts) < line.quantity:
        yield CartWarning(
            kind=WarningKind.QUANTITY_REDUCED,
            line_id=line.id,
            seller_id=sellable.seller_id,
            available=min(sellable.available, LINE_QUANTITY_MAX),
        )
    if sellable.price_minor != line.seen_price_minor:
        increased = sellable.price_minor > line.seen_price_minor
        yield CartWarning(
            kind=WarningKind.PRICE_INCREASED if increased else WarningKind.PRICE_DECREASED,
            line_id=line.id,
            seller_id=sellable.seller_id,
            currency=sellable.currency,
            seen_minor=line.seen_price_minor,
            current_minor=sellable.price_minor,
        )


def _delivery_warnings(content: CartContent, facts: Facts) -> Iterable[CartWarning]:
    for seller_id, _ in stale_deliveries(content, facts):
        yield CartWarning(kind=WarningKind.DELIVERY_OPTION_STALE, seller_id=seller_id)
