"""A quote as plain JSON and back: what a checkout stores when it is bought.

Invariant: `thaw(freeze(quote)) == quote`, so an order is made from exactly what the buyer agreed to.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from domain.catalog.model import Fulfilment, SaleMode
from domain.pricing.quote import Quote, QuoteLine, QuoteLineKind, QuoteTax, SellerQuote

FORM: Final = 1
"""The form of the stored text; a quote of another form is refused, not misread."""

_LINE_NUMBERS: Final = (
    "quantity", "unit_price_minor", "discount_minor", "net_minor", "tax_minor", "gross_minor", "commission_ppm",
    "commission_minor",
)  # fmt: skip
_SELLER_NUMBERS: Final = (
    "handling_days", "transit_days", "items_minor", "shipping_minor", "tax_minor", "total_minor", "commission_minor",
)  # fmt: skip


def freeze(quote: Quote) -> dict[str, Any]:
    """Text, numbers, lists and mappings only; fits a jsonb column."""
    return {
        "form": FORM,
        "currency": quote.currency,
        "country": quote.country,
        "total_minor": quote.total_minor,
        "estimated": quote.estimated,
        "sellers": [_freeze_seller(each) for each in quote.sellers],
    }


def thaw(stored: Mapping[str, Any]) -> Quote:
    """The inverse of `freeze`. Raises ValueError or KeyError for anything that it did not write."""
    if stored.get("form") != FORM:
        raise ValueError(f"a quote stored in form {stored.get('form')!r} cannot be read")
    return Quote(
        currency=stored["currency"],
        country=stored["country"],
        sellers=tuple(_thaw_seller(each) for each in stored["sellers"]),
        total_minor=stored["total_minor"],
        estimated=stored["estimated"],
    )


def _freeze_seller(part: SellerQuote) -> dict[str, Any]:
    return {
        "seller_id": str(part.seller_id),
        "currency": part.currency,
        "sale_mode": part.sale_mode.value,
        "fulfilment": part.fulfilment.value,
        "shipping_rate_id": _text(part.shipping_rate_id),
        "lines": [_freeze_line(line) for line in part.lines],
        **{name: getattr(part, name) for name in _SELLER_NUMBERS},
    }


def _thaw_seller(stored: Mapping[str, Any]) -> SellerQuote:
    return SellerQuote(
        seller_id=UUID(stored["seller_id"]),
        currency=stored["currency"],
        sale_mode=SaleMode(stored["sale_mode"]),
        fulfilment=Fulfilment(stored["fulfilment"]),
        shipping_rate_id=_id(stored["shipping_rate_id"]),
        lines=tuple(_thaw_line(line) for line in stored["lines"]),
        **{name: stored[name] for name in _SELLER_NUMBERS},
    )


def _freeze_line(line: QuoteLine) -> dict[str, Any]:
    return {
        "kind": line.kind.value,
        "listing_id": _text(line.listing_id),
        "variant_id": _text(line.variant_id),
        "title": line.title,
        "variant_title": line.variant_title,
        "taxes": [
            [each.jurisdiction, each.rate_ppm, each.base_minor, each.amount_minor, each.included] for each in line.taxes
        ],
        **{name: getattr(line, name) for name in _LINE_NUMBERS},
    }


def _thaw_line(stored: Mapping[str, Any]) -> QuoteLine:
    return QuoteLine(
        kind=QuoteLineKind(stored["kind"]),
        listing_id=_id(stored["listing_id"]),
        variant_id=_id(stored["variant_id"]),
        title=stored["title"],
        variant_title=stored["variant_title"],
        taxes=tuple(QuoteTax(*each) for each in stored["taxes"]),
        **{name: stored[name] for name in _LINE_NUMBERS},
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _id(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)
