"""Charges: one attempt to take an intent's money from a card, captured at once or later."""

from infra.sandbox.balance import fee_of, move
from infra.sandbox.calls import Call, page
from infra.sandbox.cards import TestCard, test_card
from infra.sandbox.errors import Body
from infra.sandbox.events import emit
from infra.sandbox.store import Tx, new_id

AUTHORIZATION_SECONDS = 7 * 86_400


def attempt(tx: Tx, intent: Body, method: Body, account: str) -> Body:
    """A new charge for the intent, authorized or failed as its test card decides; not yet captured."""
    card = test_card(method)
    failed = card.code is not None
    charge: Body = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "captured": False,
        "created": tx.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": card.code,
        "failure_message": decline_message(card) if failed else None,
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(card),
        "paid": not failed,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card_details(tx, intent, method, card), "type": "card"},
        "receipt_url": None,
        "refunded": False,
        "status": "failed" if failed else "succeeded",
        "transfer_data": intent["transfer_data"],
        "transfer_group": intent["transfer_group"],
    }
    tx.insert(charge, account)
    emit(tx, "charge.failed" if failed else "charge.succeeded", charge, account)
    return charge


def _card_details(tx: Tx, intent: Body, method: Body, card: TestCard) -> Body:
    details: Body = {
        "amount_authorized": None if card.code else intent["amount"],
        "brand": card.brand,
        "checks": method["card"]["checks"],
        "country": "US",
        "exp_month": method["card"]["exp_month"],
        "exp_year": method["card"]["exp_year"],
        "funding": "credit",
        "last4": card.last4,
        "network": card.brand,
        "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if card.challenge else None,
    }
    if intent["capture_method"] == "manual" and card.code is None:
        details["capture_before"] = tx.now + AUTHORIZATION_SECONDS
    return details


def _outcome(card: TestCard) -> Body:
    if card.code is None:
        return {"network_status": "approved_by_network", "reason": None, "type": "authorized"}
    return {"network_status": "declined_by_network", "reason": card.decline_code, "type": "issuer_declined"}


def decline_message(card: TestCard) -> str:
    return {
        "expired_card": "Your card has expired.",
        "incorrect_cvc": "Your card's security code is incorrect.",
        "insufficient_funds": "Your card has insufficient funds.",
        "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    }.get(card.decline_code or "", "Your card was declined.")


def settle(tx: Tx, charge: Body, amount: int, account: str, *, bypass_pending: bool) -> None:
    """Capture `amount` of an authorized charge; what is left of the authorization is let go."""
    pending = 0 if bypass_pending else tx.switches.settlement_seconds
    charge["captured"] = True
    charge["amount_captured"] = amount
    charge["balance_transaction"] = move(
        tx,
        "charge",
        amount,
        charge["currency"],
        charge["id"],
        account=account,
        fee=fee_of(amount),
        pending_seconds=pending,
    )
    tx.save(charge)


def retrieve(call: Call) -> Body:
    call.form.end()
    return call.tx.load("charge", call.path["id"], call.account, param="id")


def listing(call: Call) -> Body:
    return page(call, "charge", ("payment_intent", "customer"))
