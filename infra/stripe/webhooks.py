"""Stripe's webhooks: verified over the raw body, then read as hints to look again.

Nothing of an event but its references is used: it may be late, doubled or overtaken by the next.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import stripe

from domain.payments.errors import InvalidSignature
from domain.payments.ports import ProviderEvent, ProviderEventKind
from infra.stripe.mapping import ref_of, time_of

TOLERANCE_SECONDS: Final = 300
PAYLOAD_MAX_BYTES: Final = 1_000_000

_PREFIXES: Final = (
    ("payment_intent.", ProviderEventKind.PAYMENT, "id"),
    ("charge.dispute.", ProviderEventKind.CHARGEBACK, "payment_intent"),
    ("charge.refund.", ProviderEventKind.REFUND, "id"),
    ("charge.", ProviderEventKind.PAYMENT, "payment_intent"),
    ("refund.", ProviderEventKind.REFUND, "id"),
    ("transfer.", ProviderEventKind.TRANSFER, "id"),
    ("payout.", ProviderEventKind.PAYOUT, "id"),
    ("account.updated", ProviderEventKind.ACCOUNT, "id"),
    ("", ProviderEventKind.OTHER, "id"),
)
"""Start of Stripe's event type -> kind, and the field of its object that names what to read; first match wins."""


class StripeWebhooks:
    """`secrets`: of every endpoint that may send, old and new while one is being replaced."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def parse_webhook(self, payload: bytes, signature: str) -> ProviderEvent:
        if len(payload) > PAYLOAD_MAX_BYTES or not any(
            _is_signed(payload, signature, secret) for secret in self._secrets
        ):
            raise InvalidSignature
        return event_of(json.loads(payload))


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def event_of(event: dict[str, Any]) -> ProviderEvent:
    name, subject = event["type"], event["data"]["object"]
    kind, field = next((kind, field) for prefix, kind, field in _PREFIXES if name.startswith(prefix))
    reference = ref_of(subject.get(field))
    if reference is None:
        # A charge without an intent, a balance without an id: nothing of ours to read again.
        kind, reference = ProviderEventKind.OTHER, ref_of(subject.get("id")) or ""
    return ProviderEvent(
        id=event["id"],
        kind=kind,
        object_ref=reference,
        account_ref=event.get("account"),
        name=name,
        occurred_at=time_of(event["created"]),
    )
