"""What every payment gateway promises about sellers and their money; the fake and the Stripe adapter keep it."""

from datetime import UTC, datetime

import pytest

from domain.payments.errors import ProviderRefused, ProviderUnavailable, RefusalReason
from domain.payments.ports import PayoutRequest, ProviderPayoutStatus
from domain.shared.ids import new_id
from tests.contracts.gateway_requests import captured, refusal, seller_of, transfer_request
from tests.contracts.payment_worlds import PaymentWorld
from tests.contracts.serving import until


async def test_a_seller_is_onboarded(world: PaymentWorld) -> None:
    seller_id = new_id()
    account = await world.gateway.create_account("DE", "seller@example.com", seller_id)
    assert not account.charges_enabled
    assert not account.details_submitted
    assert account.requirements_due
    assert await world.gateway.create_account("DE", "seller@example.com", seller_id) == account
    await world.onboard(account.account_ref)
    after = await world.gateway.read_account(account.account_ref)
    assert after.charges_enabled
    assert after.details_submitted
    assert after.payouts_enabled
    assert after.requirements_due == ()


async def test_money_goes_to_the_seller_and_to_the_bank(world: PaymentWorld) -> None:
    await captured(world)
    before = await world.gateway.read_balance("EUR")
    account_ref = await seller_of(world)
    request = transfer_request(account_ref, 8_000)
    transfer = await world.gateway.transfer(request)
    assert (transfer.transfer_id, transfer.amount_minor, transfer.account_ref) == (
        request.transfer_id,
        8_000,
        account_ref,
    )
    assert await world.gateway.transfer(request) == transfer
    after = await world.gateway.read_balance("EUR")
    assert before.available_minor - after.available_minor == 8_000
    payout_id = new_id()
    started_at = datetime.now(UTC)
    payout = await world.gateway.pay_out(PayoutRequest(payout_id, account_ref, 8_000, "EUR", f"{payout_id}:1"))
    found = await world.gateway.find_payout(payout_id, account_ref, started_at)
    assert found is not None
    assert found.payout_ref == payout.payout_ref

    async def is_paid() -> bool:
        read = await world.gateway.read_payout(account_ref, payout.payout_ref)
        return read.status is ProviderPayoutStatus.PAID

    await until(is_paid, "the payout arrives")


async def test_a_transfer_is_reversed_in_part(world: PaymentWorld) -> None:
    await captured(world)
    account_ref = await seller_of(world)
    transfer = await world.gateway.transfer(transfer_request(account_ref, 8_000))
    reversal_id = new_id()
    reversal = await world.gateway.reverse_transfer(transfer.transfer_ref, reversal_id, 3_000, "reverse")
    assert (reversal.reversal_id, reversal.amount_minor) == (reversal_id, 3_000)
    assert await world.gateway.find_reversal(transfer.transfer_ref, reversal_id) == reversal
    assert await world.gateway.find_reversal(transfer.transfer_ref, new_id()) is None
    assert (await world.gateway.read_transfer(transfer.transfer_ref)).reversed_minor == 3_000
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.reverse_transfer(transfer.transfer_ref, new_id(), 5_001, "too much")
    assert refusal(caught) is RefusalReason.AMOUNT_NOT_ALLOWED


async def test_a_transfer_whose_answer_was_lost_is_found(world: PaymentWorld) -> None:
    await captured(world)
    account_ref = await seller_of(world)
    request = transfer_request(account_ref, 1_000)
    started_at = datetime.now(UTC)
    await world.fail("transfer", "after", 3)
    with pytest.raises(ProviderUnavailable):
        await world.gateway.transfer(request)
    found = await world.gateway.find_transfer(request.transfer_id, account_ref, started_at)
    assert found is not None
    assert found.amount_minor == 1_000
    assert await world.gateway.find_transfer(new_id(), account_ref, started_at) is None


async def test_no_transfer_beyond_the_balance_or_to_an_unfinished_account(world: PaymentWorld) -> None:
    await captured(world, 1_000)
    account = await world.gateway.create_account("DE", "seller@example.com", new_id())
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.transfer(transfer_request(account.account_ref, 100))
    assert refusal(caught) is RefusalReason.ACCOUNT_NOT_READY
    await world.onboard(account.account_ref)
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.transfer(transfer_request(account.account_ref, 1_001))
    assert refusal(caught) is RefusalReason.BALANCE_INSUFFICIENT
