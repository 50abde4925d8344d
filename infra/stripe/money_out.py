"""Transfers to sellers' connected accounts, their reversals, and payouts from there to the bank."""

from datetime import datetime
from uuid import UUID

from stripe.params import PayoutListParams, TransferListParams, TransferReversalListParams

from domain.payments.ports import (
    PayoutRequest,
    ProviderBalance,
    ProviderPayout,
    ProviderReversal,
    ProviderTransfer,
    TransferRequest,
)
from infra.stripe.client import PAGE_MAX, StripeCalls
from infra.stripe.mapping import own_id, payout_of, reversal_of, transfer_of
from infra.stripe.money_in import CLOCK_MARGIN


class StripeMoneyOut:
    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    async def transfer(self, request: TransferRequest) -> ProviderTransfer:
        transfers = self._calls.v1.transfers
        transfer = await self._calls.call(
            lambda: transfers.create_async(
                {
                    "amount": request.amount_minor,
                    "currency": request.currency.lower(),
                    "destination": request.account_ref,
                    "metadata": {"transfer_id": str(request.transfer_id)},
                },
                {"idempotency_key": request.idempotency_key},
            )
        )
        return transfer_of(transfer.to_dict())

    async def read_transfer(self, transfer_ref: str) -> ProviderTransfer:
        transfers = self._calls.v1.transfers
        return transfer_of((await self._calls.call(lambda: transfers.retrieve_async(transfer_ref))).to_dict())

    async def find_transfer(
        self, transfer_id: UUID, account_ref: str, created_after: datetime
    ) -> ProviderTransfer | None:
        transfers = self._calls.v1.transfers
        since = int((created_after - CLOCK_MARGIN).timestamp())
        params: TransferListParams = {
            "destination": account_ref,
            "created": {"gte": since},
            "limit": PAGE_MAX,
        }
        async for transfer in self._calls.listed(lambda: transfers.list_async(params)):
            if own_id(transfer, "transfer_id") == transfer_id:
                return transfer_of(transfer)
        return None

    async def reverse_transfer(
        self, transfer_ref: str, reversal_id: UUID, amount_minor: int, idempotency_key: str
    ) -> ProviderReversal:
        reversals = self._calls.v1.transfers.reversals
        reversal = await self._calls.call(
            lambda: reversals.create_async(
                transfer_ref,
                {"amount": amount_minor, "metadata": {"reversal_id": str(reversal_id)}},
                {"idempotency_key": idempotency_key},
            )
        )
        return reversal_of(reversal.to_dict())

    async def find_reversal(self, transfer_ref: str, reversal_id: UUID) -> ProviderReversal | None:
        reversals = self._calls.v1.transfers.reversals
        params: TransferReversalListParams = {"limit": PAGE_MAX}
        async for reversal in self._calls.listed(lambda: reversals.list_async(transfer_ref, params)):
            if own_id(reversal, "reversal_id") == reversal_id:
                return reversal_of(reversal)
        return None

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        payouts = self._calls.v1.payouts
        payout = await self._calls.call(
            lambda: payouts.create_async(
                {
                    "amount": request.amount_minor,
                    "currency": request.currency.lower(),
                    "metadata": {"payout_id": str(request.payout_id)},
                },
                {"idempotency_key": request.idempotency_key, "stripe_account": request.account_ref},
            )
        )
        return payout_of(payout.to_dict())

    async def read_payout(self, account_ref: str, payout_ref: str) -> ProviderPayout:
        payouts = self._calls.v1.payouts
        payout = await self._calls.call(lambda: payouts.retrieve_async(payout_ref, {}, {"stripe_account": account_ref}))
        return payout_of(payout.to_dict())

    async def find_payout(self, payout_id: UUID, account_ref: str, created_after: datetime) -> ProviderPayout | None:
        payouts = self._calls.v1.payouts
        since = int((created_after - CLOCK_MARGIN).timestamp())
        params: PayoutListParams = {"created": {"gte": since}, "limit": PAGE_MAX}
        async for payout in self._calls.listed(lambda: payouts.list_async(params, {"stripe_account": account_ref})):
            if own_id(payout, "payout_id") == payout_id:
                return payout_of(payout)
        return None

    async def read_balance(self, currency: str) -> ProviderBalance:
        balance = await self._calls.call(self._calls.v1.balance.retrieve_async)
        wanted = currency.lower()
        available = sum(funds.amount for funds in balance.available if funds.currency == wanted)
        pending = sum(funds.amount for funds in balance.pending if funds.currency == wanted)
        return ProviderBalance(currency, available, pending)
