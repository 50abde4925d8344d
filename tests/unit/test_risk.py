"""Guarantee: what counts as a large purchase is about the same in every currency that the marketplace trades in."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.risk.assessing import NEW_ACCOUNT, WORTH_OF_100_EUR, RiskFacts, assess, worth_of
from domain.risk.model import Verdict
from domain.shared.money import EXPONENTS

REVIEW_FROM = 200_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def verdict(total_minor: int, currency: str, *, age: timedelta = timedelta(hours=1)) -> Verdict:
    facts = RiskFacts(
        total_minor=total_minor,
        currency=currency,
        registered_at=NOW - age,
        failed_checkouts=0,
        buyers_on_device=1,
        now=NOW,
    )
    return assess(facts, review_amount_minor=REVIEW_FROM).verdict


def test_every_currency_has_a_worth() -> None:
    assert WORTH_OF_100_EUR.keys() == EXPONENTS.keys()
    assert all(worth_of(REVIEW_FROM, currency) > 0 for currency in EXPONENTS)


@pytest.mark.parametrize(
    ("currency", "usual", "large"),
    [
        ("EUR", 199_999, 200_000),
        # About 120 EUR, and about 3,000 EUR.
        ("JPY", 20_000, 500_000),
        ("KWD", 40_000, 1_000_000),
        ("KRW", 200_000, 5_000_000),
    ],
)
def test_a_new_account_is_looked_at_from_about_the_same_worth_on(currency: str, usual: int, large: int) -> None:
    assert verdict(usual, currency) is Verdict.ALLOW
    assert verdict(large, currency) is Verdict.REVIEW
    assert verdict(large, currency, age=NEW_ACCOUNT) is Verdict.ALLOW
