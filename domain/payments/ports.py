"""The payment provider as the marketplace sees it, in words of no provider.

Invariant: every call that moves money takes an idempotency key, and everything it makes carries our own id, so that
an outcome whose answer was lost can be found again by reading: first `find...`, then perhaps another call.

Amounts are minor units, currencies ISO 4217 in capitals, times UTC. Every method except `parse_webhook` may raise
`ProviderUnavailable` (outcome unknown, after bounded tries) or `ProviderRefused` (a definite no).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.sellers.ports import AccountProvider
from domain.shared.money import Money


class ProviderPaymentStatus(StrEnum):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    CANCELLED = "cancelled"


class DeclineCode(StrEnum):
    """Why a card was declined, as far as the buyer may know: a stolen card is just declined."""

    CARD_DECLINED = "card_declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    INCORRECT_DETAILS = "incorrect_details"
    AUTHENTICATION_FAILED = "authentication_failed"
    LIMIT_EXCEEDED = "limit_exceeded"
    PROCESSING_ERROR = "processing_error"


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """`payment_method` is the provider's token, or None when the buyer gives one to the provider later."""

    payment_id: UUID
    checkout_id: UUID
    amount_minor: int
    currency: str
    customer_ref: str
    payment_method: str | None
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """One payment as the provider has it now.

    `client_secret` lets the buyer's client authenticate, or give a payment method. `fee` is known once captured, and in
    the currency that the provider settles in, which need not be the payment's.
    `capture_before` is when an authorization lapses. `refunded_minor` counts refunds that have not failed.
    `decline_code` is of the last attempt that was answered, with the payment method `declined_method_ref`.
    """

    provider_ref: str
    payment_id: UUID | None
    status: ProviderPaymentStatus
    amount_minor: int
    currency: str
    client_secret: str | None
    decline_code: DeclineCode | None
    declined_method_ref: str | None
    amount_capturable_minor: int
    captured_minor: int
    refunded_minor: int
    fee: Money | None
    capture_before: datetime | None
    payment_method_ref: str | None


class ProviderRefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    refund_ref: str
    refund_id: UUID | None
    provider_ref: str
    status: ProviderRefundStatus
    amount_minor: int
    failure_code: str | None


class ProviderChargebackStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    """Over in the marketplace's favour; also a bank's mere question that came to nothing."""
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ChargebackMovement:
    """Money that the provider took because of a chargeback, with its fee; below zero: gave back."""

    movement_ref: str
    taken_minor: int
    fee_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ProviderChargeback:
    """`movements`: everything that was taken and given back so far, in no order."""

    chargeback_ref: str
    provider_ref: str
    status: ProviderChargebackStatus
    movements: tuple[ChargebackMovement, ...]


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """A seller's account with the provider. `requirements_due` names what the seller still has to tell it."""

    account_ref: str
    details_submitted: bool
    charges_enabled: bool
    payouts_enabled: bool
    requirements_due: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnboardingLink:
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TransferRequest:
    transfer_id: UUID
    account_ref: str
    amount_minor: int
    currency: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class ProviderTransfer:
    transfer_ref: str
    transfer_id: UUID | None
    account_ref: str
    amount_minor: int
    currency: str
    reversed_minor: int


@dataclass(frozen=True, slots=True)
class ProviderReversal:
    reversal_ref: str
    reversal_id: UUID | None
    transfer_ref: str
    amount_minor: int


class ProviderPayoutStatus(StrEnum):
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    payout_id: UUID
    account_ref: str
    amount_minor: int
    currency: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class ProviderPayout:
    payout_ref: str
    payout_id: UUID | None
    status: ProviderPayoutStatus
    amount_minor: int
    currency: str
    failure_code: str | None


@dataclass(frozen=True, slots=True)
class ProviderBalance:
    """The marketplace's own money with the provider, in one currency."""

    currency: str
    available_minor: int
    pending_minor: int


class ProviderEventKind(StrEnum):
    """What to read again. `OTHER` is stored and left alone."""

    PAYMENT = "payment"
    REFUND = "refund"
    REFUNDED_PAYMENT = "refunded_payment"
    ACCOUNT = "account"
    CHARGEBACK = "chargeback"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Something changed at the provider: a hint to read `object_ref`, never itself the truth.

    `object_ref` is the reference of the payment, refund or account; `account_ref` the seller's
    account it happened in; `name` the provider's own word, for the log.
    """

    id: str
    kind: ProviderEventKind
    object_ref: str
    account_ref: str | None
    name: str
    occurred_at: datetime


class MoneyIn(Protocol):
    """Authorizing, capturing and giving back a buyer's money."""

    async def create_customer(self, user_id: UUID, email: str) -> str:
        """The reference of a new customer; the same one again within a day."""
        ...

    async def delete_customer(self, customer_ref: str) -> None:
        """What the provider knows of the person goes; payments stay. Of one that is gone already it is no fault."""
        ...

    async def authorize(self, request: AuthorizeRequest) -> ProviderPayment:
        """Reserve the amount, without taking it. A decline is REQUIRES_PAYMENT_METHOD with a `decline_code`."""
        ...

    async def confirm(self, provider_ref: str, payment_method: str, idempotency_key: str) -> ProviderPayment:
        """Try another payment method on the same payment."""
        ...

    async def capture(self, provider_ref: str, amount_minor: int, idempotency_key: str) -> ProviderPayment:
        """Take `amount_minor` of what is authorized and let the rest go. Possible once."""
        ...

    async def cancel(self, provider_ref: str, idempotency_key: str) -> ProviderPayment:
        """Let the authorization go. WRONG_STATE once captured or cancelled."""
        ...

    async def read(self, provider_ref: str) -> ProviderPayment: ...

    async def find(self, payment_id: UUID, customer_ref: str, created_after: datetime) -> ProviderPayment | None:
        """The customer's payment that carries our id, the furthest along if there are several.

        None means that there was none a moment ago. Too many payments to look through is ProviderUnavailable.
        """
        ...

    async def refund(
        self, provider_ref: str, refund_id: UUID, amount_minor: int, idempotency_key: str
    ) -> ProviderRefund: ...

    async def read_refund(self, refund_ref: str) -> ProviderRefund: ...

    async def find_refund(self, provider_ref: str, refund_id: UUID) -> ProviderRefund | None: ...

    async def refunds_of(self, provider_ref: str) -> list[ProviderRefund]:
        """Every refund of a payment, also those made by hand over there (without our id)."""
        ...

    async def chargebacks_of(self, provider_ref: str) -> list[ProviderChargeback]:
        """Every chargeback of a payment, also those that are over."""
        ...


class MoneyOut(Protocol):
    """From the marketplace's balance to a seller's, and from there to the bank. No use case calls it yet."""

    async def transfer(self, request: TransferRequest) -> ProviderTransfer: ...

    async def read_transfer(self, transfer_ref: str) -> ProviderTransfer: ...

    async def find_transfer(
        self, transfer_id: UUID, account_ref: str, created_after: datetime
    ) -> ProviderTransfer | None: ...

    async def reverse_transfer(
        self, transfer_ref: str, reversal_id: UUID, amount_minor: int, idempotency_key: str
    ) -> ProviderReversal: ...

    async def find_reversal(self, transfer_ref: str, reversal_id: UUID) -> ProviderReversal | None: ...

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout: ...

    async def read_payout(self, account_ref: str, payout_ref: str) -> ProviderPayout: ...

    async def find_payout(
        self, payout_id: UUID, account_ref: str, created_after: datetime
    ) -> ProviderPayout | None: ...

    async def read_balance(self, currency: str) -> ProviderBalance: ...


class ProviderWebhooks(Protocol):
    def parse_webhook(self, payload: bytes, signature: str) -> ProviderEvent:
        """The event of a webhook's raw body. Raises InvalidSignature, also for one older than five minutes."""
        ...


class PaymentGateway(MoneyIn, AccountProvider, MoneyOut, ProviderWebhooks, Protocol):
    """All of it: one provider, one adapter."""
