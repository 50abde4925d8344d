"""What the provider really took is what stands in the books: also another amount than was asked for, and a late fee."""

from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import datetime

import pytest

from app.container import Container
from domain.checkout.model import Checkout, CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.provider_messages import on_payment_message
from domain.checkout.sweeping import recover_checkouts
from domain.ledger.model import Account, AccountKind, Balance, Entry
from domain.ledger.reads import trial_balance
from domain.orders.model import CancelledBy, Order, OrderStatus
from domain.payments.fees import settle_fees
from domain.payments.model import Payment, PaymentAllocation, Refund, RefundStatus
from domain.payments.ports import ProviderPayment
from domain.payments.refunding import resume_refunds
from domain.shared.money import Money
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import CHALLENGED, Scene, a_scene, ports_of, row, rows
from tests.fakes.payment_gateway import FakePaymentGateway

FOREIGN = Money(1_234, "SEK")


async def a_challenged(scene: Scene, gateway: FakePaymentGateway) -> Payment:
    """A purchase that waits for the buyer's bank."""
    checkout_id = await scene.start(ports_of(scene.container, gateway), payment_method=CHALLENGED)
    payment: Payment
    [payment] = await rows(scene.container, Payment, checkout_id=checkout_id)
    return payment


@pytest.mark.parametrize("less", [1, 1_999, 4_999, -300])
async def test_another_amount_taken_by_hand_is_booked_and_given_back(
    fresh_container: Container, clock: FakeClock, less: int
) -> None:
    scene, gateway = await a_scene(fresh_container, sellers=2), FakePaymentGateway(clock.now)
    ports, payment = ports_of(fresh_container, gateway), await a_challenged(scene, gateway)
    assert payment.provider_ref is not None
    gateway.authenticate(payment.provider_ref, succeed=True)
    taken = payment.amount_minor - less
    await gateway.capture(payment.provider_ref, min(taken, payment.amount_minor), "by hand, over there")
    captured = replace(gateway.payments[payment.provider_ref], captured_minor=taken)
    gateway.payments[payment.provider_ref] = captured
    await on_payment_message(payment.provider_ref, ports=ports)
    for _ in range(3):
        clock.advance(minutes=2)
        await recover_checkouts(ports)
        await resume_refunds(db=ports.db, gateway=gateway, clock=clock)
    checkout = await row(fresh_container, Checkout, payment.checkout_id)
    assert (checkout.state, checkout.failure_code) == (CheckoutState.FAILED, "captured_amount_differs")
    orders = await rows(fresh_container, Order, checkout_id=checkout.id)
    assert {(order.status, order.cancelled_by) for order in orders} == {(OrderStatus.CANCELLED, CancelledBy.PAYMENT)}
    after = await row(fresh_container, Payment, payment.id)
    assert (after.captured_minor, after.refunded_minor) == (taken, taken)
    shares = await rows(fresh_container, PaymentAllocation, payment_id=payment.id)
    assert sum(share.captured_minor for share in shares) == taken
    assert {refund.status for refund in await rows(fresh_container, Refund, payment_id=payment.id)} == {
        RefundStatus.SUCCEEDED
    }
    assert gateway.payments[payment.provider_ref].refunded_minor == taken
    for order in orders:
        assert [balance.amount_minor for balance in await rows(fresh_container, Balance, order_id=order.id)] in (
            [0],
            [],
        )


class FakeLateFees(FakePaymentGateway):
    """The fee is told only when the provider has settled."""

    settled = False

    async def read(self, provider_ref: str) -> ProviderPayment:
        return self._told(await super().read(provider_ref))

    async def capture(self, provider_ref: str, amount_minor: int, idempotency_key: str) -> ProviderPayment:
        return self._told(await super().capture(provider_ref, amount_minor, idempotency_key))

    def _told(self, payment: ProviderPayment) -> ProviderPayment:
        return payment if self.settled else replace(payment, fee=None)


async def settle(ports: CheckoutPorts) -> int:
    return await settle_fees(db=ports.db, gateway=ports.gateway, clock=ports.clock)


async def fees_booked(container: Container) -> int:
    """In a database of the test's own."""
    accounts = await rows(container, Account, kind=AccountKind.PROVIDER_FEES)
    entries = [entry for each in accounts for entry in await rows(container, Entry, account_id=each.id)]
    return sum(entry.amount_minor for entry in entries)


async def test_a_fee_that_is_not_known_at_capture_is_booked_once_it_is(
    fresh_container: Container, clock: FakeClock
) -> None:
    scene, gateway = await a_scene(fresh_container), FakeLateFees(clock.now)
    ports = ports_of(fresh_container, gateway)
    checkout_id = await scene.start(ports)
    [payment] = await rows(fresh_container, Payment, checkout_id=checkout_id)
    assert payment.fee_minor is None
    assert await fees_booked(fresh_container) == 0
    clock.advance(minutes=20)
    assert await settle(ports) == 1
    asked = gateway.provider.calls["read"]
    assert await settle(ports) == 0
    assert gateway.provider.calls["read"] == asked, "not again so soon"
    gateway.settled = True
    clock.advance(hours=2)
    assert await settle(ports) == 1
    assert await settle(ports) == 0
    [payment] = await rows(fresh_container, Payment, checkout_id=checkout_id)
    assert payment.fee_minor == await fees_booked(fresh_container) > 0
    assert payment.fee_currency is None, "the payment's own"


class FakeForeignFees(FakeLateFees):
    """It settles in another currency than the buyer pays in, and keeps its fee of that."""

    def __init__(self, now: Callable[[], datetime], *, settled: bool) -> None:
        super().__init__(now)
        self.settled = settled

    def _told(self, payment: ProviderPayment) -> ProviderPayment:
        told = super()._told(payment)
        return told if told.fee is None else replace(told, fee=FOREIGN)


@pytest.mark.parametrize("late", [False, True])
async def test_a_fee_in_the_currency_of_the_settlement_is_booked_in_that(
    fresh_container: Container, clock: FakeClock, late: bool
) -> None:
    scene, gateway = await a_scene(fresh_container), FakeForeignFees(clock.now, settled=not late)
    ports = ports_of(fresh_container, gateway)
    checkout_id = await scene.start(ports)
    gateway.settled = True
    clock.advance(minutes=20)
    assert await settle(ports) == int(late)
    [payment] = await rows(fresh_container, Payment, checkout_id=checkout_id)
    assert (payment.fee_minor, payment.fee_currency, payment.currency) == (*astuple(FOREIGN), "EUR")
    books = {(each.kind, each.currency): each.total_minor for each in await trial_balance(ports.db.primary)}
    assert books == {
        (AccountKind.PROVIDER_CLEARING, "EUR"): payment.captured_minor,
        (AccountKind.ESCROW, "EUR"): -payment.captured_minor,
        (AccountKind.PROVIDER_FEES, "SEK"): FOREIGN.amount_minor,
        (AccountKind.PROVIDER_CLEARING, "SEK"): -FOREIGN.amount_minor,
    }


async def test_a_fee_that_is_never_told_is_asked_for_less_and_less_often(
    fresh_container: Container, clock: FakeClock
) -> None:
    scene, gateway = await a_scene(fresh_container), FakeLateFees(clock.now)
    ports = ports_of(fresh_container, gateway)
    await scene.start(ports)
    for _ in range(48):
        clock.advance(minutes=30)
        await settle(ports)
    assert 2 < gateway.provider.calls["read"] < 10
