"""The sellers' side of the pretended provider: accounts, transfers, reversals, payouts."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.payments.errors import ProviderRefused, RefusalReason
from domain.payments.ports import (
    OnboardingLink,
    PayoutRequest,
    ProviderAccount,
    ProviderBalance,
    ProviderEventKind,
    ProviderPayout,
    ProviderPayoutStatus,
    ProviderReversal,
    ProviderTransfer,
    TransferRequest,
)
from tests.fakes.payment_provider import FakeProvider

REQUIREMENTS = ("external_account",)


class FakeSellerMoney:
    """`available_minor` is the marketplace's own balance per currency; give it money to transfer."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.available_minor: dict[str, int] = {}
        self.accounts: dict[str, ProviderAccount] = {}
        self.transfers: dict[str, ProviderTransfer] = {}
        self.reversals: dict[str, ProviderReversal] = {}
        self.payouts: dict[str, ProviderPayout] = {}
        self._held_minor: dict[tuple[str, str], int] = {}

    async def create_account(self, country: str, email: str, seller_id: UUID) -> ProviderAccount:
        def effect() -> ProviderAccount:
            account = ProviderAccount(self.provider.ref("acct"), False, False, False, REQUIREMENTS)
            self.accounts[account.account_ref] = account
            return account

        return self.provider.do("create_account", effect, f"account:{seller_id}", (country, email))

    async def onboarding_link(self, account_ref: str, return_url: str, refresh_url: str) -> OnboardingLink:
        def effect() -> OnboardingLink:
            self._account(account_ref)
            expires_at = self.provider.now() + timedelta(minutes=5)
            return OnboardingLink(f"https://provider.example/{account_ref}", expires_at)

        return self.provider.do("onboarding_link", effect)

    async def read_account(self, account_ref: str) -> ProviderAccount:
        return self.provider.do("read_account", lambda: self._account(account_ref))

    async def transfer(self, request: TransferRequest) -> ProviderTransfer:
        def effect() -> ProviderTransfer:
            account = self._account(request.account_ref)
            if not account.details_submitted:
                raise ProviderRefused(RefusalReason.ACCOUNT_NOT_READY, request.account_ref)
            if self.available_minor.get(request.currency, 0) < request.amount_minor:
                raise ProviderRefused(RefusalReason.BALANCE_INSUFFICIENT, request.currency)
            self._move(request.account_ref, request.currency, request.amount_minor)
            ref = self.provider.ref("tr")
            transfer = ProviderTransfer(
                ref, request.transfer_id, request.account_ref, request.amount_minor, request.currency, 0
            )
            self.transfers[ref] = transfer
            return transfer

        return self.provider.do("transfer", effect, request.idempotency_key, request)

    async def read_transfer(self, transfer_ref: str) -> ProviderTransfer:
        return self.provider.do("read_transfer", lambda: self._transfer(transfer_ref))

    async def find_transfer(
        self, transfer_id: UUID, account_ref: str, created_after: datetime
    ) -> ProviderTransfer | None:
        return self.provider.do(
            "find_transfer",
            lambda: next(
                (
                    one
                    for one in self.transfers.values()
                    if (one.transfer_id, one.account_ref) == (transfer_id, account_ref)
                ),
                None,
            ),
        )

    async def reverse_transfer(
        self, transfer_ref: str, reversal_id: UUID, amount_minor: int, idempotency_key: str
    ) -> ProviderReversal:
        def effect() -> ProviderReversal:
            transfer = self._transfer(transfer_ref)
            if amount_minor > transfer.amount_minor - transfer.reversed_minor:
                raise ProviderRefused(RefusalReason.AMOUNT_NOT_ALLOWED, "more than is left")
            if self._held(transfer.account_ref, transfer.currency) < amount_minor:
                raise ProviderRefused(RefusalReason.BALANCE_INSUFFICIENT, transfer.account_ref)
            self._move(transfer.account_ref, transfer.currency, -amount_minor)
            self.transfers[transfer_ref] = replace(transfer, reversed_minor=transfer.reversed_minor + amount_minor)
            reversal = ProviderReversal(self.provider.ref("trr"), reversal_id, transfer_ref, amount_minor)
            self.reversals[reversal.reversal_ref] = reversal
            return reversal

        command = (transfer_ref, reversal_id, amount_minor)
        return self.provider.do("reverse_transfer", effect, idempotency_key, command)

    async def find_reversal(self, transfer_ref: str, reversal_id: UUID) -> ProviderReversal | None:
        return self.provider.do(
            "find_reversal",
            lambda: next((one for one in self.reversals.values() if one.reversal_id == reversal_id), None),
        )

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        def effect() -> ProviderPayout:
            if not self._account(request.account_ref).payouts_enabled:
                raise ProviderRefused(RefusalReason.ACCOUNT_NOT_READY, request.account_ref)
            key = (request.account_ref, request.currency)
            if self._held_minor.get(key, 0) < request.amount_minor:
                raise ProviderRefused(RefusalReason.BALANCE_INSUFFICIENT, request.account_ref)
            self._held_minor[key] -= request.amount_minor
            payout = ProviderPayout(
                payout_ref=self.provider.ref("po"),
                payout_id=request.payout_id,
                status=ProviderPayoutStatus.PENDING,
                amount_minor=request.amount_minor,
                currency=request.currency,
                failure_code=None,
            )
            self.payouts[payout.payout_ref] = payout
            return payout

        payout = self.provider.do("pay_out", effect, request.idempotency_key, request)
        # The money arrives at once, but only a later read tells.
        self.payouts[payout.payout_ref] = replace(payout, status=ProviderPayoutStatus.PAID)
        return payout

    async def read_payout(self, account_ref: str, payout_ref: str) -> ProviderPayout:
        def effect() -> ProviderPayout:
            if payout_ref not in self.payouts:
                raise ProviderRefused(RefusalReason.NOT_FOUND, payout_ref)
            return self.payouts[payout_ref]

        return self.provider.do("read_payout", effect)

    async def find_payout(self, payout_id: UUID, account_ref: str, created_after: datetime) -> ProviderPayout | None:
        return self.provider.do(
            "find_payout",
            lambda: next((one for one in self.payouts.values() if one.payout_id == payout_id), None),
        )

    async def read_balance(self, currency: str) -> ProviderBalance:
        return self.provider.do(
            "read_balance", lambda: ProviderBalance(currency, self.available_minor.get(currency, 0), 0)
        )

    def onboard(self, account_ref: str) -> None:
        """The seller tells the provider everything it wants to know."""
        self.accounts[account_ref] = ProviderAccount(account_ref, True, True, True, ())
        self.provider.tell(ProviderEventKind.ACCOUNT, account_ref, account_ref)

    def _account(self, ref: str) -> ProviderAccount:
        if ref not in self.accounts:
            raise ProviderRefused(RefusalReason.NOT_FOUND, ref)
        return self.accounts[ref]

    def _transfer(self, ref: str) -> ProviderTransfer:
        if ref not in self.transfers:
            raise ProviderRefused(RefusalReason.NOT_FOUND, ref)
        return self.transfers[ref]

    def _held(self, account_ref: str, currency: str) -> int:
        return self._held_minor.get((account_ref, currency), 0)

    def _move(self, account_ref: str, currency: str, amount_minor: int) -> None:
        self.available_minor[currency] = self.available_minor.get(currency, 0) - amount_minor
        self._held_minor[account_ref, currency] = self._held(account_ref, currency) + amount_minor
