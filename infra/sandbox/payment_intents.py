"""Payment intents: created, changed, read. Confirming and capturing have files of their own."""

import hmac

from infra.sandbox import cards
from infra.sandbox.calls import Call, page
from infra.sandbox.confirmation import confirm_intent
from infra.sandbox.errors import ApiError, Body, forbidden, invalid, missing, refused, wrong_state
from infra.sandbox.events import emit
from infra.sandbox.expiry import expire_if_due
from infra.sandbox.form import Form
from infra.sandbox.store import Tx, new_id

AMOUNT_LEAST = 50
CHANGEABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
PUBLIC_FIELDS = frozenset(
    {
        "id",
        "object",
        "amount",
        "amount_details",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "capture_method",
        "client_secret",
        "confirmation_method",
        "created",
        "currency",
        "description",
        "last_payment_error",
        "livemode",
        "next_action",
        "payment_method",
        "payment_method_types",
        "processing",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "status",
    }
)
"""What a buyer's browser sees of its intent: no metadata, no customer, no charge."""


def create(call: Call) -> Body:
    form, tx = call.form, call.tx
    amount = form.integer("amount", required=True, least=1)
    currency = form.currency("currency")
    customer = form.text("customer")
    method_ref = form.text("payment_method")
    confirm = form.boolean("confirm") or False
    return_url = form.text("return_url")
    intent = _new(call, amount, currency, customer)
    form.end()
    if amount < AMOUNT_LEAST:
        message = f"Amount must be at least {AMOUNT_LEAST} {currency}"
        raise invalid(message, code="amount_too_small", param="amount")
    if return_url is not None and not confirm:
        raise invalid("`return_url` can only be set when `confirm` is true.", param="return_url")
    if customer is not None:
        tx.load("customer", customer, call.account, param="customer", status=400)
    if confirm and method_ref is None:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    if method_ref is not None:
        intent["payment_method"] = cards.resolve(tx, method_ref, call.account)["id"]
        intent["status"] = "requires_confirmation"
    tx.insert(intent, call.account)
    emit(tx, "payment_intent.created", intent, call.account)
    if confirm:
        confirm_intent(tx, intent, call.account, call.base_url, return_url)
    return intent


def _new(call: Call, amount: int, currency: str, customer: str | None) -> Body:
    form = call.form
    ref = new_id("pi")
    if form.has("payment_method_types"):
        raise refused(
            "`payment_method_types` is no longer supported; use `allowed_payment_method_types`.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    allowed = form.texts("allowed_payment_method_types")
    automatic = form.child("automatic_payment_methods")
    enabled = automatic.boolean("enabled") if automatic else None
    redirects = automatic.choice("allow_redirects", ("always", "never")) if automatic else None
    automatic_methods = {"allow_redirects": redirects or "always", "enabled": enabled} if automatic else None
    return {
        "id": ref,
        "object": "payment_intent",
        "allowed_payment_method_types": allowed or None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": automatic_methods,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": form.choice("capture_method", ("automatic", "automatic_async", "manual"))
        or "automatic_async",
        "client_secret": f"{ref}_secret_{new_id('', 25)[1:]}",
        "confirmation_method": form.choice("confirmation_method", ("automatic", "manual")) or "automatic",
        "created": call.tx.now,
        "currency": currency,
        "customer": customer,
        "description": form.text("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": form.metadata(),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": form.text("receipt_email"),
        "setup_future_usage": form.choice("setup_future_usage", ("on_session", "off_session")),
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": form.text("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": _transfer_data(form.child("transfer_data")),
        "transfer_group": form.text("transfer_group"),
    }


def _transfer_data(form: Form | None) -> Body | None:
    if form is None:
        return None
    return {"amount": form.integer("amount", least=1), "destination": form.text("destination", required=True)}


def update(call: Call) -> Body:
    form = call.form
    intent = load(call)
    amount = form.integer("amount", least=AMOUNT_LEAST)
    method_ref = form.text("payment_method")
    metadata = form.metadata(intent["metadata"])
    description = form.text("description")
    form.end()
    if (amount is not None or method_ref is not None) and intent["status"] not in CHANGEABLE:
        raise wrong_state(intent, "updated")
    intent["amount"] = amount or intent["amount"]
    intent["metadata"] = metadata
    intent["description"] = description or intent["description"]
    if method_ref is not None:
        intent["payment_method"] = cards.resolve(call.tx, method_ref, call.account)["id"]
        intent["status"] = "requires_confirmation"
        intent["next_action"] = None
    call.tx.save(intent)
    return intent


def confirm(call: Call) -> Body:
    """Also called by the buyer's browser, with a publishable key and the client secret."""
    form = call.form
    intent = load_for_caller(call)
    method_ref = form.text("payment_method")
    data = form.child("payment_method_data")
    return_url = form.text("return_url")
    form.boolean("use_stripe_sdk")
    if method_ref is not None:
        intent["payment_method"] = cards.resolve(call.tx, method_ref, call.account)["id"]
    elif data is not None:
        made = cards.from_form(_with(call, data))
        intent["payment_method"] = made["id"]
    form.end()
    try:
        confirm_intent(call.tx, intent, call.account, call.base_url, return_url)
    except ApiError as error:
        if "payment_intent" in error.extra:
            error.extra["payment_intent"] = presented(call, error.extra["payment_intent"])
        raise
    return presented(call, intent)


def _with(call: Call, form: Form) -> Call:
    return Call(call.tx, form, call.path, call.url, call.account, call.publishable, call.base_url)


def retrieve(call: Call) -> Body:
    intent = load_for_caller(call)
    call.form.end()
    return presented(call, intent)


def listing(call: Call) -> Body:
    found = page(call, "payment_intent", ("customer",))
    found["data"] = [expire_if_due(call.tx, intent, call.account) for intent in found["data"]]
    return found


def load(call: Call) -> Body:
    intent = call.tx.load("payment_intent", call.path["id"], call.account, param="intent")
    return expire_if_due(call.tx, intent, call.account)


def load_for_caller(call: Call) -> Body:
    """The intent; with a publishable key only for whoever knows its client secret."""
    secret = call.form.text("client_secret")
    if call.publishable and secret is None:
        raise forbidden("This API call needs the client_secret when made with a publishable API key.")
    intent = load(call)
    if secret is not None and not hmac.compare_digest(secret.encode(), intent["client_secret"].encode()):
        raise missing("payment_intent", call.path["id"], param="intent")
    return intent


def presented(call: Call, intent: Body) -> Body:
    if not call.publishable:
        return intent
    return {name: value for name, value in intent.items() if name in PUBLIC_FIELDS}


def find(tx: Tx, ref: str, account: str) -> Body:
    return expire_if_due(tx, tx.load("payment_intent", ref, account, param="intent"), account)
