"""A webhook is believed only when signed and fresh, and then only as a hint of what to read."""

import json
import time
from typing import Any

import pytest
import stripe

from domain.payments.errors import InvalidSignature
from domain.payments.ports import ProviderEventKind as Kind
from infra.stripe.webhooks import PAYLOAD_MAX_BYTES, StripeWebhooks

OLD, NEW = "whsec_old", "whsec_new"
WEBHOOKS = StripeWebhooks([OLD, NEW])


def event(name: str, subject: dict[str, Any], **more: Any) -> bytes:
    body = {"id": "evt_1", "type": name, "created": 1_700_000_000, "data": {"object": subject}, **more}
    return json.dumps(body).encode()


def signed(payload: bytes, secret: str = NEW, at: int | None = None) -> str:
    return str(stripe.WebhookSignature.generate_signature_header(payload.decode(), secret, at))


@pytest.mark.parametrize(
    ("name", "subject", "kind", "ref"),
    [
        ("payment_intent.succeeded", {"id": "pi_1"}, Kind.PAYMENT, "pi_1"),
        ("payment_intent.created", {"id": "pi_1"}, Kind.OTHER, "pi_1"),
        ("charge.captured", {"id": "ch_1", "payment_intent": "pi_1"}, Kind.OTHER, "ch_1"),
        ("refund.created", {"id": "re_1"}, Kind.REFUND, "re_1"),
        ("refund.failed", {"id": "re_1"}, Kind.REFUND, "re_1"),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, Kind.REFUNDED_PAYMENT, "pi_1"),
        ("charge.dispute.created", {"id": "dp_1", "payment_intent": {"id": "pi_1"}}, Kind.CHARGEBACK, "pi_1"),
        ("charge.dispute.closed", {"id": "dp_1", "payment_intent": "pi_1"}, Kind.CHARGEBACK, "pi_1"),
        ("charge.dispute.funds_reinstated", {"id": "dp_1", "payment_intent": "pi_1"}, Kind.CHARGEBACK, "pi_1"),
        ("transfer.reversed", {"id": "tr_1"}, Kind.OTHER, "tr_1"),
        ("payout.failed", {"id": "po_1"}, Kind.OTHER, "po_1"),
        ("account.updated", {"id": "acct_1"}, Kind.ACCOUNT, "acct_1"),
        ("account.external_account.created", {"id": "ba_1"}, Kind.OTHER, "ba_1"),
        ("customer.created", {"id": "cus_1"}, Kind.OTHER, "cus_1"),
        ("charge.dispute.created", {"id": "dp_1", "payment_intent": None}, Kind.OTHER, "dp_1"),
        ("balance.available", {"available": []}, Kind.OTHER, ""),
    ],
)
def test_an_event_says_what_to_read(name: str, subject: dict[str, Any], kind: Kind, ref: str) -> None:
    payload = event(name, subject)
    parsed = WEBHOOKS.parse_webhook(payload, signed(payload))
    assert (parsed.kind, parsed.object_ref, parsed.name) == (kind, ref, name)


def test_the_account_of_an_event_is_kept() -> None:
    payload = event("payout.paid", {"id": "po_1"}, account="acct_1")
    assert WEBHOOKS.parse_webhook(payload, signed(payload)).account_ref == "acct_1"


def test_both_secrets_are_good_while_one_replaces_the_other() -> None:
    payload = event("payout.paid", {"id": "po_1"})
    for secret in (OLD, NEW):
        assert WEBHOOKS.parse_webhook(payload, signed(payload, secret)).id == "evt_1"


@pytest.mark.parametrize("signature", ["", "nonsense", "t=1", "t=x,v1=00", "v1=00"])
def test_no_signature_no_event(signature: str) -> None:
    with pytest.raises(InvalidSignature):
        WEBHOOKS.parse_webhook(event("payout.paid", {"id": "po_1"}), signature)


def test_another_secret_an_old_time_and_a_changed_body_are_refused() -> None:
    payload = event("payout.paid", {"id": "po_1"})
    for body, signature in (
        (payload, signed(payload, "whsec_stranger")),
        (payload, signed(payload, NEW, int(time.time()) - 301)),
        (payload.replace(b"po_1", b"po_2"), signed(payload)),
        (b"\xff\xfe", signed(payload)),
        (b" " * (PAYLOAD_MAX_BYTES + 1), signed(payload)),
    ):
        with pytest.raises(InvalidSignature):
            WEBHOOKS.parse_webhook(body, signature)
