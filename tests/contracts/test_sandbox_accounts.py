"""Sellers' accounts, transfers, reversals, payouts and refunds in the sandbox: every unit of money is accounted for."""

from datetime import timedelta

import pytest
import stripe

from domain.shared.ids import new_id
from tests.contracts.payment_worlds import StripeWorld
from tests.contracts.sandbox_requests import event_types, onboarded, paid
from tests.contracts.serving import until


async def balance_of(sandbox: StripeWorld, account: str | None = None) -> int:
    options: stripe.RequestOptions = {} if account is None else {"stripe_account": account}
    balance = await sandbox.v1.balance.retrieve_async({}, options)
    return sum(one.amount for one in balance.available) + sum(one.amount for one in balance.pending)


async def test_the_onboarding_page_completes_the_account_once(sandbox: StripeWorld) -> None:
    account = await sandbox.gateway.create_account("DE", "seller@example.com", new_id())
    link = await sandbox.gateway.onboarding_link(
        account.account_ref, "https://shop.example/back", "https://shop.example/again"
    )
    assert "Complete onboarding" in (await sandbox.http.get(link.url)).text
    assert (await sandbox.http.post(link.url)).headers["location"] == "https://shop.example/back"
    assert (await sandbox.http.get(link.url)).headers["location"] == "https://shop.example/again"
    after = await sandbox.v1.accounts.retrieve_async(account.account_ref)
    assert (after.charges_enabled, after.payouts_enabled, after.details_submitted) == (True, True, True)
    assert after.settings is not None
    page = await sandbox.v1.events.list_async({}, {"stripe_account": account.account_ref})
    assert [(event.type, event.account) for event in page.data] == [("account.updated", account.account_ref)]


async def test_an_old_onboarding_link_leads_to_a_new_one(sandbox: StripeWorld) -> None:
    account = await sandbox.gateway.create_account("DE", "seller@example.com", new_id())
    link = await sandbox.gateway.onboarding_link(account.account_ref, f"{sandbox.url}/b", f"{sandbox.url}/a")
    await sandbox.advance(timedelta(minutes=6))
    assert (await sandbox.http.post(link.url)).headers["location"] == f"{sandbox.url}/a"
    assert not (await sandbox.gateway.read_account(account.account_ref)).charges_enabled


async def test_no_unit_is_lost_between_platform_seller_and_bank(sandbox: StripeWorld) -> None:
    made = await paid(sandbox, amount=10_000)
    account = await onboarded(sandbox)
    transfer = await sandbox.v1.transfers.create_async(
        {"amount": 7_000, "currency": "eur", "destination": account, "transfer_group": "g"}
    )
    assert (await balance_of(sandbox), await balance_of(sandbox, account)) == (2_680, 7_000)
    await sandbox.v1.transfers.reversals.create_async(transfer.id, {"amount": 2_000})
    assert (await balance_of(sandbox), await balance_of(sandbox, account)) == (4_680, 5_000)
    await sandbox.v1.refunds.create_async({"payment_intent": made.id, "amount": 1_000})
    payout = await sandbox.v1.payouts.create_async({"amount": 4_000, "currency": "eur"}, {"stripe_account": account})
    assert (await balance_of(sandbox), await balance_of(sandbox, account)) == (3_680, 1_000)
    assert payout.status == "pending"
    listed = await sandbox.v1.balance_transactions.list_async({"limit": 100})
    assert [(one.type, one.amount, one.fee) for one in listed.data] == [
        ("refund", -1_000, 0),
        ("transfer_refund", 2_000, 0),
        ("transfer", -7_000, 0),
        ("charge", 10_000, 320),
    ]
    assert sum(one.net for one in listed.data) == 3_680
    one = await sandbox.v1.balance_transactions.retrieve_async(listed.data[0].id)
    assert one.status == "available"


async def test_what_is_not_there_cannot_be_moved(sandbox: StripeWorld) -> None:
    await paid(sandbox, amount=1_000)
    account = await onboarded(sandbox)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sandbox.v1.transfers.create_async({"amount": 942, "currency": "eur", "destination": account})
    assert caught.value.code == "balance_insufficient"
    transfer = await sandbox.v1.transfers.create_async({"amount": 941, "currency": "eur", "destination": account})
    on_account: stripe.RequestOptions = {"stripe_account": account}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sandbox.v1.payouts.create_async({"amount": 942, "currency": "eur"}, on_account)
    assert caught.value.code == "balance_insufficient"
    await sandbox.v1.payouts.create_async({"amount": 900, "currency": "eur"}, on_account)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sandbox.v1.transfers.reversals.create_async(transfer.id)
    assert caught.value.code == "balance_insufficient"


async def test_a_transfer_may_draw_on_a_pending_charge(sandbox: StripeWorld) -> None:
    await sandbox.switch(settlement_seconds=86_400)
    made = await paid(sandbox, amount=1_000)
    account = await onboarded(sandbox)
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.v1.transfers.create_async({"amount": 500, "currency": "eur", "destination": account})
    charge = made.latest_charge
    assert isinstance(charge, stripe.Charge)
    source = charge.id
    await sandbox.v1.transfers.create_async(
        {"amount": 800, "currency": "eur", "destination": account, "source_transaction": source}
    )
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.v1.transfers.create_async(
            {"amount": 201, "currency": "eur", "destination": account, "source_transaction": source}
        )


async def test_a_destination_charge_transfers_by_itself(sandbox: StripeWorld) -> None:
    account = await onboarded(sandbox)
    await paid(sandbox, amount=1_000, transfer_data={"destination": account, "amount": 600})
    transfers = await sandbox.v1.transfers.list_async({"destination": account})
    assert [transfer.amount for transfer in transfers.data] == [600]


async def test_a_payout_arrives_and_one_that_fails_comes_back(sandbox: StripeWorld) -> None:
    await sandbox.switch(payout_seconds=86_400)
    await paid(sandbox, amount=1_000)
    payout = await sandbox.v1.payouts.create_async({"amount": 900, "currency": "eur"})
    assert (await sandbox.v1.payouts.retrieve_async(payout.id)).status == "pending"
    await sandbox.advance(timedelta(days=1, minutes=1))

    async def arrived() -> bool:
        return (await sandbox.v1.payouts.retrieve_async(payout.id)).status == "paid"

    await until(arrived, "the payout arrives")
    assert (await sandbox.http.post(f"/_sandbox/payouts/{payout.id}/fail")).status_code == 200
    assert (await sandbox.http.post(f"/_sandbox/payouts/{payout.id}/fail")).status_code == 400
    failed = await sandbox.v1.payouts.retrieve_async(payout.id)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert await balance_of(sandbox) == 941
    assert (await event_types(sandbox))[-3:] == ["payout.created", "payout.paid", "payout.failed"]


async def test_a_failed_refund_gives_the_money_back_to_the_platform(sandbox: StripeWorld) -> None:
    made = await paid(sandbox, amount=1_000)
    refund = await sandbox.v1.refunds.create_async({"payment_intent": made.id, "amount": 400})
    assert await balance_of(sandbox) == 541
    assert (await sandbox.http.post(f"/_sandbox/refunds/{refund.id}/fail")).status_code == 200
    assert await balance_of(sandbox) == 941
    listed = await sandbox.v1.refunds.list_async({"payment_intent": made.id})
    assert [(one.status, one.failure_reason) for one in listed.data] == [("failed", "expired_or_canceled_card")]
    again = await sandbox.v1.refunds.create_async({"payment_intent": made.id})
    assert again.amount == 1_000


async def test_accounts_do_not_see_each_other(sandbox: StripeWorld) -> None:
    await paid(sandbox, amount=1_000)
    account = await onboarded(sandbox)
    listed = await sandbox.v1.charges.list_async({}, {"stripe_account": account})
    assert listed.data == []
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sandbox.v1.charges.list_async({}, {"stripe_account": "acct_none"})
    assert caught.value.code == "resource_missing"
