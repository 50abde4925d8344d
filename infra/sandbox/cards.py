"""The provider's test cards, and the payment methods made from them."""

from dataclasses import dataclass

from infra.sandbox.calls import Call
from infra.sandbox.errors import Body, invalid
from infra.sandbox.store import Tx, new_id


@dataclass(frozen=True, slots=True)
class TestCard:
    """`code` and `decline_code` of the decline it meets; `challenge`: the buyer must authenticate first.

    `dispute`: why its bank disputes the charge once the money was taken; `inquiry`: it only asks, and takes nothing.
    """

    __test__ = False

    last4: str
    brand: str = "visa"
    code: str | None = None
    decline_code: str | None = None
    challenge: bool = False
    dispute: str | None = None
    inquiry: bool = False


def _declining(last4: str, decline_code: str, code: str = "card_declined") -> TestCard:
    return TestCard(last4, code=code, decline_code=decline_code)


CARDS = {
    "visa": TestCard("4242"),
    "visa_debit": TestCard("5556"),
    "mastercard": TestCard("4444", "mastercard"),
    "mastercard_debit": TestCard("3222", "mastercard"),
    "amex": TestCard("8431", "amex"),
    "bypassPending": TestCard("0077"),
    "chargeDeclined": _declining("0002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": _declining("9995", "insufficient_funds"),
    "chargeDeclinedLostCard": _declining("9987", "lost_card"),
    "chargeDeclinedStolenCard": _declining("9979", "stolen_card"),
    "chargeDeclinedFraudulent": _declining("0019", "fraudulent"),
    "chargeDeclinedExpiredCard": _declining("0069", "expired_card", "expired_card"),
    "chargeDeclinedIncorrectCvc": _declining("0127", "incorrect_cvc", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _declining("0119", "processing_error", "processing_error"),
    "chargeDeclinedVelocityLimitExceeded": _declining("6975", "card_velocity_exceeded"),
    "authenticationRequired": TestCard("3184", challenge=True),
    "threeDSecure2Required": TestCard("3220", challenge=True),
    "threeDSecureRequired": TestCard("3063", challenge=True),
    "threeDSecureRequiredChargeDeclined": TestCard(
        "8404", code="card_declined", decline_code="generic_decline", challenge=True
    ),
    "authenticationRequiredChargeDeclinedInsufficientFunds": TestCard(
        "9999", code="card_declined", decline_code="insufficient_funds", challenge=True
    ),
    "createDispute": TestCard("0259", dispute="fraudulent"),
    "createDisputeProductNotReceived": TestCard("2685", dispute="product_not_received"),
    "createDisputeInquiry": TestCard("1976", dispute="fraudulent", inquiry=True),
}


def _card_name(reference: str, prefix: str) -> str | None:
    """The key of CARDS for `pm_card_visa_chargeDeclined`, `pm_card_visa`, `tok_chargeDeclined`, ..."""
    name = reference.removeprefix(prefix)
    if name == reference:
        return None
    if name in CARDS:
        return name
    bare = name.removeprefix("visa_")
    return bare if bare in CARDS else None


def create(call: Call) -> Body:
    """A payment method from a card token: what the provider's form in the buyer's browser makes."""
    method = from_form(call)
    call.form.metadata()
    call.form.end()
    return method


def from_form(call: Call) -> Body:
    form = call.form
    form.choice("type", ("card",), required=True)
    card = form.child("card")
    token = None if card is None else card.text("token")
    if token is None:
        raise invalid("Missing required param: card[token].", code="parameter_missing", param="card[token]")
    name = _card_name(token, "tok_")
    if name is None:
        raise invalid(f"No such token: '{token}'", code="resource_missing", param="card[token]")
    return _make(call.tx, name, call.account)


def resolve(tx: Tx, reference: str, account: str) -> Body:
    """The payment method that a request names: one made before, or a test card by its well-known name."""
    name = _card_name(reference, "pm_card_")
    if name is not None:
        return _make(tx, name, account)
    return tx.load("payment_method", reference, account, param="payment_method", status=400)


def test_card(method: Body) -> TestCard:
    return CARDS[method["_test_card"]]


def _make(tx: Tx, name: str, account: str) -> Body:
    card = CARDS[name]
    return tx.insert(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "_test_card": name,
            "allow_redisplay": "unspecified",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            "card": {
                "brand": card.brand,
                "checks": {"cvc_check": "pass"},
                "country": "US",
                "exp_month": 12,
                "exp_year": 2040,
                "funding": "credit",
                "last4": card.last4,
                "three_d_secure_usage": {"supported": True},
            },
            "created": tx.now,
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
        },
        account,
    )


def retrieve(call: Call) -> Body:
    call.form.end()
    return call.tx.load("payment_method", call.path["id"], call.account, param="payment_method")
