"""A buyer's bank takes money back: what every gateway tells of it, and how the sandbox brings it about."""

from typing import Any

import pytest
import stripe

from domain.payments.ports import ProviderChargeback, ProviderEventKind, ProviderPayment
from domain.payments.ports import ProviderChargebackStatus as Status
from tests.contracts.gateway_requests import captured, request_of
from tests.contracts.payment_worlds import PaymentWorld, StripeWorld
from tests.contracts.sandbox_requests import event_types, paid, post
from tests.contracts.serving import until


async def charged_back(world: PaymentWorld, payment_method: str) -> tuple[ProviderPayment, ProviderChargeback]:
    payment = await world.gateway.authorize(await request_of(world, payment_method))
    assert await world.gateway.chargebacks_of(payment.provider_ref) == []
    await world.gateway.capture(payment.provider_ref, 12_345, f"{payment.provider_ref}:capture")
    [chargeback] = await world.gateway.chargebacks_of(payment.provider_ref)
    return payment, chargeback


async def test_an_undisputed_payment_has_none(world: PaymentWorld) -> None:
    assert await world.gateway.chargebacks_of((await captured(world)).provider_ref) == []


async def test_a_chargeback_takes_the_money_and_one_that_is_won_gives_all_of_it_back(world: PaymentWorld) -> None:
    payment, chargeback = await charged_back(world, "pm_card_createDispute")
    assert (chargeback.provider_ref, chargeback.status) == (payment.provider_ref, Status.OPEN)
    [taken] = chargeback.movements
    assert (taken.taken_minor, taken.fee_minor, taken.currency) == (12_345, 1_500, "EUR")
    await world.end_chargeback(chargeback.chargeback_ref, won=True)
    [won] = await world.gateway.chargebacks_of(payment.provider_ref)
    assert won.status is Status.WON
    assert taken in won.movements
    assert sum(movement.taken_minor + movement.fee_minor for movement in won.movements) == 0
    assert len({movement.movement_ref for movement in won.movements}) == 2


async def test_one_that_is_lost_keeps_what_it_took(world: PaymentWorld) -> None:
    payment, chargeback = await charged_back(world, "pm_card_createDispute")
    await world.end_chargeback(chargeback.chargeback_ref, won=False)
    [lost] = await world.gateway.chargebacks_of(payment.provider_ref)
    assert (lost.status, lost.movements) == (Status.LOST, chargeback.movements)


async def test_a_mere_question_of_the_bank_takes_nothing(world: PaymentWorld) -> None:
    payment, chargeback = await charged_back(world, "pm_card_createDisputeInquiry")
    assert (chargeback.status, chargeback.movements) == (Status.OPEN, ())
    await world.end_chargeback(chargeback.chargeback_ref, won=True)
    [answered] = await world.gateway.chargebacks_of(payment.provider_ref)
    assert (answered.status, answered.movements) == (Status.WON, ())


async def test_beginning_and_end_are_told_with_the_payment_to_read(world: PaymentWorld) -> None:
    payment, chargeback = await charged_back(world, "pm_card_createDispute")

    def told() -> int:
        events = [world.gateway.parse_webhook(payload, signed) for payload, signed in world.webhooks()]
        wanted = (ProviderEventKind.CHARGEBACK, payment.provider_ref)
        return sum((event.kind, event.object_ref) == wanted for event in events)

    await until(lambda: told() >= 2, "that it came, and that it took the money")
    await world.end_chargeback(chargeback.chargeback_ref, won=True)
    await until(lambda: told() >= 4, "that it is over, and that the money is back")


async def the_dispute(sandbox: StripeWorld, payment_method: str) -> stripe.Dispute:
    made = await paid(sandbox, amount=10_000, payment_method=payment_method)
    return (await sandbox.v1.disputes.list_async({"payment_intent": made.id})).data[0]


async def balance_of(sandbox: StripeWorld) -> int:
    funds: Any = (await sandbox.v1.balance.retrieve_async()).available[0]
    return int(funds.amount)


async def answered(sandbox: StripeWorld, dispute: stripe.Dispute, text: str) -> stripe.Dispute:
    return await sandbox.v1.disputes.update_async(dispute.id, {"evidence": {"uncategorized_text": text}})


async def test_in_the_sandbox_the_evidence_decides(sandbox: StripeWorld) -> None:
    dispute = await the_dispute(sandbox, "pm_card_createDispute")
    assert (dispute.status, dispute.reason, dispute.is_charge_refundable) == ("needs_response", "fraudulent", False)
    assert await balance_of(sandbox) == 9_680 - 11_500
    assert (await answered(sandbox, dispute, "we have sent it")).status == "under_review"
    assert (await answered(sandbox, dispute, "winning_evidence")).status == "won"
    assert await balance_of(sandbox) == 9_680
    assert [kind for kind in await event_types(sandbox) if kind.startswith("charge.dispute.")] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    refused = await post(sandbox, f"/v1/disputes/{dispute.id}/close")
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, "This dispute is already closed")


async def test_in_the_sandbox_an_inquiry_can_become_a_chargeback(sandbox: StripeWorld) -> None:
    dispute = await the_dispute(sandbox, "pm_card_createDisputeInquiry")
    assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])
    assert (await answered(sandbox, dispute, "escalate_inquiry_evidence")).status == "needs_response"
    assert await balance_of(sandbox) == 9_680 - 11_500
    assert (await sandbox.v1.disputes.close_async(dispute.id)).status == "lost"
    assert await balance_of(sandbox) == 9_680 - 11_500


async def test_in_the_sandbox_evidence_can_wait_to_be_submitted(sandbox: StripeWorld) -> None:
    dispute = await the_dispute(sandbox, "pm_card_createDisputeProductNotReceived")
    kept = await sandbox.v1.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False}
    )
    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)
    assert (await sandbox.v1.disputes.update_async(dispute.id, {"submit": True})).status == "won"


async def test_what_the_bank_has_taken_is_not_refunded_as_well(sandbox: StripeWorld) -> None:
    dispute = await the_dispute(sandbox, "pm_card_createDispute")
    with pytest.raises(stripe.InvalidRequestError, match="charged back") as caught:
        await sandbox.v1.refunds.create_async({"charge": str(dispute.charge)})
    assert caught.value.code == "charge_disputed"
    inquiry = await the_dispute(sandbox, "pm_card_createDisputeInquiry")
    assert (await sandbox.v1.refunds.create_async({"charge": str(inquiry.charge)})).status == "succeeded"
