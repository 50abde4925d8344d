"""Authorizations that nobody captured in time, and the cancelling that requests share with them."""

import orjson

from infra.sandbox.charges import AUTHORIZATION_SECONDS
from infra.sandbox.errors import Body
from infra.sandbox.events import emit
from infra.sandbox.store import PLATFORM, Tx

CANCELLABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")
SWEEP_MAX = 100


def cancel_intent(tx: Tx, intent: Body, account: str, reason: str | None) -> None:
    """Let the authorization go, if there is one. No refund is made: no money was taken."""
    intent["status"] = "canceled"
    intent["amount_capturable"] = 0
    intent["canceled_at"] = tx.now
    intent["cancellation_reason"] = reason
    intent["next_action"] = None
    tx.save(intent)
    emit(tx, "payment_intent.canceled", intent, account)


def expire_if_due(tx: Tx, intent: Body, account: str) -> Body:
    """The intent as it stands now: cancelled if its authorization ran out."""
    if intent["status"] != "requires_capture":
        return intent
    charge = tx.load("charge", intent["latest_charge"], account, param="charge")
    if charge["payment_method_details"]["card"]["capture_before"] > tx.now:
        return intent
    cancel_intent(tx, intent, account, "expired")
    emit(tx, "charge.expired", charge, account)
    return intent


def sweep(tx: Tx) -> None:
    """Expire what nobody reads, so that its event goes out."""
    rows = tx.connection.execute(
        "SELECT body FROM object WHERE kind = 'payment_intent' AND account = ? "
        "AND json_extract(body, '$.status') = 'requires_capture' AND created <= ? ORDER BY seq LIMIT ?",
        (PLATFORM, tx.now - AUTHORIZATION_SECONDS, SWEEP_MAX),
    ).fetchall()
    for (body,) in rows:
        expire_if_due(tx, orjson.loads(body), PLATFORM)
