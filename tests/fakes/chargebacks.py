"""The buyer's bank of the pretended provider: it takes money back, and gives it back when it is persuaded."""

from dataclasses import replace
from typing import Final

from domain.payments.ports import (
    ChargebackMovement,
    ProviderChargeback,
    ProviderChargebackStatus,
    ProviderEventKind,
    ProviderPayment,
)
from tests.fakes.payment_provider import FakeProvider

FEE_MINOR: Final = 1_500
DISPUTED: Final = "pm_card_createDispute"
ASKED: Final = "pm_card_createDisputeInquiry"
Status = ProviderChargebackStatus


class FakeBank:
    """`chargebacks` by their reference, in the order in which they came."""

    def __init__(self, provider: FakeProvider) -> None:
        self._provider = provider
        self.chargebacks: dict[str, ProviderChargeback] = {}

    def of(self, provider_ref: str) -> list[ProviderChargeback]:
        return [found for found in self.chargebacks.values() if found.provider_ref == provider_ref]

    def charge_back(self, payment: ProviderPayment, *, inquiry: bool = False) -> str:
        """Its reference. An inquiry takes nothing, yet."""
        ref = self._provider.ref("du")
        self._set(ProviderChargeback(ref, payment.provider_ref, Status.OPEN, ()))
        if not inquiry:
            self._move(ref, payment.captured_minor, FEE_MINOR, payment.currency)
        return ref

    def win(self, chargeback_ref: str) -> None:
        self._set(replace(self.chargebacks[chargeback_ref], status=Status.WON))
        for taken in self.chargebacks[chargeback_ref].movements:
            self._move(chargeback_ref, -taken.taken_minor, -taken.fee_minor, taken.currency)

    def lose(self, chargeback_ref: str) -> None:
        self._set(replace(self.chargebacks[chargeback_ref], status=Status.LOST))

    def _move(self, ref: str, taken_minor: int, fee_minor: int, currency: str) -> None:
        found = self.chargebacks[ref]
        movement = ChargebackMovement(self._provider.ref("txn"), taken_minor, fee_minor, currency)
        self._set(replace(found, movements=(*found.movements, movement)))

    def _set(self, chargeback: ProviderChargeback) -> None:
        self.chargebacks[chargeback.chargeback_ref] = chargeback
        self._provider.tell(ProviderEventKind.CHARGEBACK, chargeback.provider_ref)
