"""What every payment gateway promises, proved of the fake and of the Stripe adapter over the sandbox."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.payments.errors import InvalidSignature, ProviderRefused, ProviderUnavailable, RefusalReason
from domain.payments.ports import DeclineCode, ProviderEventKind, ProviderRefundStatus
from domain.payments.ports import ProviderPaymentStatus as Status
from domain.shared.ids import new_id
from tests.contracts.gateway_requests import (
    authorized,
    captured,
    refusal,
    request_of,
    seller_of,
)
from tests.contracts.payment_worlds import PaymentWorld
from tests.contracts.serving import until


async def test_an_authorization_holds_the_amount_and_takes_nothing(world: PaymentWorld) -> None:
    request = await request_of(world)
    payment = await world.gateway.authorize(request)
    assert payment.status is Status.AUTHORIZED
    assert (payment.payment_id, payment.amount_minor, payment.currency) == (request.payment_id, 12_345, "EUR")
    assert (payment.amount_capturable_minor, payment.captured_minor, payment.fee) == (12_345, 0, None)
    assert payment.capture_before is not None
    assert payment.capture_before > datetime.now(UTC) + timedelta(days=3)
    assert payment == await world.gateway.read(payment.provider_ref)


async def test_a_capture_takes_the_money_once(world: PaymentWorld) -> None:
    payment = await captured(world)
    assert (payment.status, payment.captured_minor, payment.amount_capturable_minor) == (
        Status.CAPTURED,
        12_345,
        0,
    )
    assert payment.fee is not None
    assert 0 < payment.fee.amount_minor < 12_345
    assert payment.fee.currency == "EUR", "both worlds settle in the currency of the payment"
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.capture(payment.provider_ref, 12_345, "another key")
    assert refusal(caught) is RefusalReason.WRONG_STATE


async def test_a_part_can_be_captured_and_the_rest_is_let_go(world: PaymentWorld) -> None:
    payment = await captured(world, 5_000)
    assert (payment.captured_minor, payment.amount_capturable_minor) == (5_000, 0)
    assert payment.refunded_minor == 0


async def test_no_more_is_captured_than_was_authorized(world: PaymentWorld) -> None:
    payment = await authorized(world)
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.capture(payment.provider_ref, 12_346, "too much")
    assert refusal(caught) is RefusalReason.AMOUNT_NOT_ALLOWED
    assert (await world.gateway.read(payment.provider_ref)).status is Status.AUTHORIZED


@pytest.mark.parametrize(
    ("payment_method", "code"),
    [
        ("pm_card_chargeDeclined", DeclineCode.CARD_DECLINED),
        ("pm_card_chargeDeclinedInsufficientFunds", DeclineCode.INSUFFICIENT_FUNDS),
        ("pm_card_chargeDeclinedExpiredCard", DeclineCode.EXPIRED_CARD),
        ("pm_card_chargeDeclinedIncorrectCvc", DeclineCode.INCORRECT_DETAILS),
        ("pm_card_chargeDeclinedProcessingError", DeclineCode.PROCESSING_ERROR),
    ],
)
async def test_a_decline_is_an_outcome_after_which_another_card_works(
    world: PaymentWorld, payment_method: str, code: DeclineCode
) -> None:
    declined = await world.gateway.authorize(await request_of(world, payment_method))
    assert (declined.status, declined.decline_code) == (Status.REQUIRES_PAYMENT_METHOD, code)
    read = await world.gateway.read(declined.provider_ref)
    assert (read.decline_code, read.declined_method_ref) == (code, declined.declined_method_ref)
    assert declined.declined_method_ref is not None
    again = await world.gateway.confirm(declined.provider_ref, declined.declined_method_ref, "the same card")
    assert (again.decline_code, again.declined_method_ref) == (code, declined.declined_method_ref)
    paid = await world.gateway.confirm(declined.provider_ref, "pm_card_mastercard", "third card")
    assert (paid.status, paid.decline_code, paid.declined_method_ref) == (Status.AUTHORIZED, None, None)


async def test_the_buyer_authenticates(world: PaymentWorld) -> None:
    payment = await world.gateway.authorize(await request_of(world, "pm_card_threeDSecure2Required"))
    assert payment.status is Status.REQUIRES_ACTION
    assert payment.client_secret is not None
    assert payment.amount_capturable_minor == 0
    await world.authenticate(payment, succeed=True)
    assert (await world.gateway.read(payment.provider_ref)).status is Status.AUTHORIZED


async def test_the_buyer_fails_to_authenticate(world: PaymentWorld) -> None:
    payment = await world.gateway.authorize(await request_of(world, "pm_card_authenticationRequired"))
    await world.authenticate(payment, succeed=False)
    after = await world.gateway.read(payment.provider_ref)
    assert after.status is Status.REQUIRES_PAYMENT_METHOD
    assert after.decline_code is DeclineCode.AUTHENTICATION_FAILED


async def test_the_buyers_client_gives_the_payment_method_to_the_provider(world: PaymentWorld) -> None:
    payment = await world.gateway.authorize(await request_of(world, payment_method=None))
    assert (payment.status, payment.decline_code) == (Status.REQUIRES_PAYMENT_METHOD, None)
    await world.give_payment_method(payment, "pm_card_visa")
    assert (await world.gateway.read(payment.provider_ref)).status is Status.AUTHORIZED


async def test_an_unknown_payment_method_is_refused(world: PaymentWorld) -> None:
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.authorize(await request_of(world, "pm_nobodys"))
    assert refusal(caught) is RefusalReason.NOT_FOUND


async def test_a_cancelled_payment_cannot_be_captured(world: PaymentWorld) -> None:
    payment = await authorized(world)
    cancelled = await world.gateway.cancel(payment.provider_ref, "cancel")
    assert (cancelled.status, cancelled.amount_capturable_minor, cancelled.refunded_minor) == (
        Status.CANCELLED,
        0,
        0,
    )
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.capture(payment.provider_ref, 12_345, "late")
    assert refusal(caught) is RefusalReason.WRONG_STATE
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.cancel(payment.provider_ref, "cancel again")
    assert refusal(caught) is RefusalReason.WRONG_STATE


async def test_an_authorization_lapses(world: PaymentWorld) -> None:
    payment = await authorized(world)
    await world.advance(timedelta(days=8))
    assert (await world.gateway.read(payment.provider_ref)).status is Status.CANCELLED


async def test_the_same_key_gives_the_same_payment(world: PaymentWorld) -> None:
    request = await request_of(world)
    first = await world.gateway.authorize(request)
    assert await world.gateway.authorize(request) == first
    once = await world.gateway.capture(first.provider_ref, 5_000, "capture")
    assert await world.gateway.capture(first.provider_ref, 5_000, "capture") == once


async def test_the_same_key_repeats_a_decline(world: PaymentWorld) -> None:
    request = await request_of(world, "pm_card_chargeDeclined")
    first = await world.gateway.authorize(request)
    assert (await world.gateway.authorize(request)).provider_ref == first.provider_ref


async def test_a_key_stands_for_one_command(world: PaymentWorld) -> None:
    request = await request_of(world)
    await world.gateway.authorize(request)
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.authorize(replace(request, amount_minor=99))
    assert refusal(caught) is RefusalReason.KEY_REUSED


async def test_what_never_arrived_is_not_found(world: PaymentWorld) -> None:
    request = await request_of(world)
    started_at = datetime.now(UTC)
    await world.fail("authorize", "before", 3)
    with pytest.raises(ProviderUnavailable):
        await world.gateway.authorize(request)
    assert await world.gateway.find(request.payment_id, request.customer_ref, started_at) is None
    assert (await world.gateway.authorize(request)).status is Status.AUTHORIZED


async def test_a_payment_whose_answer_was_lost_is_found_and_not_made_twice(world: PaymentWorld) -> None:
    request = await request_of(world)
    started_at = datetime.now(UTC)
    await world.fail("authorize", "after", 3)
    with pytest.raises(ProviderUnavailable):
        await world.gateway.authorize(request)
    found = await world.gateway.find(request.payment_id, request.customer_ref, started_at)
    assert found is not None
    assert found.status is Status.AUTHORIZED
    assert (await world.gateway.authorize(request)).provider_ref == found.provider_ref
    assert await world.gateway.find(new_id(), request.customer_ref, started_at) is None


async def test_of_several_payments_the_furthest_along_is_found(world: PaymentWorld) -> None:
    request = await request_of(world)
    started_at = datetime.now(UTC)
    first = await world.gateway.authorize(request)
    second = await world.gateway.authorize(replace(request, payment_method=None, idempotency_key="other"))
    assert second.provider_ref != first.provider_ref
    found = await world.gateway.find(request.payment_id, request.customer_ref, started_at)
    assert found is not None
    assert found.provider_ref == first.provider_ref


async def test_a_capture_whose_answer_was_lost_can_be_repeated(world: PaymentWorld) -> None:
    payment = await authorized(world)
    await world.fail("capture", "after", 3)
    with pytest.raises(ProviderUnavailable):
        await world.gateway.capture(payment.provider_ref, 12_345, "capture")
    assert (await world.gateway.read(payment.provider_ref)).captured_minor == 12_345
    assert (await world.gateway.capture(payment.provider_ref, 12_345, "capture")).captured_minor == 12_345


async def test_refunds_add_up_to_what_was_captured_and_no_more(world: PaymentWorld) -> None:
    payment = await captured(world)
    first_id = new_id()
    first = await world.gateway.refund(payment.provider_ref, first_id, 2_345, "first")
    assert (first.status, first.amount_minor, first.refund_id) == (
        ProviderRefundStatus.SUCCEEDED,
        2_345,
        first_id,
    )
    assert await world.gateway.refund(payment.provider_ref, first_id, 2_345, "first") == first
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.refund(payment.provider_ref, new_id(), 10_001, "too much")
    assert refusal(caught) is RefusalReason.AMOUNT_NOT_ALLOWED
    await world.gateway.refund(payment.provider_ref, new_id(), 10_000, "rest")
    assert (await world.gateway.read(payment.provider_ref)).refunded_minor == 12_345
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.refund(payment.provider_ref, new_id(), 1, "more")
    assert refusal(caught) is RefusalReason.ALREADY_REFUNDED


async def test_a_refund_by_hand_is_listed_with_ours_and_has_no_id_of_ours(world: PaymentWorld) -> None:
    payment, refund_id = await captured(world), new_id()
    assert await world.gateway.refunds_of(payment.provider_ref) == []
    ours = await world.gateway.refund(payment.provider_ref, refund_id, 2_345, "ours")
    await world.refund_by_hand(payment, 1_000)
    listed = await world.gateway.refunds_of(payment.provider_ref)
    assert ours in listed
    assert {(found.refund_id, found.amount_minor) for found in listed} == {(refund_id, 2_345), (None, 1_000)}
    assert {found.provider_ref for found in listed} == {payment.provider_ref}
    assert (await world.gateway.read(payment.provider_ref)).refunded_minor == 3_345


async def test_nothing_is_refunded_that_was_not_captured(world: PaymentWorld) -> None:
    payment = await authorized(world)
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.refund(payment.provider_ref, new_id(), 100, "early")
    assert refusal(caught) is RefusalReason.WRONG_STATE


async def test_a_refund_whose_answer_was_lost_is_found(world: PaymentWorld) -> None:
    payment = await captured(world)
    refund_id = new_id()
    await world.fail("refund", "after", 3)
    with pytest.raises(ProviderUnavailable):
        await world.gateway.refund(payment.provider_ref, refund_id, 500, "refund")
    found = await world.gateway.find_refund(payment.provider_ref, refund_id)
    assert found is not None
    assert found.amount_minor == 500
    assert await world.gateway.read_refund(found.refund_ref) == found
    assert await world.gateway.find_refund(payment.provider_ref, new_id()) is None


async def test_a_refund_can_fail_afterwards(world: PaymentWorld) -> None:
    payment = await captured(world)
    refund = await world.gateway.refund(payment.provider_ref, new_id(), 500, "refund")
    await world.fail_refund(refund.refund_ref)
    after = await world.gateway.read_refund(refund.refund_ref)
    assert after.status is ProviderRefundStatus.FAILED
    assert after.failure_code is not None
    assert (await world.gateway.read(payment.provider_ref)).refunded_minor == 0


async def test_what_does_not_exist_is_refused(world: PaymentWorld) -> None:
    gateway = world.gateway
    for call in (
        gateway.read("pi_nothing"),
        gateway.cancel("pi_nothing", "cancel nothing"),
        gateway.read_refund("re_nothing"),
        gateway.read_account("acct_nothing"),
        gateway.read_transfer("tr_nothing"),
    ):
        with pytest.raises(ProviderRefused) as caught:
            await call
        assert refusal(caught) is RefusalReason.NOT_FOUND


async def test_every_change_is_told_by_a_signed_webhook(world: PaymentWorld) -> None:
    payment = await captured(world)
    refund = await world.gateway.refund(payment.provider_ref, new_id(), 500, "refund")
    account_ref = await seller_of(world)
    wanted = {
        (ProviderEventKind.PAYMENT, payment.provider_ref),
        (ProviderEventKind.REFUND, refund.refund_ref),
        (ProviderEventKind.ACCOUNT, account_ref),
    }

    def told() -> set[tuple[ProviderEventKind, str]]:
        events = [world.gateway.parse_webhook(payload, signed) for payload, signed in world.webhooks()]
        return {(event.kind, event.object_ref) for event in events}

    await until(lambda: wanted <= told(), "a webhook for each change")
    payload, signed = world.webhooks()[0]
    with pytest.raises(InvalidSignature):
        world.gateway.parse_webhook(payload, "t=1,v1=00")
    event = world.gateway.parse_webhook(payload, signed)
    assert event.id
    assert event.occurred_at.tzinfo is UTC


async def test_a_deleted_customer_pays_no_more_and_payments_stay(world: PaymentWorld) -> None:
    request = await request_of(world)
    payment = await world.gateway.authorize(request)
    await world.gateway.capture(payment.provider_ref, 12_345, "capture")
    await world.gateway.delete_customer(request.customer_ref)
    await world.gateway.delete_customer(request.customer_ref)
    with pytest.raises(ProviderRefused) as caught:
        await world.gateway.authorize(replace(request, payment_id=new_id(), idempotency_key="another"))
    assert refusal(caught) is RefusalReason.NOT_FOUND
    assert (await world.gateway.read(payment.provider_ref)).captured_minor == 12_345
    refund = await world.gateway.refund(payment.provider_ref, new_id(), 45, "refund")
    assert refund.amount_minor == 45
