"""Which of Stripe's events the marketplace is told of, and what each is a reason to read again."""

from collections.abc import Mapping
from typing import Final

from domain.payments.ports import ProviderEventKind

EVENTS: Final[Mapping[str, tuple[ProviderEventKind, str]]] = {
    "payment_intent.amount_capturable_updated": (ProviderEventKind.PAYMENT, "id"),
    "payment_intent.payment_failed": (ProviderEventKind.PAYMENT, "id"),
    "payment_intent.succeeded": (ProviderEventKind.PAYMENT, "id"),
    "payment_intent.canceled": (ProviderEventKind.PAYMENT, "id"),
    "refund.created": (ProviderEventKind.REFUND, "id"),
    "refund.updated": (ProviderEventKind.REFUND, "id"),
    "refund.failed": (ProviderEventKind.REFUND, "id"),
    # Told besides, so that a refund made by hand is seen though one of the two messages were lost.
    "charge.refunded": (ProviderEventKind.REFUNDED_PAYMENT, "payment_intent"),
    "charge.dispute.created": (ProviderEventKind.CHARGEBACK, "payment_intent"),
    "charge.dispute.funds_withdrawn": (ProviderEventKind.CHARGEBACK, "payment_intent"),
    "charge.dispute.closed": (ProviderEventKind.CHARGEBACK, "payment_intent"),
    "charge.dispute.funds_reinstated": (ProviderEventKind.CHARGEBACK, "payment_intent"),
    "account.updated": (ProviderEventKind.ACCOUNT, "id"),
}
"""The types of event to subscribe the endpoint to -> kind, and the field of the object that names what to read.

Stripe tells a purchase in half a dozen events; these are the ones after which there is something to do.
"""
