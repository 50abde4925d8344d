"""The order of relevance: a sum of named signals, each from 0 to 1, with the weights below and nowhere else.

Invariant: all signals but `complete` and `text` are known when a document is written, so a hit's place does not depend
on when it is asked for, and a page goes on where the last one ended.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

COMPLETE: Final = "complete"
"""All words are there: listings with some of them come after every listing with all."""
TEXT: Final = "text"
WEIGHTS: Final[Mapping[str, float]] = {
    COMPLETE: 4.0,
    TEXT: 3.0,
    "conversion": 0.08,
    "rating": 0.06,
    "seller": 0.05,
    "recency": 0.05,
    "price": 0.04,
    "stock": 0.08,
    "risk": -0.30,
}
"""Signal -> weight. The others together weigh about as much as a word in the title against one in the description."""

TITLE, BRAND, DESCRIPTION, ATTRIBUTES = 1.0, 0.4, 0.2, 0.05
"""What a word counts by where it stands; the category's name counts as the brand does."""

_HALF_LIFE_DAYS: Final = 60.0
_SOLD_ENOUGH: Final = 1_000
_PRIOR_MILLIS, _PRIOR_COUNT = 3_500, 10
"""A listing without reviews counts as one with ten that average 3.5 stars."""


@dataclass(frozen=True, slots=True)
class SignalValue:
    """One part of a score: `value` times `weight`."""

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What the signals are computed from. `best_price_minor`: the lowest price of the same product, anybody's."""

    sold: int
    rating_millis: int | None
    rating_count: int
    seller_rating_millis: int | None
    seller_rating_count: int
    published_at: datetime
    price_minor: int
    best_price_minor: int | None
    in_stock: bool
    restricted_seller: bool


def signals_of(facts: Facts, now: datetime) -> dict[str, float]:
    """The value of every signal that does not depend on the query."""
    age_days = max((now - facts.published_at).total_seconds(), 0) / 86_400
    values = {
        "conversion": min(math.log1p(facts.sold) / math.log1p(_SOLD_ENOUGH), 1.0),
        "rating": _stars(facts.rating_millis, facts.rating_count),
        "seller": _stars(facts.seller_rating_millis, facts.seller_rating_count),
        "recency": 0.5 ** (age_days / _HALF_LIFE_DAYS),
        "price": _competitiveness(facts.price_minor, facts.best_price_minor),
        "stock": 1.0 if facts.in_stock else 0.0,
        "risk": 1.0 if facts.restricted_seller else 0.0,
    }
    return {name: round(value, 6) for name, value in values.items()}


def quality_of(signals: Mapping[str, float]) -> float:
    """The part of the score that is the same for every query."""
    return round(sum(WEIGHTS[name] * value for name, value in signals.items()), 6)


def explained(signals: Mapping[str, float]) -> tuple[SignalValue, ...]:
    """A score taken apart, in the order of WEIGHTS. Signals that are no longer weighed are left out."""
    return tuple(SignalValue(name, signals[name], weight) for name, weight in WEIGHTS.items() if name in signals)


def _stars(millis: int | None, count: int) -> float:
    total = (millis or 0) * count + _PRIOR_MILLIS * _PRIOR_COUNT
    return (total / (count + _PRIOR_COUNT) - 1_000) / 4_000


def _competitiveness(price_minor: int, best_price_minor: int | None) -> float:
    if best_price_minor is None or price_minor <= best_price_minor:
        return 1.0
    return best_price_minor / price_minor
