"""What pricing asks others: shipping rates and tax rates. Tables answer; a carrier or a tax office could.

Invariant: an answer that is not known to be current says so (`estimated`), and what is unknown is left out, never
made up: a seller that is missing from the answer may well send there, one with no rates does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

EVERYWHERE: Final = "*"
"""The country of a rate that holds wherever the seller has no rate of its own."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a seller asks for a parcel; `per_item_minor` for each item after the first."""

    id: UUID
    seller_id: UUID
    name: str
    country: str
    currency: str
    base_minor: int
    per_item_minor: int
    free_over_minor: int | None
    days_min: int
    days_max: int


@dataclass(frozen=True, slots=True)
class RatesFound:
    """All rates of each seller, for every country, oldest first."""

    by_seller: Mapping[UUID, Sequence[Rate]]
    estimated: bool = False


class ShippingRates(Protocol):
    async def of_sellers(self, seller_ids: Sequence[UUID]) -> RatesFound:
        """Never raises and takes at most 300 ms; then the last known rates, marked estimated."""
        ...


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate of one country. `category_path` None: the general one; else it holds in that part of the tree."""

    category_path: str | None
    jurisdiction: str
    rate_ppm: int
    included: bool
    """Listed prices contain it."""


@dataclass(frozen=True, slots=True)
class TaxesFound:
    rates: Sequence[TaxRate]
    estimated: bool = False


class TaxRules(Protocol):
    async def of_country(self, country: str) -> TaxesFound:
        """Never raises and takes at most 300 ms; then the last known rates, marked estimated. None: no tax there."""
        ...

    async def of_countries(self, countries: Sequence[str]) -> Mapping[str, TaxesFound]:
        """The same of several at once, for comparing offers; every country is in the answer."""
        ...
