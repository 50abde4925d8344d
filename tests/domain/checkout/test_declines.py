"""A decline is of the card that was declined, not of the one that waits to be tried while it is read."""

from uuid import uuid4

import pytest

from app.container import Container
from domain.checkout.deciding import ContinueCheckout, continue_checkout
from domain.checkout.errors import PaymentUnavailable
from domain.checkout.model import Checkout, CheckoutEvent, CheckoutState
from domain.checkout.sweeping import recover_checkouts
from domain.payments.model import Payment
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import DECLINED, VISA, Scene, a_scene, assert_consistent, ports_of, row, rows
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.faults.crashing import DiesAt, Killed, crashing_gateway

POOR = "pm_card_chargeDeclinedInsufficientFunds"


async def declined_once(scene: Scene, gateway: FakePaymentGateway) -> ContinueCheckout:
    """The first card was declined; the command offers another."""
    checkout_id = await scene.start(ports_of(scene.container, gateway), payment_method=DECLINED)
    return ContinueCheckout(idempotency_key=uuid4().hex, checkout_id=checkout_id, payment_method=VISA)


async def test_a_card_whose_confirm_never_arrived_is_tried_by_whoever_takes_over(
    fresh_container: Container, clock: FakeClock
) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway(clock.now)
    command = await declined_once(scene, gateway)
    dying = ports_of(fresh_container, crashing_gateway(gateway, DiesAt("before confirm")))
    with pytest.raises(Killed):
        await continue_checkout(command, actor=scene.buyer, ports=dying)
    clock.advance(minutes=1)
    await recover_checkouts(ports_of(fresh_container, gateway))
    checkout = await row(fresh_container, Checkout, command.checkout_id)
    assert checkout.state is CheckoutState.COMPLETED
    await assert_consistent(scene, gateway, checkout)


async def test_a_card_that_could_not_be_confirmed_is_not_told_to_be_declined(
    fresh_container: Container, clock: FakeClock
) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway(clock.now)
    command = await declined_once(scene, gateway)
    gateway.provider.fail("confirm", times=2)
    ports = ports_of(fresh_container, gateway)
    with pytest.raises(PaymentUnavailable):
        await continue_checkout(command, actor=scene.buyer, ports=ports)
    clock.advance(minutes=1)
    await recover_checkouts(ports)
    [payment] = await rows(fresh_container, Payment, checkout_id=command.checkout_id)
    assert (payment.decline_code, payment.payment_method) == (None, VISA)
    clock.advance(minutes=1)
    await recover_checkouts(ports)
    assert (await row(fresh_container, Checkout, command.checkout_id)).state is CheckoutState.COMPLETED


async def test_its_own_decline_that_nobody_heard_of_is_believed(fresh_container: Container, clock: FakeClock) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway(clock.now)
    first = await declined_once(scene, gateway)
    command = ContinueCheckout(idempotency_key=uuid4().hex, checkout_id=first.checkout_id, payment_method=POOR)
    dying = ports_of(fresh_container, crashing_gateway(gateway, DiesAt("after confirm")))
    with pytest.raises(Killed):
        await continue_checkout(command, actor=scene.buyer, ports=dying)
    clock.advance(minutes=1)
    await recover_checkouts(ports_of(fresh_container, gateway))
    [payment] = await rows(fresh_container, Payment, checkout_id=command.checkout_id)
    assert (payment.decline_code, payment.payment_method) == ("insufficient_funds", None)
    assert (await row(fresh_container, Checkout, command.checkout_id)).state is CheckoutState.REQUIRES_ACTION
    events = await rows(fresh_container, CheckoutEvent, checkout_id=command.checkout_id)
    assert max(events, key=lambda event: event.sequence).reason == "insufficient_funds"
    assert gateway.provider.calls["confirm"] == 1
