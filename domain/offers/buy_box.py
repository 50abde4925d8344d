"""The buy box: which offer of a product stands first, and why. The rule is told in `docs/buy-box.md`.

Invariant: a decision follows from the facts alone. Equal facts give the same winner, whatever order they come in, and
every number that decided is in the answer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.catalog.model import Condition
from domain.inventory.model import StockStatus

BAND_PPM: Final = 50_000
"""Within 5 % of the lowest landed price other things than the price count; above it nothing else helps."""
POINTS_MAX: Final = 1_000
FAST_DAYS, SLOW_DAYS = 2, 14
"""Delivery within the first has all points, after the second none."""
PRIOR_MILLIS, PRIOR_COUNT = 3_500, 10
"""A seller without reviews counts as one with ten that average 3.5 stars."""
CONDITIONS: Final = (Condition.NEW, Condition.REFURBISHED, Condition.USED)
"""The box shows the first of these in which anything can be had."""


class Signal(StrEnum):
    PRICE = "price"
    DELIVERY = "delivery"
    RATING = "rating"
    STOCK = "stock"


WEIGHTS: Final[Mapping[Signal, int]] = {Signal.PRICE: 50, Signal.DELIVERY: 25, Signal.RATING: 20, Signal.STOCK: 5}
"""What the points of each count by; they sum to 100."""


class Reason(StrEnum):
    """Why an offer stands where it does. The last group keeps it out of the box altogether."""

    ONLY_OFFER = "only_offer"
    LOWEST_PRICE = "lowest_price"
    FASTEST_DELIVERY = "fastest_delivery"
    BEST_RATING = "best_rating"
    BEST_SCORE = "best_score"

    HIGHER_PRICE = "higher_price"
    SLOWER_DELIVERY = "slower_delivery"
    LOWER_RATING = "lower_rating"
    LESS_STOCK = "less_stock"
    LISTED_LATER = "listed_later"
    ABOVE_PRICE_BAND = "above_price_band"
    LESSER_CONDITION = "lesser_condition"
    OTHER_CURRENCY = "other_currency"

    NOT_ON_SALE = "not_on_sale"
    OUT_OF_STOCK = "out_of_stock"
    SELLER_RESTRICTED = "seller_restricted"
    SELLER_NOT_PAYABLE = "seller_not_payable"
    NOT_DELIVERED = "not_delivered"
    COLLECTED = "collected"
    NOT_AT_ONCE = "not_at_once"


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """`landed_minor` is what one unit costs delivered, tax and all; it and `days_max` are known without obstacles."""

    offer_id: UUID
    currency: str
    condition: Condition
    landed_minor: int
    days_max: int
    rating_millis: int | None
    rating_count: int
    stock: StockStatus
    listed_at: datetime
    obstacles: tuple[Reason, ...] = ()

    @property
    def rated_millis(self) -> int:
        """The average with the reviews that every seller is given to begin with."""
        stars = (self.rating_millis or 0) * self.rating_count + PRIOR_MILLIS * PRIOR_COUNT
        return stars // (self.rating_count + PRIOR_COUNT)


@dataclass(frozen=True, slots=True)
class SignalPoints:
    """`value` is in minor units, days, thousandths of a star, or 1 for plenty of stock; `points` up to POINTS_MAX."""

    signal: Signal
    value: int
    points: int

    @property
    def contribution(self) -> int:
        return self.points * WEIGHTS[self.signal]


@dataclass(frozen=True, slots=True)
class ReasonGiven:
    """`actual` of this offer against `compared`, in minor units, days, thousandths of a star, or points."""

    reason: Reason
    actual: int | None = None
    compared: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`rank` counts from 1 among what could be had; None with an obstacle. `place` sorts offers, the best first."""

    offer_id: UUID
    rank: int | None
    wins: bool
    score: int | None
    signals: tuple[SignalPoints, ...]
    reasons: tuple[ReasonGiven, ...]
    place: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class BuyBox:
    """`considered`: how many offers could have won. `winner_id` None: none could."""

    winner_id: UUID | None
    currency: str | None
    condition: Condition | None
    considered: int
    standings: Mapping[UUID, Standing]


def decide(offers: Sequence[OfferFacts], *, currency: str | None = None) -> BuyBox:
    """One box over all offers of a product. Without a currency: the one that most of what can be had is priced in."""
    field = _field(offers, currency)
    signals = {each.offer_id: points_of(each, field.low_minor) for each in field.rivals}
    scores = {id_: sum(each.contribution for each in points) for id_, points in signals.items()}
    places = {each.offer_id: _place(each, field, scores.get(each.offer_id, 0)) for each in offers}
    ordered = sorted(offers, key=lambda each: places[each.offer_id])
    winner = ordered[0] if field.rivals else None
    standings = {}
    for rank, each in enumerate(ordered, 1):
        standings[each.offer_id] = Standing(
            offer_id=each.offer_id,
            rank=None if each.obstacles or each.currency != field.currency else rank,
            wins=each is winner,
            score=scores.get(each.offer_id),
            signals=signals.get(each.offer_id, ()),
            reasons=tuple(_reasons(each, winner, field, scores)),
            place=places[each.offer_id],
        )
    winner_id = winner.offer_id if winner is not None else None
    return BuyBox(winner_id, field.currency, field.condition, len(field.rivals), standings)


def price_to_win(
    offers: Sequence[OfferFacts],
    offer_id: UUID,
    *,
    price_minor: int,
    steps_minor: Iterable[int],
    landed: Callable[[int], int],
    currency: str | None = None,
) -> int | None:
    """The highest item price, up to the present one, with which the offer would win, all else as it is.

    `landed` gives the landed price of an item price; it rises with it except at `steps_minor`, from which on delivery
    is free. None when no price would do, or something else than the price is in the way.
    """

    def wins(asked_minor: int) -> bool:
        asking = [
            replace(each, landed_minor=landed(asked_minor)) if each.offer_id == offer_id else each for each in offers
        ]
        return _winner(asking, currency) == offer_id

    bounds = sorted({1, *(step for step in steps_minor if 1 < step <= price_minor)}, reverse=True)
    high = price_minor
    for low in bounds:
        if wins(low):
            while low < high:
                middle = (low + high + 1) // 2
                low, high = (middle, high) if wins(middle) else (low, middle - 1)
            return low
        high = low - 1
    return None


def points_of(offer: OfferFacts, low_minor: int) -> tuple[SignalPoints, ...]:
    """What an offer gets for each signal; `low_minor` is the lowest landed price among its rivals."""
    room = band_top(low_minor) - low_minor
    above = min(offer.landed_minor - low_minor, room)
    price = POINTS_MAX if above <= 0 else POINTS_MAX * (room - above) // room if room else 0
    late = min(max(offer.days_max - FAST_DAYS, 0), SLOW_DAYS - FAST_DAYS)
    plenty = offer.stock is StockStatus.IN_STOCK
    return (
        SignalPoints(Signal.PRICE, offer.landed_minor, price),
        SignalPoints(Signal.DELIVERY, offer.days_max, POINTS_MAX - POINTS_MAX * late // (SLOW_DAYS - FAST_DAYS)),
        SignalPoints(Signal.RATING, offer.rated_millis, POINTS_MAX * max(offer.rated_millis - 1_000, 0) // 4_000),
        SignalPoints(Signal.STOCK, int(plenty), POINTS_MAX if plenty else POINTS_MAX // 2),
    )


def score_of(offer: OfferFacts, low_minor: int) -> int:
    return sum(each.contribution for each in points_of(offer, low_minor))


def band_top(low_minor: int) -> int:
    """The dearest landed price that may still win."""
    return low_minor + low_minor * BAND_PPM // 1_000_000


def _usual_currency(ready: Iterable[OfferFacts]) -> str | None:
    counts = Counter(each.currency for each in ready)
    return min(counts, key=lambda code: (-counts[code], code)) if counts else None


@dataclass(frozen=True, slots=True)
class _Field:
    """Who is compared: the `rivals` of one currency and condition, and the lowest landed price among them."""

    currency: str | None
    condition: Condition | None
    rivals: Sequence[OfferFacts]
    low_minor: int


def _field(offers: Iterable[OfferFacts], currency: str | None) -> _Field:
    ready = [each for each in offers if not each.obstacles]
    currency = currency or _usual_currency(ready)
    comparable = [each for each in ready if each.currency == currency]
    condition = next((one for one in CONDITIONS if any(each.condition is one for each in comparable)), None)
    rivals = [each for each in comparable if each.condition is condition]
    return _Field(currency, condition, rivals, min((each.landed_minor for each in rivals), default=0))


def _winner(offers: Iterable[OfferFacts], currency: str | None) -> UUID | None:
    """The winner alone: `decide` without its explanations."""
    field = _field(offers, currency)
    places = ((_place(each, field, score_of(each, field.low_minor)), each.offer_id) for each in field.rivals)
    return min(places, default=(None, None))[1]


def _place(offer: OfferFacts, field: _Field, score: int) -> tuple[int | str, ...]:
    """Smaller is better. First the tier, then the score within the band, then what breaks ties."""
    if offer.obstacles:
        tier = 4
    elif offer.currency != field.currency:
        tier = 3
    elif offer.condition is not field.condition:
        tier = 2
    else:
        tier = 0 if offer.landed_minor <= band_top(field.low_minor) else 1
    return (
        tier,
        offer.currency if tier >= 3 else "",
        CONDITIONS.index(offer.condition) if tier == 2 else 0,
        -score if tier == 0 else 0,
        offer.landed_minor,
        offer.days_max,
        -offer.rated_millis,
        offer.listed_at.isoformat(),
        offer.offer_id.hex,
    )


def _reasons(
    offer: OfferFacts, winner: OfferFacts | None, field: _Field, scores: Mapping[UUID, int]
) -> Iterable[ReasonGiven]:
    if offer.obstacles:
        return [ReasonGiven(obstacle) for obstacle in offer.obstacles]
    if offer.currency != field.currency:
        return [ReasonGiven(Reason.OTHER_CURRENCY)]
    assert winner is not None, "what has no obstacle has a rival in its currency, itself at least"
    if offer is winner:
        return _why_it_wins(offer, field, scores)
    if offer.condition is not winner.condition:
        return [ReasonGiven(Reason.LESSER_CONDITION)]
    if offer.landed_minor > band_top(field.low_minor):
        return [ReasonGiven(Reason.ABOVE_PRICE_BAND, offer.landed_minor, band_top(field.low_minor))]
    return _why_it_loses(offer, winner)


def _why_it_wins(offer: OfferFacts, field: _Field, scores: Mapping[UUID, int]) -> Iterable[ReasonGiven]:
    others = [each for each in field.rivals if each is not offer]
    if not others:
        yield ReasonGiven(Reason.ONLY_OFFER)
        return
    price, days = min(each.landed_minor for each in others), min(each.days_max for each in others)
    rated = max(each.rated_millis for each in others)
    if offer.landed_minor <= price:
        yield ReasonGiven(Reason.LOWEST_PRICE, offer.landed_minor, price)
    if offer.days_max < days:
        yield ReasonGiven(Reason.FASTEST_DELIVERY, offer.days_max, days)
    if offer.rated_millis > rated:
        yield ReasonGiven(Reason.BEST_RATING, offer.rated_millis, rated)
    within = [scores[each.offer_id] for each in others if each.landed_minor <= band_top(field.low_minor)]
    if within:
        yield ReasonGiven(Reason.BEST_SCORE, scores[offer.offer_id], max(within))


def _why_it_loses(offer: OfferFacts, winner: OfferFacts) -> list[ReasonGiven]:
    """In what it is behind; with the same points, whoever is dearer, slower, less known or newer comes after."""
    found = []
    if offer.landed_minor > winner.landed_minor:
        found.append(ReasonGiven(Reason.HIGHER_PRICE, offer.landed_minor, winner.landed_minor))
    if offer.days_max > winner.days_max:
        found.append(ReasonGiven(Reason.SLOWER_DELIVERY, offer.days_max, winner.days_max))
    if offer.rated_millis < winner.rated_millis:
        found.append(ReasonGiven(Reason.LOWER_RATING, offer.rated_millis, winner.rated_millis))
    if offer.stock is not winner.stock and winner.stock is StockStatus.IN_STOCK:
        found.append(ReasonGiven(Reason.LESS_STOCK))
    return found or [ReasonGiven(Reason.LISTED_LATER)]
