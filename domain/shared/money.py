"""Money: integers of minor units with an ISO 4217 currency; every split gives each unit to someone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field

MINOR_UNITS_MAX: Final = 2**53 - 1
"""The greatest amount a JSON number carries exactly; checked here and in the database."""

PPM: Final = 1_000_000

EXPONENTS: Final[dict[str, int]] = {
    "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2,
    "HUF": 2, "ILS": 2, "INR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2, "SEK": 2,
    "SGD": 2, "TRY": 2, "USD": 2, "ZAR": 2,
}  # fmt: skip
"""Currencies that the marketplace trades in -> decimal places (ISO 4217, table A.1)."""


def _known_currency(value: str) -> str:
    if value not in EXPONENTS:
        raise ValueError(f"{value} is not a currency of this marketplace")
    return value


Currency = Annotated[str, AfterValidator(_known_currency)]
AmountMinor = Annotated[int, Field(ge=0, le=MINOR_UNITS_MAX)]


@dataclass(frozen=True, slots=True)
class Money:
    amount_minor: int
    currency: str

    def formatted(self) -> str:
        return formatted(self.amount_minor, self.currency)


def formatted(amount_minor: int, currency: str) -> str:
    """`12.34 EUR`: plain and unambiguous; front-ends localise from the parts."""
    exponent = EXPONENTS.get(currency, 2)
    sign = "-" if amount_minor < 0 else ""
    whole, rest = divmod(abs(amount_minor), 10**exponent)
    return f"{sign}{whole}{f'.{rest:0{exponent}d}' if exponent else ''} {currency}"


def share_ppm(amount_minor: int, rate_ppm: int) -> int:
    """`rate_ppm` parts per million of an amount, half a unit rounded to even; once per line."""
    quotient, rest = divmod(amount_minor * rate_ppm, PPM)
    doubled = rest * 2
    return quotient + (1 if doubled > PPM or (doubled == PPM and quotient % 2) else 0)


def included_tax(gross_minor: int, rate_ppm: int) -> int:
    """The tax inside a gross amount: gross * rate / (1 + rate), half a unit rounded to even."""
    quotient, rest = divmod(gross_minor * rate_ppm, PPM + rate_ppm)
    doubled = rest * 2
    return quotient + (1 if doubled > PPM + rate_ppm or (doubled == PPM + rate_ppm and quotient % 2) else 0)


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """An amount over weights, by largest remainder; the parts sum to the amount exactly.

    Equal remainders go to the earlier part. All weights zero: everything goes to the first.
    """
    if not weights:
        raise ValueError("an amount cannot be split over nobody")
    total = sum(weights)
    if total == 0:
        return [amount_minor, *([0] * (len(weights) - 1))]
    parts = [amount_minor * weight // total for weight in weights]
    remainders = [amount_minor * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: amount_minor - sum(parts)]:
        parts[index] += 1
    return parts
