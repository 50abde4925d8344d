"""A payment gateway without a network, for tests of use cases: passes the same contract suite as the adapter."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from domain.payments.errors import InvalidSignature, ProviderRefused, RefusalReason
from domain.payments.ports import (
    AuthorizeRequest,
    DeclineCode,
    ProviderChargeback,
    ProviderEvent,
    ProviderEventKind,
    ProviderPayment,
    ProviderPaymentStatus,
    ProviderRefund,
    ProviderRefundStatus,
)
from domain.shared.money import Money
from tests.fakes.chargebacks import ASKED, DISPUTED, FakeBank
from tests.fakes.payment_provider import SIGNATURE, FakeProvider, wall_clock
from tests.fakes.seller_money import FakeSellerMoney

Status = ProviderPaymentStatus
AUTHORIZATION: Final = timedelta(days=7)

DECLINES: Final = {
    "pm_card_chargeDeclined": DeclineCode.CARD_DECLINED,
    "pm_card_chargeDeclinedInsufficientFunds": DeclineCode.INSUFFICIENT_FUNDS,
    "pm_card_chargeDeclinedExpiredCard": DeclineCode.EXPIRED_CARD,
    "pm_card_chargeDeclinedIncorrectCvc": DeclineCode.INCORRECT_DETAILS,
    "pm_card_chargeDeclinedProcessingError": DeclineCode.PROCESSING_ERROR,
}
CHALLENGES: Final = ("pm_card_authenticationRequired", "pm_card_threeDSecure2Required")


class FakePaymentGateway(FakeSellerMoney):
    """Takes the provider's test cards. `provider` fails calls on demand and keeps the webhooks it would send."""

    def __init__(self, now: Callable[[], datetime] = wall_clock) -> None:
        super().__init__(FakeProvider(now))
        self.bank = FakeBank(self.provider)
        self.payments: dict[str, ProviderPayment] = {}
        self.refunds: dict[str, ProviderRefund] = {}
        self.deleted_customers: set[str] = set()
        self._customers: dict[str, str] = {}
        self._created: dict[str, datetime] = {}

    async def create_customer(self, user_id: UUID, email: str) -> str:
        return self.provider.do("create_customer", lambda: self.provider.ref("cus"), f"customer:{user_id}", email)

    async def delete_customer(self, customer_ref: str) -> None:
        self.provider.do("delete_customer", lambda: self.deleted_customers.add(customer_ref))

    async def authorize(self, request: AuthorizeRequest) -> ProviderPayment:
        def effect() -> ProviderPayment:
            if request.customer_ref in self.deleted_customers:
                raise ProviderRefused(RefusalReason.NOT_FOUND, f"No such customer: {request.customer_ref}")
            ref = self.provider.ref("pi")
            self._customers[ref] = request.customer_ref
            self._created[ref] = self.provider.now()
            self._set(
                ProviderPayment(
                    provider_ref=ref,
                    payment_id=request.payment_id,
                    status=Status.REQUIRES_PAYMENT_METHOD,
                    amount_minor=request.amount_minor,
                    currency=request.currency,
                    client_secret=f"{ref}_secret",
                    decline_code=None,
                    declined_method_ref=None,
                    amount_capturable_minor=0,
                    captured_minor=0,
                    refunded_minor=0,
                    fee=None,
                    capture_before=None,
                    payment_method_ref=None,
                )
            )
            if request.payment_method is not None:
                self._attempt(ref, request.payment_method)
            return self.payments[ref]

        return self.provider.do("authorize", effect, request.idempotency_key, request)

    async def confirm(self, provider_ref: str, payment_method: str, idempotency_key: str) -> ProviderPayment:
        def effect() -> ProviderPayment:
            self._need(provider_ref, Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_ACTION)
            self._attempt(provider_ref, payment_method)
            return self.payments[provider_ref]

        return self.provider.do("confirm", effect, idempotency_key, (provider_ref, payment_method))

    async def capture(self, provider_ref: str, amount_minor: int, idempotency_key: str) -> ProviderPayment:
        def effect() -> ProviderPayment:
            payment = self._need(provider_ref, Status.AUTHORIZED)
            if amount_minor > payment.amount_capturable_minor:
                raise ProviderRefused(RefusalReason.AMOUNT_NOT_ALLOWED, "more than authorized")
            fee = amount_minor * 29 // 1000 + 30
            self.available_minor[payment.currency] = self.available_minor.get(payment.currency, 0) + amount_minor - fee
            taken = self._set(
                replace(
                    payment,
                    status=Status.CAPTURED,
                    amount_capturable_minor=0,
                    captured_minor=amount_minor,
                    fee=Money(fee, payment.currency),
                    capture_before=None,
                )
            )
            if payment.payment_method_ref in (DISPUTED, ASKED):
                self.bank.charge_back(taken, inquiry=payment.payment_method_ref == ASKED)
            return taken

        return self.provider.do("capture", effect, idempotency_key, (provider_ref, amount_minor))

    async def cancel(self, provider_ref: str, idempotency_key: str) -> ProviderPayment:
        def effect() -> ProviderPayment:
            payment = self._need(
                provider_ref, Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_ACTION, Status.AUTHORIZED
            )
            return self._cancelled(payment)

        return self.provider.do("cancel", effect, idempotency_key, provider_ref)

    async def read(self, provider_ref: str) -> ProviderPayment:
        return self.provider.do("read", lambda: self._now(provider_ref))

    async def find(self, payment_id: UUID, customer_ref: str, created_after: datetime) -> ProviderPayment | None:
        def effect() -> ProviderPayment | None:
            furthest = list(Status)
            found = [
                self._now(ref)
                for ref, payment in self.payments.items()
                if payment.payment_id == payment_id
                and self._customers[ref] == customer_ref
                and self._created[ref] >= created_after - timedelta(minutes=10)
            ]
            held = [payment for payment in found if payment.status is not Status.CANCELLED] or found
            return max(held, key=lambda payment: furthest.index(payment.status), default=None)

        return self.provider.do("find", effect)

    async def refund(
        self, provider_ref: str, refund_id: UUID, amount_minor: int, idempotency_key: str
    ) -> ProviderRefund:
        command = (provider_ref, refund_id, amount_minor)
        return self.provider.do("refund", lambda: self._refund(*command), idempotency_key, command)

    def refund_by_hand(self, provider_ref: str, amount_minor: int) -> ProviderRefund:
        """Somebody clicks in the provider's dashboard: it carries no id of ours."""
        return self._refund(provider_ref, None, amount_minor)

    def _refund(self, provider_ref: str, refund_id: UUID | None, amount_minor: int) -> ProviderRefund:
        payment = self._need(provider_ref, Status.CAPTURED)
        left = payment.captured_minor - payment.refunded_minor
        if left == 0:
            raise ProviderRefused(RefusalReason.ALREADY_REFUNDED, "nothing left")
        if amount_minor > left:
            raise ProviderRefused(RefusalReason.AMOUNT_NOT_ALLOWED, "more than is left")
        ref = self.provider.ref("re")
        refund = ProviderRefund(ref, refund_id, provider_ref, ProviderRefundStatus.SUCCEEDED, amount_minor, None)
        self.refunds[ref] = refund
        self._set(replace(payment, refunded_minor=payment.refunded_minor + amount_minor))
        self.provider.tell(ProviderEventKind.REFUND, ref)
        return refund

    async def read_refund(self, refund_ref: str) -> ProviderRefund:
        def effect() -> ProviderRefund:
            if refund_ref not in self.refunds:
                raise ProviderRefused(RefusalReason.NOT_FOUND, refund_ref)
            return self.refunds[refund_ref]

        return self.provider.do("read_refund", effect)

    async def find_refund(self, provider_ref: str, refund_id: UUID) -> ProviderRefund | None:
        return self.provider.do(
            "find_refund",
            lambda: next((one for one in self.refunds.values() if one.refund_id == refund_id), None),
        )

    async def refunds_of(self, provider_ref: str) -> list[ProviderRefund]:
        return self.provider.do(
            "refunds_of", lambda: [one for one in self.refunds.values() if one.provider_ref == provider_ref]
        )

    async def chargebacks_of(self, provider_ref: str) -> list[ProviderChargeback]:
        return self.provider.do("chargebacks_of", lambda: self.bank.of(provider_ref))

    def parse_webhook(self, payload: bytes, signature: str) -> ProviderEvent:
        if signature != SIGNATURE:
            raise InvalidSignature
        event = json.loads(payload)
        return ProviderEvent(
            id=event["id"],
            kind=ProviderEventKind(event["kind"]),
            object_ref=event["ref"],
            account_ref=event["account"],
            name=f"fake.{event['kind']}",
            occurred_at=datetime.fromtimestamp(event["at"], UTC),
        )

    def authenticate(self, provider_ref: str, *, succeed: bool) -> None:
        """The buyer answers the bank's challenge."""
        payment = self._need(provider_ref, Status.REQUIRES_ACTION)
        if succeed:
            self._authorized(payment)
        else:
            self._declined(payment, DeclineCode.AUTHENTICATION_FAILED)

    def give_payment_method(self, provider_ref: str, payment_method: str) -> None:
        """The buyer's client confirms the payment with the provider, past us."""
        self._attempt(provider_ref, payment_method)

    def fail_refund(self, refund_ref: str) -> None:
        """The buyer's bank sends a refund back after it had succeeded."""
        refund = self.refunds[refund_ref]
        self.refunds[refund_ref] = replace(
            refund, status=ProviderRefundStatus.FAILED, failure_code="expired_or_canceled_card"
        )
        payment = self.payments[refund.provider_ref]
        self._set(replace(payment, refunded_minor=payment.refunded_minor - refund.amount_minor))
        self.provider.tell(ProviderEventKind.REFUND, refund_ref)

    def _attempt(self, ref: str, method: str) -> None:
        payment = replace(self.payments[ref], payment_method_ref=method, decline_code=None, declined_method_ref=None)
        if method in CHALLENGES:
            self._set(replace(payment, status=Status.REQUIRES_ACTION))
        elif method in DECLINES:
            self._declined(payment, DECLINES[method])
        elif method in ("pm_card_visa", "pm_card_mastercard", DISPUTED, ASKED):
            self._authorized(payment)
        else:
            raise ProviderRefused(RefusalReason.NOT_FOUND, method)

    def _authorized(self, payment: ProviderPayment) -> None:
        self._set(
            replace(
                payment,
                status=Status.AUTHORIZED,
                amount_capturable_minor=payment.amount_minor,
                capture_before=self.provider.now() + AUTHORIZATION,
            )
        )

    def _declined(self, payment: ProviderPayment, code: DeclineCode) -> None:
        self._set(
            replace(
                payment,
                status=Status.REQUIRES_PAYMENT_METHOD,
                decline_code=code,
                declined_method_ref=payment.payment_method_ref,
                payment_method_ref=None,
            )
        )

    def _cancelled(self, payment: ProviderPayment) -> ProviderPayment:
        return self._set(
            replace(
                payment,
                status=Status.CANCELLED,
                amount_capturable_minor=0,
                capture_before=None,
                decline_code=None,
                declined_method_ref=None,
            )
        )

    def _now(self, ref: str) -> ProviderPayment:
        """The payment, with an authorization that ran out let go."""
        if ref not in self.payments:
            raise ProviderRefused(RefusalReason.NOT_FOUND, ref)
        payment = self.payments[ref]
        if payment.capture_before is not None and payment.capture_before <= self.provider.now():
            return self._cancelled(payment)
        return payment

    def _need(self, ref: str, *statuses: ProviderPaymentStatus) -> ProviderPayment:
        payment = self._now(ref)
        if payment.status not in statuses:
            raise ProviderRefused(RefusalReason.WRONG_STATE, f"{ref} is {payment.status}")
        return payment

    def _set(self, payment: ProviderPayment) -> ProviderPayment:
        self.payments[payment.provider_ref] = payment
        self.provider.tell(ProviderEventKind.PAYMENT, payment.provider_ref)
        return payment
