"""What ends an authorization: capturing it, whole or in part, or cancelling it."""

from infra.sandbox.calls import Call
from infra.sandbox.cards import TestCard, test_card
from infra.sandbox.charges import settle
from infra.sandbox.disputes import open_dispute
from infra.sandbox.errors import Body, refused, wrong_state
from infra.sandbox.events import emit
from infra.sandbox.expiry import CANCELLABLE, cancel_intent, expire_if_due
from infra.sandbox.store import Tx
from infra.sandbox.transfers import send

REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def capture(call: Call) -> Body:
    form, tx = call.form, call.tx
    amount = form.integer("amount_to_capture", least=1)
    intent = _load(call)
    metadata = form.metadata(intent["metadata"])
    form.end()
    if intent["status"] != "requires_capture":
        raise wrong_state(intent, "captured")
    if amount is not None and amount > intent["amount_capturable"]:
        raise refused(
            f"The amount_to_capture {amount} is greater than the capturable {intent['amount_capturable']}.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    intent["metadata"] = metadata
    charge = tx.load("charge", intent["latest_charge"], call.account, param="intent")
    settle_intent(tx, intent, charge, amount or intent["amount_capturable"], call.account)
    emit(tx, "charge.captured", charge, call.account)
    return intent


def settle_intent(tx: Tx, intent: Body, charge: Body, amount: int, account: str) -> None:
    card = test_card(tx.load("payment_method", charge["payment_method"], account, param="payment_method"))
    settle(tx, charge, amount, account, bypass_pending=_bypasses_pending(card))
    intent["amount_capturable"] = 0
    intent["amount_received"] = amount
    intent["status"] = "succeeded"
    tx.save(intent)
    emit(tx, "payment_intent.succeeded", intent, account)
    onward = intent["transfer_data"]
    if onward is not None:
        send(tx, onward["amount"] or amount, intent["currency"], onward["destination"], source=charge)
    if card.dispute is not None:
        open_dispute(tx, charge, card, account)


def _bypasses_pending(card: TestCard) -> bool:
    return card.last4 == "0077"


def cancel(call: Call) -> Body:
    reason = call.form.choice("cancellation_reason", REASONS)
    call.form.end()
    intent = _load(call)
    if intent["status"] not in CANCELLABLE:
        raise wrong_state(intent, "canceled")
    cancel_intent(call.tx, intent, call.account, reason)
    return intent


def _load(call: Call) -> Body:
    intent = call.tx.load("payment_intent", call.path["id"], call.account, param="intent")
    return expire_if_due(call.tx, intent, call.account)
