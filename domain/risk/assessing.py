"""Plain risk rules over facts about a purchase. Pure: the facts are collected by whoever asks.

Each rule says what it saw; the worst verdict stands. Reasons are kept with the assessment, so that a person who
decides a case, or a buyer who complains, can be told why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.risk.losses import Loss, columns_of
from domain.risk.model import ModerationCase, RiskAssessment, Verdict
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.money import EXPONENTS

NEW_ACCOUNT: Final = timedelta(hours=24)
FAILURES_REVIEW: Final = 3
FAILURES_DENY: Final = 10
BUYERS_PER_DEVICE_MAX: Final = 4
WORTH_OF_100_EUR: Final[Mapping[str, int]] = {
    "AUD": 180, "BRL": 600, "CAD": 160, "CHF": 95, "CLP": 110_000, "CNY": 800, "CZK": 2_500, "DKK": 750, "EUR": 100,
    "GBP": 85, "HKD": 900, "HUF": 40_000, "ILS": 400, "INR": 10_000, "JPY": 17_000, "KRW": 160_000, "KWD": 35,
    "MXN": 2_100, "NOK": 1_150, "NZD": 200, "PLN": 430, "SEK": 1_100, "SGD": 150, "TRY": 4_800, "USD": 115,
    "ZAR": 2_000,
}  # fmt: skip
"""Currency -> whole units. Roughly: good enough to say what a large purchase is, not to exchange money by."""


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """Counts are over the last hour (failures) and the last day (buyers of the device)."""

    total_minor: int
    currency: str
    registered_at: datetime
    failed_checkouts: int
    buyers_on_device: int
    now: datetime


@dataclass(frozen=True, slots=True)
class RiskReason:
    rule: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class Assessment:
    verdict: Verdict
    reasons: tuple[RiskReason, ...]


def assess(facts: RiskFacts, *, review_amount_minor: int) -> Assessment:
    """What to do with an authorized purchase. `review_amount_minor` is in EUR, whatever the purchase is in."""
    reasons = []
    if facts.failed_checkouts >= FAILURES_DENY:
        reasons.append(_reason("card_testing", Verdict.DENY, f"{facts.failed_checkouts} failed within an hour"))
    elif facts.failed_checkouts >= FAILURES_REVIEW:
        reasons.append(_reason("many_declines", Verdict.REVIEW, f"{facts.failed_checkouts} failed within an hour"))
    if facts.now - facts.registered_at < NEW_ACCOUNT and facts.total_minor >= worth_of(
        review_amount_minor, facts.currency
    ):
        reasons.append(_reason("large_first_purchase", Verdict.REVIEW, "a large total from an account of today"))
    if facts.buyers_on_device > BUYERS_PER_DEVICE_MAX:
        reasons.append(_reason("shared_device", Verdict.REVIEW, f"{facts.buyers_on_device} buyers on one device"))
    order = (Verdict.ALLOW, Verdict.REVIEW, Verdict.DENY)
    worst = max((reason.verdict for reason in reasons), key=order.index, default=Verdict.ALLOW)
    return Assessment(worst, tuple(reasons))


def worth_of(eur_minor: int, currency: str) -> int:
    """About what so many cents of a euro are, in minor units of another currency; of EUR exactly."""
    unit_minor: int = 10 ** EXPONENTS[currency]
    return eur_minor * WORTH_OF_100_EUR[currency] * unit_minor // (100 * 100)


def _reason(rule: str, verdict: Verdict, detail: str) -> RiskReason:
    return RiskReason(rule, verdict, detail)


async def record_assessment(tx: Tx, *, checkout_id: UUID, assessment: Assessment, loss: Loss | None = None) -> None:
    """Keeps what was decided and why, and opens a case where a person has to look, perhaps because of a loss."""
    tx.append(
        RiskAssessment(
            id=new_id(),
            checkout_id=checkout_id,
            verdict=assessment.verdict,
            reasons=[
                {"rule": reason.rule, "verdict": reason.verdict.value, "detail": reason.detail}
                for reason in assessment.reasons
            ],
            at=tx.now,
        )
    )
    if assessment.verdict is Verdict.REVIEW:
        await tx.add(ModerationCase(id=new_id(), checkout_id=checkout_id, opened_at=tx.now, **columns_of(loss)))
