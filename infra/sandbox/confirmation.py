"""Confirming an intent: the buyer's authentication where the card wants it, then the charge."""

from urllib.parse import urlencode

from infra.sandbox.captures import settle_intent
from infra.sandbox.cards import test_card
from infra.sandbox.charges import attempt, decline_message
from infra.sandbox.errors import ApiError, Body, refused, wrong_state
from infra.sandbox.events import emit, visible
from infra.sandbox.store import Tx

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
AUTHENTICATION_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)


def confirm_intent(tx: Tx, intent: Body, account: str, base_url: str, return_url: str | None) -> None:
    """Go on with the intent's payment method; raises the card error when it is declined."""
    if intent["status"] not in CONFIRMABLE:
        raise wrong_state(intent, "confirmed")
    if intent["payment_method"] is None:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method. Update the "
            "PaymentIntent with a payment method and then try again.",
            code="payment_intent_unexpected_state",
        )
    method = tx.load("payment_method", intent["payment_method"], account, param="payment_method")
    if test_card(method).challenge:
        _ask_the_buyer(tx, intent, account, base_url, return_url)
        return
    _charge(tx, intent, method, account)


def _ask_the_buyer(tx: Tx, intent: Body, account: str, base_url: str, return_url: str | None) -> None:
    secret = urlencode({"client_secret": intent["client_secret"]})
    page_url = f"{base_url}/_sandbox/authenticate/{intent['id']}?{secret}"
    intent["_return_url"] = return_url
    intent["status"] = "requires_action"
    intent["last_payment_error"] = None
    if return_url is None:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page_url},
        }
    else:
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": return_url, "url": page_url},
        }
    tx.save(intent)
    emit(tx, "payment_intent.requires_action", intent, account)


def authenticate(tx: Tx, intent: Body, account: str, *, succeed: bool) -> None:
    """The buyer's answer to the challenge. Its outcome, a decline too, is read from the intent afterwards."""
    if intent["status"] != "requires_action":
        raise wrong_state(intent, "authenticated")
    method = tx.load("payment_method", intent["payment_method"], account, param="payment_method")
    intent["next_action"] = None
    if not succeed:
        _fail(tx, intent, account, method, AUTHENTICATION_FAILED, "payment_intent_authentication_failure", None)
        return
    try:
        _charge(tx, intent, method, account)
    except ApiError as error:
        if not error.keeps_effects:
            raise


def _charge(tx: Tx, intent: Body, method: Body, account: str) -> None:
    charge = attempt(tx, intent, method, account)
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    if charge["status"] == "failed":
        card = test_card(method)
        message = decline_message(card)
        _fail(tx, intent, account, method, message, card.code, card.decline_code, charge["id"])
        raise ApiError(
            402,
            "card_error",
            message,
            code=card.code,
            extra={
                "charge": charge["id"],
                "decline_code": card.decline_code,
                "payment_intent": visible(intent),
                "payment_method": visible(method),
            },
            keeps_effects=True,
        )
    intent["last_payment_error"] = None
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        tx.save(intent)
        emit(tx, "payment_intent.amount_capturable_updated", intent, account)
    else:
        settle_intent(tx, intent, charge, intent["amount"], account)


def _fail(
    tx: Tx,
    intent: Body,
    account: str,
    method: Body,
    message: str,
    code: str | None,
    decline_code: str | None,
    charge: str | None = None,
) -> None:
    error: Body = {
        "type": "card_error" if charge else "invalid_request_error",
        "code": code,
        "message": message,
        "payment_method": visible(method),
    }
    if charge is not None:
        error |= {"charge": charge, "decline_code": decline_code}
    intent["last_payment_error"] = error
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    tx.save(intent)
    emit(tx, "payment_intent.payment_failed", intent, account)
