"""A buyer's money through Stripe's payment intents, authorized by hand and captured later."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import stripe
from stripe.params import (
    DisputeListParams,
    PaymentIntentCancelParams,
    PaymentIntentCaptureParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
    RefundListParams,
)

from domain.payments.errors import ProviderRefused, RefusalReason
from domain.payments.ports import (
    AuthorizeRequest,
    ProviderChargeback,
    ProviderPayment,
    ProviderPaymentStatus,
    ProviderRefund,
)
from infra.stripe.client import PAGE_MAX, StripeCalls
from infra.stripe.mapping import chargeback_of, own_id, payment_of, refund_of

INTENTS: Final = "/v1/payment_intents"
EXPANDED: Final = ["latest_charge.balance_transaction"]
CLOCK_MARGIN: Final = timedelta(minutes=10)
"""Their clock and ours differ; a search by time starts this much earlier."""

_FURTHEST_FIRST: Final = (
    ProviderPaymentStatus.CAPTURED,
    ProviderPaymentStatus.AUTHORIZED,
    ProviderPaymentStatus.PROCESSING,
    ProviderPaymentStatus.REQUIRES_ACTION,
    ProviderPaymentStatus.REQUIRES_PAYMENT_METHOD,
    ProviderPaymentStatus.CANCELLED,
)


class StripeMoneyIn:
    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    async def create_customer(self, user_id: UUID, email: str) -> str:
        customers = self._calls.v1.customers
        customer = await self._calls.call(
            lambda: customers.create_async(
                {"email": email, "metadata": {"user_id": str(user_id)}},
                {"idempotency_key": f"customer:{user_id}"},
            )
        )
        return customer.id

    async def delete_customer(self, customer_ref: str) -> None:
        customers = self._calls.v1.customers
        try:
            await self._calls.call(lambda: customers.delete_async(customer_ref))
        except ProviderRefused as refused:
            if refused.reason is not RefusalReason.NOT_FOUND:
                raise

    async def authorize(self, request: AuthorizeRequest) -> ProviderPayment:
        params: PaymentIntentCreateParams = {
            "amount": request.amount_minor,
            "currency": request.currency.lower(),
            "customer": request.customer_ref,
            "capture_method": "manual",
            "allowed_payment_method_types": ["card"],
            "metadata": {"payment_id": str(request.payment_id), "checkout_id": str(request.checkout_id)},
            "transfer_group": str(request.checkout_id),
            "expand": EXPANDED,
        }
        if request.payment_method is not None:
            params["payment_method"] = request.payment_method
            params["confirm"] = True
        return await self._payment("post", INTENTS, params, request.idempotency_key)

    async def confirm(self, provider_ref: str, payment_method: str, idempotency_key: str) -> ProviderPayment:
        params: PaymentIntentConfirmParams = {"payment_method": payment_method, "expand": EXPANDED}
        return await self._payment("post", f"{_intent(provider_ref)}/confirm", params, idempotency_key)

    async def capture(self, provider_ref: str, amount_minor: int, idempotency_key: str) -> ProviderPayment:
        params: PaymentIntentCaptureParams = {"amount_to_capture": amount_minor, "expand": EXPANDED}
        return await self._payment("post", f"{_intent(provider_ref)}/capture", params, idempotency_key)

    async def cancel(self, provider_ref: str, idempotency_key: str) -> ProviderPayment:
        params: PaymentIntentCancelParams = {"expand": EXPANDED}
        return await self._payment("post", f"{_intent(provider_ref)}/cancel", params, idempotency_key)

    async def read(self, provider_ref: str) -> ProviderPayment:
        params: PaymentIntentRetrieveParams = {"expand": EXPANDED}
        return await self._payment("get", _intent(provider_ref), params)

    async def find(self, payment_id: UUID, customer_ref: str, created_after: datetime) -> ProviderPayment | None:
        # Listing sees an intent at once; Stripe's search lags by up to a minute and would call it missing.
        since = int((created_after - CLOCK_MARGIN).timestamp())
        params: PaymentIntentListParams = {
            "customer": customer_ref,
            "created": {"gte": since},
            "limit": PAGE_MAX,
            "expand": [f"data.{path}" for path in EXPANDED],
        }
        intents = self._calls.v1.payment_intents
        listed = self._calls.listed(lambda: intents.list_async(params))
        found = [payment_of(intent) async for intent in listed if own_id(intent, "payment_id") == payment_id]
        return min(found, key=lambda payment: _FURTHEST_FIRST.index(payment.status), default=None)

    async def refund(
        self, provider_ref: str, refund_id: UUID, amount_minor: int, idempotency_key: str
    ) -> ProviderRefund:
        refunds = self._calls.v1.refunds
        refund = await self._calls.call(
            lambda: refunds.create_async(
                {
                    "payment_intent": provider_ref,
                    "amount": amount_minor,
                    "metadata": {"refund_id": str(refund_id)},
                },
                {"idempotency_key": idempotency_key},
            )
        )
        return refund_of(refund.to_dict())

    async def read_refund(self, refund_ref: str) -> ProviderRefund:
        refunds = self._calls.v1.refunds
        return refund_of((await self._calls.call(lambda: refunds.retrieve_async(refund_ref))).to_dict())

    async def find_refund(self, provider_ref: str, refund_id: UUID) -> ProviderRefund | None:
        return next((found for found in await self.refunds_of(provider_ref) if found.refund_id == refund_id), None)

    async def refunds_of(self, provider_ref: str) -> list[ProviderRefund]:
        refunds = self._calls.v1.refunds
        params: RefundListParams = {"payment_intent": provider_ref, "limit": PAGE_MAX}
        return [refund_of(refund) async for refund in self._calls.listed(lambda: refunds.list_async(params))]

    async def chargebacks_of(self, provider_ref: str) -> list[ProviderChargeback]:
        disputes = self._calls.v1.disputes
        params: DisputeListParams = {"payment_intent": provider_ref, "limit": PAGE_MAX}
        return [chargeback_of(dispute) async for dispute in self._calls.listed(lambda: disputes.list_async(params))]

    async def _payment(
        self, method: str, path: str, params: Mapping[str, Any], idempotency_key: str | None = None
    ) -> ProviderPayment:
        """The payment as answered; a declined card is answered as an error that carries it."""
        try:
            intent = await self._calls.charge(lambda: self._calls.raw(method, path, params, idempotency_key))
        except stripe.CardError as error:
            declined = None if error.error is None else error.error.payment_intent
            if declined is None:
                raise ProviderRefused(RefusalReason.INVALID, f"{error.code}: {error.user_message}") from error
            return payment_of(declined.to_dict())
        return payment_of(intent)


def _intent(provider_ref: str) -> str:
    return f"{INTENTS}/{quote(provider_ref, safe='')}"
