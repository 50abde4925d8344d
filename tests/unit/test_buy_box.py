"""The buy box: the documented example, each part of the rule, its determinism, and the price that would win."""

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.catalog.model import Condition
from domain.inventory.model import StockStatus
from domain.offers.buy_box import (
    WEIGHTS,
    OfferFacts,
    Reason,
    ReasonGiven,
    band_top,
    decide,
    points_of,
    price_to_win,
    score_of,
)
from domain.offers.words import sentence

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C, D = (UUID(int=number) for number in range(1, 5))


def offer(id_: UUID = A, **more: Any) -> OfferFacts:
    values: dict[str, Any] = {
        "currency": "EUR",
        "condition": Condition.NEW,
        "landed_minor": 10_000,
        "days_max": 5,
        "rating_millis": None,
        "rating_count": 0,
        "stock": StockStatus.IN_STOCK,
        "listed_at": NOON,
    }
    return OfferFacts(offer_id=id_, **values | more)


EXAMPLE = [
    offer(A, landed_minor=10_000, days_max=8, rating_millis=3_500, rating_count=10),
    offer(B, landed_minor=10_100, days_max=2, rating_millis=4_700, rating_count=190),
    offer(C, landed_minor=10_400, days_max=1, rating_millis=5_000, rating_count=490),
    offer(D, landed_minor=10_600, days_max=1, rating_millis=5_000, rating_count=490),
]


def reasons(box_offers: list[OfferFacts], id_: UUID) -> list[Reason]:
    return [each.reason for each in decide(box_offers).standings[id_].reasons]


def test_the_documented_example_is_what_the_rule_gives() -> None:
    text = (Path(__file__).parents[2] / "docs" / "buy-box.md").read_text()
    rows = re.findall(
        r"^\| ([A-D]) \| ([\d.]+) EUR \| (\d+) \| ([\d.]+) \((\d+) reviews\) \| (.*?) \|(.*?)\|$", text, re.M
    )
    box = decide(EXAMPLE)
    assert len(rows) == 4
    for row, each in zip(rows, EXAMPLE, strict=True):
        _, price, days, stars, count, points, score = row
        assert (round(float(price) * 100), int(days)) == (each.landed_minor, each.days_max)
        assert (round(float(stars) * 1000), int(count)) == (each.rating_millis, each.rating_count)
        if score.strip():
            assert points == ", ".join(str(signal.points) for signal in points_of(each, 10_000))
            assert int(score) == score_of(each, 10_000) == box.standings[each.offer_id].score
    assert box.winner_id == B
    assert "B wins" in text
    assert box.standings[D].reasons == (ReasonGiven(Reason.ABOVE_PRICE_BAND, 10_600, 10_500),)
    found = price_to_win(EXAMPLE, A, price_minor=10_000, steps_minor=(), landed=lambda price: price)
    assert found is not None
    assert f"landed price of {found / 100:.2f} EUR" in text


def test_the_weights_sum_to_a_hundred() -> None:
    assert sum(WEIGHTS.values()) == 100


def test_the_same_offers_have_the_same_winner_in_whatever_order_they_come() -> None:
    boxes = [decide(list(each)) for each in permutations(EXAMPLE)]
    assert all(box == boxes[0] for box in boxes)
    twins = [offer(A), offer(B), offer(C, listed_at=NOON - timedelta(days=1))]
    assert {decide(list(each)).winner_id for each in permutations(twins)} == {C}
    assert {decide(list(each)).winner_id for each in permutations(twins[:2])} == {A}
    assert reasons(twins, A) == [Reason.LISTED_LATER]


@pytest.mark.parametrize(
    "obstacle",
    [
        Reason.OUT_OF_STOCK,
        Reason.SELLER_RESTRICTED,
        Reason.SELLER_NOT_PAYABLE,
        Reason.NOT_DELIVERED,
        Reason.COLLECTED,
        Reason.NOT_AT_ONCE,
    ],
)
def test_an_obstacle_keeps_the_cheapest_offer_out(obstacle: Reason) -> None:
    offers = [offer(A, landed_minor=1, obstacles=(obstacle,)), offer(B)]
    box = decide(offers)
    assert (box.winner_id, box.considered) == (B, 1)
    assert box.standings[A].rank is None
    assert reasons(offers, A) == [obstacle]
    assert reasons(offers, B) == [Reason.ONLY_OFFER]


def test_without_any_offer_that_can_be_had_nobody_wins() -> None:
    box = decide([offer(A, obstacles=(Reason.OUT_OF_STOCK,))])
    assert (box.winner_id, box.currency, box.condition, box.considered) == (None, None, None, 0)
    assert decide([]).winner_id is None


def test_the_best_condition_wins_whatever_the_others_cost() -> None:
    offers = [offer(A, condition=Condition.USED, landed_minor=10), offer(B), offer(C, condition=Condition.REFURBISHED)]
    box = decide(offers)
    assert (box.winner_id, box.condition) == (B, Condition.NEW)
    assert [box.standings[each].rank for each in (B, C, A)] == [1, 2, 3]
    assert reasons(offers, A) == [Reason.LESSER_CONDITION]
    assert decide(offers[::2]).condition is Condition.REFURBISHED


def test_only_one_currency_is_compared() -> None:
    offers = [offer(A, currency="USD", landed_minor=1), offer(B), offer(C)]
    assert decide(offers).winner_id == B
    assert reasons(offers, A) == [Reason.OTHER_CURRENCY]
    assert decide(offers, currency="USD").winner_id == A
    assert decide(offers[:2]).currency == "EUR", "of equally many the first by its code"
    nothing = decide(offers, currency="GBP")
    assert (nothing.winner_id, nothing.considered, nothing.standings[B].rank) == (None, 0, None)


def test_a_loser_is_told_in_what_it_is_behind() -> None:
    offers = [
        offer(A, days_max=2, rating_millis=4_900, rating_count=100),
        offer(B, landed_minor=10_001, stock=StockStatus.LOW_STOCK),
    ]
    assert reasons(offers, B) == [
        Reason.HIGHER_PRICE,
        Reason.SLOWER_DELIVERY,
        Reason.LOWER_RATING,
        Reason.LESS_STOCK,
    ]
    assert reasons(offers, A) == [
        Reason.LOWEST_PRICE,
        Reason.FASTEST_DELIVERY,
        Reason.BEST_RATING,
        Reason.BEST_SCORE,
    ]


def test_one_friendly_review_decides_little() -> None:
    assert offer(rating_millis=5_000, rating_count=1).rated_millis == 3_636
    assert offer(rating_millis=5_000, rating_count=990).rated_millis == 4_985


def test_the_price_that_would_win_is_the_highest_one_that_does() -> None:
    draw = random.Random(7)
    for _ in range(60):
        # A third of the usual prices: each of them is tried.
        some = [some_offer(draw, UUID(int=number)) for number in range(1, 6)]
        offers = [replace(each, landed_minor=each.landed_minor // 3) for each in some]
        for each in offers:
            extra = draw.randrange(1, 130)
            price_now = each.landed_minor - extra
            priced = replace(each, landed_minor=price_now + extra)
            others = [other for other in offers if other.offer_id != each.offer_id]
            found = price_to_win(
                [priced, *others], each.offer_id, price_minor=price_now, steps_minor=(), landed=plus(extra)
            )
            from_the_top = range(price_now, 0, -1)
            assert found == next((price for price in from_the_top if wins_at(each, others, price + extra)), None)


def plus(extra: int) -> Any:
    return lambda price: price + extra


def wins_at(each: OfferFacts, others: list[OfferFacts], landed_minor: int) -> bool:
    return decide([replace(each, landed_minor=landed_minor), *others]).winner_id == each.offer_id


def some_offer(draw: random.Random, id_: UUID) -> OfferFacts:
    return offer(
        id_,
        landed_minor=draw.randrange(900, 1_100),
        days_max=draw.randrange(1, 20),
        rating_millis=draw.randrange(1_000, 5_001),
        rating_count=draw.randrange(0, 300),
        stock=draw.choice([StockStatus.IN_STOCK, StockStatus.LOW_STOCK]),
        listed_at=NOON - timedelta(days=draw.randrange(100)),
    )


def test_a_price_below_free_delivery_is_not_taken_for_a_lower_one() -> None:
    """At 50.00 delivery is free, at 49.99 it costs 5.00: the winning price may lie on either side of the step."""
    rival = offer(B, landed_minor=5_100)

    def landed(price: int) -> int:
        return price if price >= 5_000 else price + 500

    def wanted(rival: OfferFacts) -> int | None:
        offers = [offer(A, landed_minor=6_000), rival]
        return price_to_win(offers, A, price_minor=6_000, steps_minor=(5_000,), landed=landed)

    assert wanted(rival) == 5_100
    assert wanted(replace(rival, landed_minor=4_999)) == 4_499
    assert wanted(replace(rival, landed_minor=400)) is None, "delivery alone costs more"


def test_the_band_ends_at_five_percent() -> None:
    assert band_top(10_000) == 10_500
    offers = [offer(A), offer(B, landed_minor=10_500, days_max=1), offer(C, landed_minor=10_501, days_max=1)]
    assert reasons(offers, C) == [Reason.ABOVE_PRICE_BAND]
    assert Reason.ABOVE_PRICE_BAND not in reasons(offers, B)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_a_sentence(reason: Reason) -> None:
    said = sentence(ReasonGiven(reason, 1_700, 1_575), "EUR")
    assert said.endswith(".")
    assert "{" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ReasonGiven(Reason.HIGHER_PRICE, 1_700, 1_575), "It costs 17.00 EUR delivered, the winner 15.75 EUR."),
        (ReasonGiven(Reason.SLOWER_DELIVERY, 4, 1), "It is there within 4 days, the winner within one day."),
        (
            ReasonGiven(Reason.LOWER_RATING, 3_947, 4_180),
            "Its shop's rating counts as 3.95 stars, the winner's as 4.18 stars.",
        ),
        (ReasonGiven(Reason.BEST_SCORE, 88_470, 68_995), "It has the most points in all: 88470, the next one 68995."),
    ],
)
def test_numbers_are_told_in_their_units(given: ReasonGiven, said: str) -> None:
    assert sentence(given, "EUR") == said
