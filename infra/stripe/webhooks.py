"""Stripe's webhooks: verified over the raw body, then read as hints to look again.

Nothing of an event but its references is used: it may be late, doubled or overtaken by the next.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import stripe

from domain.payments.errors import InvalidSignature
from domain.payments.ports import ProviderEvent, ProviderEventKind
from infra.stripe.events import EVENTS
from infra.stripe.mapping import ref_of, time_of

TOLERANCE_SECONDS: Final = 300
PAYLOAD_MAX_BYTES: Final = 1_000_000


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
    kind, field = EVENTS.get(name, (ProviderEventKind.OTHER, "id"))
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
