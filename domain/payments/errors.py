"""What the payment provider refuses, or does not answer.

    DomainError
    ├── ProviderUnavailable (outcome unknown: read before trying again)
    ├── ProviderRefused (a definite no, with its reason)
    └── InvalidSignature (a message that is not the provider's)

A declined card is none of these: it is an outcome, `ProviderPayment.decline_code`.
"""

from enum import StrEnum

from domain.shared.errors import DomainError


class RefusalReason(StrEnum):
    WRONG_STATE = "wrong_state"
    """The payment is past, or not yet at, the point where this is possible; read it."""
    AMOUNT_NOT_ALLOWED = "amount_not_allowed"
    ALREADY_REFUNDED = "already_refunded"
    NOT_FOUND = "not_found"
    BALANCE_INSUFFICIENT = "balance_insufficient"
    ACCOUNT_NOT_READY = "account_not_ready"
    KEY_REUSED = "key_reused"
    """The idempotency key was used with other parameters: a fault of ours."""
    INVALID = "invalid"


class ProviderUnavailable(DomainError):
    """No answer within the bounds: time-outs, connection and server errors, rate limits, a refused API key.

    Whether the request had its effect is not known.
    """

    code = "PROVIDER_UNAVAILABLE"

    def __init__(self, cause: str) -> None:
        super().__init__("The payment provider cannot be reached; nothing is lost, try again in a moment.")
        self.cause = cause


class ProviderRefused(DomainError):
    """The provider answered no, and the request had no effect. `detail` is the provider's text, for the log."""

    code = "PAYMENT_REFUSED"

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(f"The payment provider refused this: {reason.value.replace('_', ' ')}.")
        self.reason = reason
        self.detail = detail


class InvalidSignature(DomainError):
    code = "INVALID_SIGNATURE"

    def __init__(self) -> None:
        super().__init__("This message is not signed by the payment provider.")
