"""Relevance: named signals between 0 and 1, weighed in one place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.search.ranking import COMPLETE, TEXT, WEIGHTS, Facts, explained, quality_of, signals_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = Facts(
    sold=0,
    rating_millis=None,
    rating_count=0,
    seller_rating_millis=None,
    seller_rating_count=0,
    published_at=NOW,
    price_minor=1_000,
    best_price_minor=None,
    in_stock=True,
    restricted_seller=False,
)


@given(
    st.builds(
        Facts,
        sold=st.integers(0, 10**6),
        rating_millis=st.none() | st.integers(1_000, 5_000),
        rating_count=st.integers(0, 10**6),
        seller_rating_millis=st.none() | st.integers(1_000, 5_000),
        seller_rating_count=st.integers(0, 10**6),
        published_at=st.integers(-900, 4_000).map(lambda days: NOW - timedelta(days=days)),
        price_minor=st.integers(0, 10**9),
        best_price_minor=st.none() | st.integers(0, 10**9),
        in_stock=st.booleans(),
        restricted_seller=st.booleans(),
    )
)
def test_every_signal_is_between_zero_and_one(facts: Facts) -> None:
    if facts.rating_millis is None:
        facts = replace(facts, rating_count=0)
    if facts.seller_rating_millis is None:
        facts = replace(facts, seller_rating_count=0)
    signals = signals_of(facts, NOW)
    assert set(signals) | {TEXT, COMPLETE} == set(WEIGHTS)
    assert all(0 <= value <= 1 for value in signals.values())


@pytest.mark.parametrize(
    "better",
    [
        replace(PLAIN, sold=10),
        replace(PLAIN, rating_millis=4_500, rating_count=20),
        replace(PLAIN, seller_rating_millis=4_500, seller_rating_count=20),
    ],
)
def test_what_speaks_for_a_listing_raises_it(better: Facts) -> None:
    assert quality_of(signals_of(better, NOW)) > quality_of(signals_of(PLAIN, NOW))


@pytest.mark.parametrize(
    "worse",
    [
        replace(PLAIN, published_at=NOW - timedelta(days=60)),
        replace(PLAIN, best_price_minor=800),
        replace(PLAIN, in_stock=False),
        replace(PLAIN, restricted_seller=True),
    ],
)
def test_what_speaks_against_a_listing_lowers_it(worse: Facts) -> None:
    assert quality_of(signals_of(worse, NOW)) < quality_of(signals_of(PLAIN, NOW))


def test_one_enthusiast_does_not_outweigh_many_buyers() -> None:
    one = replace(PLAIN, rating_millis=5_000, rating_count=1)
    many = replace(PLAIN, rating_millis=4_700, rating_count=200)
    assert quality_of(signals_of(many, NOW)) > quality_of(signals_of(one, NOW))


def test_words_decide_before_everything_else() -> None:
    others = sum(weight for name, weight in WEIGHTS.items() if name not in {TEXT, COMPLETE} and weight > 0)
    assert WEIGHTS[COMPLETE] > WEIGHTS[TEXT] + others


def test_an_explanation_leaves_out_signals_that_are_no_longer_weighed() -> None:
    names = [each.name for each in explained({"recency": 1.0, "forgotten": 1.0, TEXT: 0.5, COMPLETE: 1.0})]
    assert names == [COMPLETE, TEXT, "recency"]
