"""Stripe's objects read into the port's values.

Invariant: a status that is not known yet never ends anything: what it is about is waited for, its money stays where it
is, and the log says so.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from domain.payments.ports import (
    ChargebackMovement,
    DeclineCode,
    ProviderAccount,
    ProviderChargeback,
    ProviderChargebackStatus,
    ProviderPayment,
    ProviderPaymentStatus,
    ProviderPayout,
    ProviderPayoutStatus,
    ProviderRefund,
    ProviderRefundStatus,
    ProviderReversal,
    ProviderTransfer,
)
from domain.shared.money import Money

_log = logging.getLogger(__name__)

Body = Mapping[str, Any]
S = TypeVar("S")

_PAYMENT: Final[Mapping[str, ProviderPaymentStatus]] = {
    "requires_payment_method": ProviderPaymentStatus.REQUIRES_PAYMENT_METHOD,
    "requires_confirmation": ProviderPaymentStatus.REQUIRES_PAYMENT_METHOD,
    "requires_action": ProviderPaymentStatus.REQUIRES_ACTION,
    "processing": ProviderPaymentStatus.PROCESSING,
    "requires_capture": ProviderPaymentStatus.AUTHORIZED,
    "succeeded": ProviderPaymentStatus.CAPTURED,
    "canceled": ProviderPaymentStatus.CANCELLED,
}

_DECLINES: Final[Mapping[str, DeclineCode]] = {
    "insufficient_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "expired_card": DeclineCode.EXPIRED_CARD,
    "incorrect_cvc": DeclineCode.INCORRECT_DETAILS,
    "invalid_cvc": DeclineCode.INCORRECT_DETAILS,
    "incorrect_number": DeclineCode.INCORRECT_DETAILS,
    "incorrect_zip": DeclineCode.INCORRECT_DETAILS,
    "authentication_required": DeclineCode.AUTHENTICATION_FAILED,
    "payment_intent_authentication_failure": DeclineCode.AUTHENTICATION_FAILED,
    "card_velocity_exceeded": DeclineCode.LIMIT_EXCEEDED,
    "withdrawal_count_limit_exceeded": DeclineCode.LIMIT_EXCEEDED,
    "processing_error": DeclineCode.PROCESSING_ERROR,
    "try_again_later": DeclineCode.PROCESSING_ERROR,
}

_REFUND: Final[Mapping[str, ProviderRefundStatus]] = {
    "pending": ProviderRefundStatus.PENDING,
    "requires_action": ProviderRefundStatus.PENDING,
    "succeeded": ProviderRefundStatus.SUCCEEDED,
    "failed": ProviderRefundStatus.FAILED,
    "canceled": ProviderRefundStatus.FAILED,
}

_CHARGEBACK: Final[Mapping[str, ProviderChargebackStatus]] = {
    "warning_needs_response": ProviderChargebackStatus.OPEN,
    "warning_under_review": ProviderChargebackStatus.OPEN,
    "warning_closed": ProviderChargebackStatus.WON,
    "needs_response": ProviderChargebackStatus.OPEN,
    "under_review": ProviderChargebackStatus.OPEN,
    "appeal_needs_response": ProviderChargebackStatus.OPEN,
    "appeal_under_review": ProviderChargebackStatus.OPEN,
    "won": ProviderChargebackStatus.WON,
    "lost": ProviderChargebackStatus.LOST,
    # The buyer was given the money back before it came to a quarrel.
    "prevented": ProviderChargebackStatus.LOST,
}

_PAYOUT: Final[Mapping[str, ProviderPayoutStatus]] = {
    "pending": ProviderPayoutStatus.PENDING,
    "in_transit": ProviderPayoutStatus.PENDING,
    "paid": ProviderPayoutStatus.PAID,
    "failed": ProviderPayoutStatus.FAILED,
    "canceled": ProviderPayoutStatus.FAILED,
}


def payment_of(intent: Body) -> ProviderPayment:
    """An intent whose latest charge and its balance transaction may be expanded, or not."""
    charge = _expanded(intent.get("latest_charge"))
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    movement = _expanded(charge.get("balance_transaction"))
    capture_before = card.get("capture_before")
    status = _status(intent, _PAYMENT, unknown=ProviderPaymentStatus.PROCESSING)
    authorized = status is ProviderPaymentStatus.AUTHORIZED
    error = _decline(intent, status)
    return ProviderPayment(
        provider_ref=intent["id"],
        payment_id=own_id(intent, "payment_id"),
        status=status,
        amount_minor=intent["amount"],
        currency=intent["currency"].upper(),
        client_secret=intent.get("client_secret"),
        decline_code=_decline_code(error),
        declined_method_ref=ref_of(error.get("payment_method")),
        amount_capturable_minor=intent.get("amount_capturable") or 0,
        captured_minor=intent.get("amount_received") or 0,
        refunded_minor=charge.get("amount_refunded") or 0,
        fee=Money(movement["fee"], movement["currency"].upper()) if movement else None,
        capture_before=time_of(capture_before) if authorized and capture_before is not None else None,
        payment_method_ref=ref_of(intent.get("payment_method")),
    )


def _decline(intent: Body, status: ProviderPaymentStatus) -> Body:
    """The error of the last attempt while it stands; empty when there was none."""
    error: Body | None = intent.get("last_payment_error")
    return error if error is not None and status is ProviderPaymentStatus.REQUIRES_PAYMENT_METHOD else {}


def _decline_code(error: Body) -> DeclineCode | None:
    if not error:
        return None
    words = [str(error.get(field)) for field in ("decline_code", "code")]
    return next((_DECLINES[word] for word in words if word in _DECLINES), DeclineCode.CARD_DECLINED)


def refund_of(refund: Body) -> ProviderRefund:
    return ProviderRefund(
        refund_ref=refund["id"],
        refund_id=own_id(refund, "refund_id"),
        provider_ref=ref_of(refund["payment_intent"]) or "",
        status=_status(refund, _REFUND, unknown=ProviderRefundStatus.PENDING),
        amount_minor=refund["amount"],
        failure_code=refund.get("failure_reason"),
    )


def chargeback_of(dispute: Body) -> ProviderChargeback:
    return ProviderChargeback(
        chargeback_ref=dispute["id"],
        provider_ref=ref_of(dispute["payment_intent"]) or "",
        status=_status(dispute, _CHARGEBACK, unknown=ProviderChargebackStatus.OPEN),
        movements=tuple(
            ChargebackMovement(
                movement_ref=movement["id"],
                taken_minor=-movement["amount"],
                fee_minor=movement["fee"],
                currency=movement["currency"].upper(),
            )
            for movement in dispute["balance_transactions"]
        ),
    )


def account_of(account: Body) -> ProviderAccount:
    return ProviderAccount(
        account_ref=account["id"],
        details_submitted=account["details_submitted"],
        charges_enabled=account["charges_enabled"],
        payouts_enabled=account["payouts_enabled"],
        requirements_due=tuple((account.get("requirements") or {}).get("currently_due") or ()),
    )


def transfer_of(transfer: Body) -> ProviderTransfer:
    return ProviderTransfer(
        transfer_ref=transfer["id"],
        transfer_id=own_id(transfer, "transfer_id"),
        account_ref=ref_of(transfer["destination"]) or "",
        amount_minor=transfer["amount"],
        currency=transfer["currency"].upper(),
        reversed_minor=transfer["amount_reversed"],
    )


def reversal_of(reversal: Body) -> ProviderReversal:
    return ProviderReversal(
        reversal_ref=reversal["id"],
        reversal_id=own_id(reversal, "reversal_id"),
        transfer_ref=ref_of(reversal["transfer"]) or "",
        amount_minor=reversal["amount"],
    )


def payout_of(payout: Body) -> ProviderPayout:
    return ProviderPayout(
        payout_ref=payout["id"],
        payout_id=own_id(payout, "payout_id"),
        status=_status(payout, _PAYOUT, unknown=ProviderPayoutStatus.PENDING),
        amount_minor=payout["amount"],
        currency=payout["currency"].upper(),
        failure_code=payout.get("failure_code"),
    )


def _status(body: Body, known: Mapping[str, S], *, unknown: S) -> S:
    word = body["status"]
    if word not in known:
        _log.warning("%s has a status that is not known, it is taken for %s: %s", body["id"], unknown, word)
    return known.get(word, unknown)


def own_id(body: Body, name: str) -> UUID | None:
    """Our id from the metadata; None for what somebody made by hand in the provider's dashboard."""
    text = (body.get("metadata") or {}).get(name)
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def time_of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def ref_of(value: Any) -> str | None:
    """The id of a field that holds an id or the object itself."""
    reference = value["id"] if isinstance(value, Mapping) else value
    return None if reference is None else str(reference)


def _expanded(value: Any) -> Body:
    return value if isinstance(value, Mapping) else {}
