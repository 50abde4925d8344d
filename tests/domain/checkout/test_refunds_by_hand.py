"""Money that somebody gives back in the provider's dashboard is in the books, whatever else happened to the order.

The guarantee: after the provider's messages were worked, in any order and however often, what the books hold with the
provider is what the provider has; what cannot be told to belong to an order is a case that a moderator sees.
"""

from dataclasses import replace
from uuid import uuid4

import pytest

from app.container import Container
from domain.checkout.deciding import DecideCase, decide_case
from domain.checkout.model import CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.refunds_by_hand import on_refund_message, on_refunded_payment
from domain.ledger.model import AccountKind
from domain.ledger.reads import escrow_by_orders, trial_balance
from domain.orders.model import EscrowState, Order, OrderEvent, OrderEventKind
from domain.orders.refunds import note_refund
from domain.payments.errors import ProviderUnavailable
from domain.payments.model import Payment, PaymentAllocation, Refund, RefundStatus
from domain.payments.ports import ProviderPayment
from domain.payments.refunding import request_full_refund, resume_refunds
from domain.risk.cases import CaseView, open_cases
from domain.risk.model import CaseStatus, ModerationCase
from domain.shared.actor import Actor, ActorKind
from domain.shared.errors import IllegalTransition
from domain.shared.paging import PageRequest
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import Scene, a_scene, checkout_of, ports_of, row, rows
from tests.domain.orders.lifecycle import confirm, ship
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_moderator
from tests.sales import Sale


class Bought:
    """A completed purchase, with the payment as it was then."""

    def __init__(self, scene: Scene, ports: CheckoutPorts, gateway: FakePaymentGateway, payment: Payment) -> None:
        self.scene, self.ports, self.gateway, self.payment = scene, ports, gateway, payment
        self.ref = payment.provider_ref or ""

    async def give_back_by_hand(self, amount_minor: int, *, told_by: str = "refund") -> str:
        refund = self.gateway.refund_by_hand(self.ref, amount_minor)
        for _ in range(2):
            if told_by == "refund":
                await on_refund_message(refund.refund_ref, ports=self.ports)
            else:
                await on_refunded_payment(self.ref, ports=self.ports)
        return refund.refund_ref

    async def orders(self) -> list[Order]:
        found = await rows(self.scene.container, Order, checkout_id=self.payment.checkout_id)
        return sorted(found, key=lambda order: order.id)

    async def refunded(self) -> tuple[int, list[int]]:
        """Of the payment, and of each order's share."""
        payment = await row(self.scene.container, Payment, self.payment.id)
        shares = await rows(self.scene.container, PaymentAllocation, payment_id=self.payment.id)
        return payment.refunded_minor, [
            share.refunded_minor for share in sorted(shares, key=lambda each: each.order_id)
        ]

    async def cases(self) -> list[CaseView]:
        return list((await open_cases(self.ports.db.primary, PageRequest(10))).items)

    async def booked(self) -> dict[AccountKind, int]:
        return {each.kind: each.total_minor for each in await trial_balance(self.ports.db.primary)}

    async def assert_the_books_say_what_the_provider_says(self) -> None:
        there: ProviderPayment = self.gateway.payments[self.ref]
        assert there.fee is not None
        booked, there_minor = await self.booked(), there.captured_minor - there.refunded_minor - there.fee.amount_minor
        assert booked[AccountKind.PROVIDER_CLEARING] == there_minor
        assert sum(booked.values()) == 0


async def a_purchase(container: Container, clock: FakeClock, *, sellers: int = 1) -> Bought:
    scene, gateway = await a_scene(container, sellers=sellers), FakePaymentGateway(clock.now)
    ports = ports_of(container, gateway)
    await scene.start(ports)
    checkout = await checkout_of(scene)
    assert checkout is not None
    assert checkout.state is CheckoutState.COMPLETED
    [payment] = await rows(container, Payment, checkout_id=checkout.id)
    return Bought(scene, ports, gateway, payment)


@pytest.mark.parametrize("told_by", ["refund", "charge"])
@pytest.mark.parametrize("amount_minor", [700, 2_500])
async def test_one_order_s_money_given_back_by_hand_is_booked_once(
    fresh_container: Container, clock: FakeClock, amount_minor: int, told_by: str
) -> None:
    bought = await a_purchase(fresh_container, clock)
    await bought.give_back_by_hand(amount_minor, told_by=told_by)
    assert await bought.refunded() == (amount_minor, [amount_minor])
    [refund] = await rows(fresh_container, Refund, payment_id=bought.payment.id)
    assert (refund.status, refund.cause) == (RefundStatus.SUCCEEDED, "by_hand")
    await note_refund(refund.id, db=bought.ports.db)
    [order] = await bought.orders()
    assert order.escrow is (EscrowState.HELD if amount_minor < 2_500 else EscrowState.REFUNDED)
    events = await rows(fresh_container, OrderEvent, order_id=order.id, kind=OrderEventKind.REFUNDED)
    assert len(events) == 1
    assert await bought.cases() == []
    await bought.assert_the_books_say_what_the_provider_says()


async def test_everything_given_back_by_hand_is_every_order_s_own(fresh_container: Container, clock: FakeClock) -> None:
    bought = await a_purchase(fresh_container, clock, sellers=2)
    await bought.give_back_by_hand(5_000)
    assert await bought.refunded() == (5_000, [2_500, 2_500])
    assert await bought.cases() == []
    await bought.assert_the_books_say_what_the_provider_says()


async def test_what_fits_several_orders_is_a_loss_and_a_case_and_no_seller_s(
    fresh_container: Container, clock: FakeClock
) -> None:
    bought = await a_purchase(fresh_container, clock, sellers=2)
    refund_ref = await bought.give_back_by_hand(700)
    assert await bought.refunded() == (700, [0, 0])
    assert (await bought.booked())[AccountKind.PLATFORM_LOSS] == 700
    held = await escrow_by_orders(bought.ports.db.primary, [order.id for order in await bought.orders()])
    assert set(held.values()) == {2_500}
    [case] = await bought.cases()
    assert (case.checkout_id, case.reasons[0]["rule"]) == (bought.payment.checkout_id, "refund_by_hand")
    assert refund_ref in case.reasons[0]["detail"]
    assert "7.00 EUR" in case.reasons[0]["detail"]
    await bought.assert_the_books_say_what_the_provider_says()
    bought.gateway.fail_refund(refund_ref)
    for _ in range(2):
        await on_refund_message(refund_ref, ports=bought.ports)
    assert await bought.refunded() == (0, [0, 0])
    assert (await bought.booked())[AccountKind.PLATFORM_LOSS] == 0
    await bought.assert_the_books_say_what_the_provider_says()


async def test_a_moderator_closes_the_case_once(fresh_container: Container, clock: FakeClock) -> None:
    bought = await a_purchase(fresh_container, clock, sellers=2)
    await bought.give_back_by_hand(700)
    [case] = await bought.cases()
    command = DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=True, note="agreed with the buyer")
    moderator = await a_moderator(fresh_container)
    await decide_case(command, actor=moderator, ports=bought.ports)
    [closed] = await rows(fresh_container, ModerationCase, id=case.id)
    assert (closed.status, closed.note) == (CaseStatus.APPROVED, "agreed with the buyer")
    with pytest.raises(IllegalTransition):
        await decide_case(replace(command, idempotency_key=uuid4().hex), actor=moderator, ports=bought.ports)


async def test_what_is_given_back_after_the_seller_was_paid_is_the_platform_s_loss(
    fresh_container: Container, clock: FakeClock
) -> None:
    bought = await a_purchase(fresh_container, clock)
    [order] = await bought.orders()
    sale = a_sale_of(bought, order)
    await ship(fresh_container, sale)
    await confirm(fresh_container, sale)
    await bought.give_back_by_hand(700)
    assert await bought.refunded() == (700, [700])
    assert (await bought.booked())[AccountKind.PLATFORM_LOSS] == 700
    [case] = await bought.cases()
    assert "has been paid already" in case.reasons[0]["detail"]
    await bought.assert_the_books_say_what_the_provider_says()


async def test_a_hand_that_was_faster_than_our_own_refund(fresh_container: Container, clock: FakeClock) -> None:
    """Ours is refused as there is nothing left; the buyer got the money once, and the books say so."""
    bought = await a_purchase(fresh_container, clock)
    [order] = await bought.orders()
    await bought.ports.db.run(lambda tx: request_full_refund(tx, order_id=order.id, cause="cancelled"))
    await bought.give_back_by_hand(2_500)
    clock.advance(minutes=2)
    await resume_refunds(db=bought.ports.db, gateway=bought.gateway, clock=clock)
    refunds = await rows(fresh_container, Refund, payment_id=bought.payment.id)
    assert sorted(refund.status for refund in refunds) == [RefundStatus.FAILED, RefundStatus.SUCCEEDED]
    assert await bought.refunded() == (2_500, [2_500])
    await bought.assert_the_books_say_what_the_provider_says()


async def test_a_refund_of_what_the_books_do_not_have_yet_comes_again(
    fresh_container: Container, clock: FakeClock
) -> None:
    """The bank sent a first refund back and it was given by hand; the second message is worked before the first."""
    bought = await a_purchase(fresh_container, clock)
    first = await bought.give_back_by_hand(2_500)
    bought.gateway.fail_refund(first)
    second = bought.gateway.refund_by_hand(bought.ref, 2_500).refund_ref
    with pytest.raises(ProviderUnavailable):
        await on_refund_message(second, ports=bought.ports)
    await on_refund_message(first, ports=bought.ports)
    await on_refund_message(second, ports=bought.ports)
    assert await bought.refunded() == (2_500, [2_500])
    await bought.assert_the_books_say_what_the_provider_says()


def a_sale_of(bought: Bought, order: Order) -> Sale:
    buyer = bought.scene.buyer
    seller = Actor(ActorKind.USER, user_id=buyer.user_id, seller_id=order.seller_id)
    return Sale(buyer, seller, order.checkout_id, bought.payment.id, (order.id,), tuple(bought.scene.goods))
