"""The error answers of the API, worded and coded as Stripe words and codes them.

ApiError
├── invalid parameters   400  never remembered under an idempotency key: nothing began to execute
├── no such object       404 in the path, 400 in a parameter
├── wrong state          400  carries the payment intent as it stands
└── card error           402  its effects (failed charge, last_payment_error) are kept
"""

from typing import Any

Body = dict[str, Any]
"""A JSON object of the wire format."""


class ApiError(Exception):
    """An answer other than 200.

    `keeps_effects`: what the handler wrote before raising is committed (a decline leaves a failed charge).
    `remembered`: the answer is stored under the request's idempotency key and replayed.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        extra: Body | None = None,
        keeps_effects: bool = False,
        remembered: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.param = param
        self.extra = extra or {}
        self.keeps_effects = keeps_effects
        self.remembered = remembered

    def body(self) -> Body:
        error: Body = {"type": self.kind, "message": self.message}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": error | self.extra}


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """The parameters are faulty; found before anything was executed."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, remembered=False)


def refused(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """The parameters are well formed, but the objects they name do not allow the request."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param)


def missing(kind: str, ref: str, *, param: str, status: int = 404) -> ApiError:
    return ApiError(status, "invalid_request_error", f"No such {kind}: '{ref}'", code="resource_missing", param=param)


def unknown_url(method: str, path: str) -> ApiError:
    return ApiError(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).", remembered=False)


def wrong_state(intent: Body, doing: str) -> ApiError:
    return ApiError(
        400,
        "invalid_request_error",
        f"This PaymentIntent could not be {doing} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        extra={"payment_intent": intent},
    )


def unauthenticated(message: str) -> ApiError:
    return ApiError(401, "invalid_request_error", message, remembered=False)


def forbidden(message: str) -> ApiError:
    return ApiError(403, "invalid_request_error", message, remembered=False)


def key_in_use(key: str) -> ApiError:
    return ApiError(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Stripe-Idempotency-Key (that probably "
        f"means you submitted twice, and the other request is still going through): {key}.",
        code="idempotency_key_in_use",
        remembered=False,
    )


def key_mismatch(key: str, what: str) -> ApiError:
    return ApiError(
        400,
        "idempotency_error",
        f"Keys for idempotent requests can only be used {what} they were first used with. Try using a key "
        f"other than '{key}' if you meant to execute a different request.",
        remembered=False,
    )
