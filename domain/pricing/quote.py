"""The quote: what a set of variants costs, sent to a country, right now. Frozen into a checkout when it is bought.

Invariant: net + tax = gross on every line, the lines of a seller sum to its total, the sellers to the quote's total.
Rounding happens once per line, half a unit to even.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.catalog.model import Fulfilment, SaleMode


@dataclass(frozen=True, slots=True)
class QuoteTax:
    jurisdiction: str
    rate_ppm: int
    base_minor: int
    amount_minor: int
    included: bool
    """The listed price contains it."""


class QuoteLineKind(StrEnum):
    ITEM = "item"
    SHIPPING = "shipping"


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """`unit_price_minor` is the listed price; net, tax and gross are of the whole line after discount."""

    kind: QuoteLineKind
    listing_id: UUID | None
    variant_id: UUID | None
    title: str
    variant_title: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    commission_ppm: int
    commission_minor: int
    taxes: tuple[QuoteTax, ...]


@dataclass(frozen=True, slots=True)
class SellerQuote:
    """One seller's part: it becomes one order. `shipping_rate_id` is None where nothing is sent by parcel.

    An order has one fulfilment and one sale mode, so a seller whose lines differ in those has several parts.
    """

    seller_id: UUID
    currency: str
    sale_mode: SaleMode
    fulfilment: Fulfilment
    handling_days: int
    transit_days: int
    shipping_rate_id: UUID | None
    lines: tuple[QuoteLine, ...]
    items_minor: int
    """Gross of the item lines."""
    shipping_minor: int
    """Gross of the shipping lines."""
    tax_minor: int
    """All tax in it, included in listed prices or added."""
    total_minor: int
    commission_minor: int


@dataclass(frozen=True, slots=True)
class Quote:
    """`estimated`: the country is unknown, or shipping or tax came from last known values; never captured so."""

    currency: str
    country: str | None
    sellers: tuple[SellerQuote, ...]
    total_minor: int
    estimated: bool


class ProblemKind(StrEnum):
    OUT_OF_STOCK = "out_of_stock"
    """Fewer are there than wanted; `available` says how many (0: none)."""
    LISTING_UNAVAILABLE = "listing_unavailable"
    SELLER_UNAVAILABLE = "seller_unavailable"
    NOT_SHIPPED_THERE = "not_shipped_there"
    FULFILMENT_UNAVAILABLE = "fulfilment_unavailable"
    """It is not handed over (any more) in the way that the buyer chose."""
    CURRENCY_NOT_SUPPORTED = "currency_not_supported"
    BOUGHT_ALONE = "bought_alone"
    """A listing by request is checked out alone."""
    AMOUNT_TOO_LARGE = "amount_too_large"
    """With this line the quote would pass the greatest amount that a JSON number carries."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line cannot be bought as it stands."""

    kind: ProblemKind
    variant_id: UUID
    available: int | None = None


@dataclass(frozen=True, slots=True)
class WantedLine:
    """`fulfilment` None: the buyer has not chosen, so it is the way that the listing names first."""

    variant_id: UUID
    quantity: int
    fulfilment: Fulfilment | None = None


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """`deliveries`: seller -> chosen shipping rate; a seller without one gets its cheapest."""

    lines: tuple[WantedLine, ...]
    country: str | None
    deliveries: tuple[tuple[UUID, UUID], ...] = ()


@dataclass(frozen=True, slots=True)
class QuoteResult:
    """The quote over the lines that can be bought; None when no line can. `problems` tells of the others."""

    quote: Quote | None
    problems: tuple[Problem, ...]
