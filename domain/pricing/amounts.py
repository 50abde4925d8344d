"""The arithmetic of a quote: pure functions over integers of minor units.

Invariant: net + tax = gross on every line, whatever the rates; rounding happens once per line, half a unit to even,
and an amount beyond 2^53 - 1 raises AmountTooLarge instead of being stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.pricing.errors import AmountTooLarge
from domain.pricing.ports import EVERYWHERE, Rate, TaxRate
from domain.shared.money import MINOR_UNITS_MAX, included_tax, share_ppm


@dataclass(frozen=True, slots=True)
class LineAmounts:
    net_minor: int
    tax_minor: int
    gross_minor: int


def within_bounds(amount_minor: int) -> int:
    """The amount itself; raises AmountTooLarge beyond what a JSON number carries."""
    if amount_minor > MINOR_UNITS_MAX:
        raise AmountTooLarge()
    return amount_minor


def total(amounts_minor: Iterable[int]) -> int:
    return within_bounds(sum(amounts_minor))


def listed_amount(unit_price_minor: int, quantity: int, discount_minor: int = 0) -> int:
    """What the shelf says for the whole line, after discount."""
    return within_bounds(unit_price_minor * quantity) - discount_minor


def line_amounts(listed_minor: int, tax: TaxRate | None) -> LineAmounts:
    """The listed amount of a line taken apart (tax included in it) or put on (tax added to it)."""
    if tax is None:
        return LineAmounts(listed_minor, 0, within_bounds(listed_minor))
    if tax.included:
        inside = included_tax(listed_minor, tax.rate_ppm)
        return LineAmounts(listed_minor - inside, inside, within_bounds(listed_minor))
    added = share_ppm(listed_minor, tax.rate_ppm)
    return LineAmounts(listed_minor, added, within_bounds(listed_minor + added))


def delivery_amount(rate: Rate, items: int, listed_minor: int) -> int:
    """What a rate asks for that many items whose listed amounts sum to `listed_minor`."""
    if rate.free_over_minor is not None and listed_minor >= rate.free_over_minor:
        return 0
    return within_bounds(rate.base_minor + rate.per_item_minor * max(items - 1, 0))


def commission_rate(seller_ppm: int | None, category_ppm: int | None, platform_ppm: int) -> int:
    """The seller's own rate, else the category's, else the platform's."""
    if seller_ppm is not None:
        return seller_ppm
    return category_ppm if category_ppm is not None else platform_ppm


def tax_rate_for(rates: Sequence[TaxRate], category_path: str | None) -> TaxRate | None:
    """The rate of the nearest category above, else the general one. None as path: the general one."""
    best: TaxRate | None = None
    for rate in rates:
        if not _covers(rate.category_path, category_path):
            continue
        if best is None or len(rate.category_path or "") > len(best.category_path or ""):
            best = rate
    return best


def _covers(ruled: str | None, path: str | None) -> bool:
    if ruled is None:
        return True
    return path is not None and f"{path}/".startswith(f"{ruled}/")


def rates_for(rates: Sequence[Rate], country: str, currency: str) -> list[Rate]:
    """A seller's rates that apply: those of the country, or when it has none there, those for everywhere."""
    known = [rate for rate in rates if rate.currency == currency]
    own = [rate for rate in known if rate.country == country]
    return own or [rate for rate in known if rate.country == EVERYWHERE]
