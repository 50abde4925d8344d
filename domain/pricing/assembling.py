"""Putting a quote together from lines whose price, tax and commission are known.

Invariant: the lines of a part sum to its total and the parts to the quote's total; every sum is checked against the
greatest amount, so AmountTooLarge is raised before anything is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.pricing import amounts
from domain.pricing.ports import Rate, TaxRate
from domain.pricing.quote import Quote, QuoteLine, QuoteLineKind, QuoteTax, SellerQuote
from domain.pricing.reads import Sellable
from domain.shared.money import share_ppm


@dataclass(frozen=True, slots=True)
class Chosen:
    """A line that can be bought."""

    sellable: Sellable
    quantity: int
    tax: TaxRate | None
    commission_ppm: int

    @property
    def variant_id(self) -> UUID:
        return self.sellable.variant_id

    def listed_minor(self) -> int:
        return amounts.listed_amount(self.sellable.price_minor, self.quantity)


@dataclass(frozen=True, slots=True)
class Part:
    """One seller's lines of one fulfilment and sale mode; `rate` None where there is no parcel or no known rate."""

    lines: tuple[Chosen, ...]
    rate: Rate | None

    def delivery_minor(self) -> int:
        if self.rate is None:
            return 0
        items = sum(line.quantity for line in self.lines)
        return amounts.delivery_amount(self.rate, items, amounts.total(line.listed_minor() for line in self.lines))


def assemble(parts: Sequence[Part], *, country: str | None, shipping_tax: TaxRate | None, estimated: bool) -> Quote:
    """The quote over at least one part, all of one currency. Raises AmountTooLarge."""
    sellers = tuple(_seller_quote(part, shipping_tax) for part in parts)
    return Quote(
        currency=sellers[0].currency,
        country=country,
        sellers=sellers,
        total_minor=amounts.total(each.total_minor for each in sellers),
        estimated=estimated,
    )


def _seller_quote(part: Part, shipping_tax: TaxRate | None) -> SellerQuote:
    first = part.lines[0].sellable
    items = [_item_line(line) for line in part.lines]
    shipping = [] if part.rate is None else [_shipping_line(part.rate, part.delivery_minor(), shipping_tax)]
    items_minor = amounts.total(line.gross_minor for line in items)
    shipping_minor = amounts.total(line.gross_minor for line in shipping)
    return SellerQuote(
        seller_id=first.seller_id,
        currency=first.currency,
        sale_mode=first.sale_mode,
        fulfilment=first.fulfilment,
        handling_days=first.handling_days,
        transit_days=0 if part.rate is None else part.rate.days_max,
        shipping_rate_id=None if part.rate is None else part.rate.id,
        lines=(*items, *shipping),
        items_minor=items_minor,
        shipping_minor=shipping_minor,
        tax_minor=amounts.total(line.tax_minor for line in (*items, *shipping)),
        total_minor=amounts.total((items_minor, shipping_minor)),
        commission_minor=amounts.total(line.commission_minor for line in items),
    )


def _item_line(line: Chosen) -> QuoteLine:
    found = amounts.line_amounts(line.listed_minor(), line.tax)
    return QuoteLine(
        kind=QuoteLineKind.ITEM,
        listing_id=line.sellable.listing_id,
        variant_id=line.variant_id,
        title=line.sellable.title,
        variant_title=line.sellable.variant_title,
        quantity=line.quantity,
        unit_price_minor=line.sellable.price_minor,
        discount_minor=0,
        net_minor=found.net_minor,
        tax_minor=found.tax_minor,
        gross_minor=found.gross_minor,
        commission_ppm=line.commission_ppm,
        commission_minor=share_ppm(found.net_minor, line.commission_ppm),
        taxes=_taxes(found, line.tax),
    )


def _shipping_line(rate: Rate, listed_minor: int, tax: TaxRate | None) -> QuoteLine:
    """A line even when it is free: it says how the parcel goes. No commission is taken from it."""
    found = amounts.line_amounts(listed_minor, tax)
    return QuoteLine(
        kind=QuoteLineKind.SHIPPING,
        listing_id=None,
        variant_id=None,
        title=rate.name,
        variant_title="",
        quantity=1,
        unit_price_minor=listed_minor,
        discount_minor=0,
        net_minor=found.net_minor,
        tax_minor=found.tax_minor,
        gross_minor=found.gross_minor,
        commission_ppm=0,
        commission_minor=0,
        taxes=_taxes(found, tax),
    )


def _taxes(found: amounts.LineAmounts, tax: TaxRate | None) -> tuple[QuoteTax, ...]:
    if tax is None:
        return ()
    return (QuoteTax(tax.jurisdiction, tax.rate_ppm, found.net_minor, found.tax_minor, tax.included),)
