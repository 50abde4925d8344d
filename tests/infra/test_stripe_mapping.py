"""What the provider says in words that are new to us leaves money where it is, and is told to whoever reads the log."""

import logging
from typing import Any

import pytest

from domain.payments.ports import (
    ProviderChargebackStatus,
    ProviderPaymentStatus,
    ProviderPayoutStatus,
    ProviderRefundStatus,
)
from domain.shared.money import Money
from infra.stripe.mapping import chargeback_of, payment_of, payout_of, refund_of

INTENT: dict[str, Any] = {
    "id": "pi_1",
    "amount": 2_500,
    "currency": "eur",
    "metadata": {},
    "latest_charge": None,
}
REFUND: dict[str, Any] = {"id": "re_1", "payment_intent": "pi_1", "amount": 700, "metadata": {}}
PAYOUT: dict[str, Any] = {"id": "po_1", "amount": 700, "currency": "eur", "metadata": {}}


def test_a_payment_of_an_unknown_status_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = payment_of({**INTENT, "status": "requires_thought"})
    assert (found.status, found.captured_minor, found.decline_code) == (ProviderPaymentStatus.PROCESSING, 0, None)
    assert_warned(caplog, "pi_1", "requires_thought")


@pytest.mark.parametrize("status", ["under_review", None])
def test_a_refund_of_an_unknown_status_is_on_its_way(caplog: pytest.LogCaptureFixture, status: str | None) -> None:
    with caplog.at_level(logging.WARNING):
        found = refund_of({**REFUND, "status": status})
    assert found.status is ProviderRefundStatus.PENDING
    assert_warned(caplog, "re_1", str(status))


def test_a_payout_of_an_unknown_status_is_on_its_way(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = payout_of({**PAYOUT, "status": "held"})
    assert found.status is ProviderPayoutStatus.PENDING
    assert_warned(caplog, "po_1", "held")


def test_a_chargeback_of_an_unknown_status_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    dispute = {"id": "du_1", "payment_intent": "pi_1", "status": "arbitration", "balance_transactions": []}
    with caplog.at_level(logging.WARNING):
        assert chargeback_of(dispute).status is ProviderChargebackStatus.OPEN
    assert_warned(caplog, "du_1", "arbitration")


def test_what_is_known_warns_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert payment_of({**INTENT, "status": "canceled"}).status is ProviderPaymentStatus.CANCELLED
        assert refund_of({**REFUND, "status": "failed"}).status is ProviderRefundStatus.FAILED
    assert caplog.records == []


def test_the_fee_is_in_the_currency_of_the_settlement() -> None:
    charge = {"amount_refunded": 0, "balance_transaction": {"amount": 28_000, "fee": 1_234, "currency": "sek"}}
    found = payment_of({**INTENT, "status": "succeeded", "amount_received": 2_500, "latest_charge": charge})
    assert (found.currency, found.captured_minor, found.fee) == ("EUR", 2_500, Money(1_234, "SEK"))


def test_there_is_no_fee_before_the_provider_has_settled() -> None:
    for charge in ("ch_1", {"balance_transaction": None}, {"balance_transaction": "txn_1"}):
        assert payment_of({**INTENT, "status": "succeeded", "latest_charge": charge}).fee is None


def assert_warned(caplog: pytest.LogCaptureFixture, *words: str) -> None:
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert all(word in record.getMessage() for word in words)
