"""Guarantee: a decision that is sent again, because its answer was lost, changes nothing and is answered as before."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from app.container import Container
from domain.checkout.deciding import (
    AnswerOrder,
    CancelCheckout,
    ContinueCheckout,
    DecideCase,
    answer_order,
    cancel_checkout,
    continue_checkout,
    decide_case,
)
from domain.checkout.model import Checkout, CheckoutEvent, CheckoutState
from domain.checkout.provider_messages import on_payment_message
from domain.orders.model import Order
from domain.payments.model import Payment
from domain.risk.model import ModerationCase
from domain.shared.actor import Actor, ActorKind
from domain.shared.errors import IdempotencyConflict, IllegalTransition
from tests.domain.checkout.scenes import (
    CHALLENGED,
    DECLINED,
    Scene,
    a_scene,
    assert_consistent,
    ports_of,
    row,
    rows,
)
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_moderator, on_sale

POOR = "pm_card_chargeDeclinedInsufficientFunds"


async def happened(scene: Scene, checkout_id: object) -> tuple[CheckoutState, int]:
    """The checkout's state, and how much is noted of it."""
    checkout = (await rows(scene.container, Checkout, id=checkout_id))[0]
    return checkout.state, len(await rows(scene.container, CheckoutEvent, checkout_id=checkout_id))


@pytest.mark.parametrize("accept", [True, False])
async def test_a_sellers_answer_is_taken_once(container: Container, accept: bool) -> None:
    gateway, goods = FakePaymentGateway(), [await on_sale(container, price_minor=1_000, sale_mode="request")]
    scene, ports = await a_scene(container, goods=goods), ports_of(container, gateway)
    checkout_id = await scene.start(ports)
    [order] = await rows(container, Order, checkout_id=checkout_id)
    seller = Actor(ActorKind.USER, user_id=scene.buyer.user_id, seller_id=goods[0].seller_id)
    command = AnswerOrder(order_id=order.id, accept=accept, idempotency_key=uuid4().hex)
    await asyncio.gather(*(answer_order(command, actor=seller, ports=ports) for _ in range(3)))
    before = await happened(scene, checkout_id)
    assert before[0] is (CheckoutState.COMPLETED if accept else CheckoutState.CANCELLED)
    assert await answer_order(command, actor=seller, ports=ports) == order.id
    assert await happened(scene, checkout_id) == before
    await assert_consistent(scene, gateway, await row(container, Checkout, checkout_id))
    with pytest.raises(IdempotencyConflict):
        await answer_order(replace(command, accept=not accept), actor=seller, ports=ports)
    with pytest.raises(IllegalTransition):
        await answer_order(replace(command, idempotency_key=uuid4().hex), actor=seller, ports=ports)


@pytest.mark.parametrize("approve", [True, False])
async def test_a_moderators_decision_is_taken_once(container: Container, approve: bool) -> None:
    gateway = FakePaymentGateway()
    scene, ports = await a_scene(container), ports_of(container, gateway, review_amount_minor=1_000)
    checkout_id, moderator = await scene.start(ports), await a_moderator(container)
    [case] = await rows(container, ModerationCase, checkout_id=checkout_id)
    command = DecideCase(case_id=case.id, approve=approve, idempotency_key=uuid4().hex)
    await asyncio.gather(*(decide_case(command, actor=moderator, ports=ports) for _ in range(3)))
    before = await happened(scene, checkout_id)
    assert before[0] is (CheckoutState.COMPLETED if approve else CheckoutState.FAILED)
    assert await decide_case(command, actor=moderator, ports=ports) == case.id
    assert await happened(scene, checkout_id) == before
    with pytest.raises(IdempotencyConflict):
        await decide_case(replace(command, approve=not approve), actor=moderator, ports=ports)
    with pytest.raises(IllegalTransition):
        await decide_case(command, actor=await a_moderator(container), ports=ports)


async def test_a_card_is_tried_once_per_key(container: Container) -> None:
    gateway = FakePaymentGateway()
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=DECLINED)
    command = ContinueCheckout(checkout_id=checkout_id, payment_method=POOR, idempotency_key=uuid4().hex)
    for _ in range(3):
        assert await continue_checkout(command, actor=scene.buyer, ports=ports) == checkout_id
    assert gateway.provider.calls["confirm"] == 1
    again = replace(command, idempotency_key=uuid4().hex)
    await continue_checkout(again, actor=scene.buyer, ports=ports)
    assert gateway.provider.calls["confirm"] == 2, "who wants the same card once more says so by another key"


async def test_a_buyer_who_comes_back_from_the_bank_after_its_message_is_told_of_success(container: Container) -> None:
    gateway = FakePaymentGateway()
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    gateway.authenticate(payment.provider_ref, succeed=True)
    await on_payment_message(payment.provider_ref, ports=ports)
    before = await happened(scene, checkout_id)
    command = ContinueCheckout(checkout_id=checkout_id, idempotency_key=uuid4().hex)
    assert await continue_checkout(command, actor=scene.buyer, ports=ports) == checkout_id
    assert before[0] is CheckoutState.COMPLETED
    assert await happened(scene, checkout_id) == before


async def test_a_checkout_is_cancelled_once_however_often_it_is_asked(container: Container) -> None:
    gateway = FakePaymentGateway()
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    command = CancelCheckout(checkout_id=checkout_id)
    await asyncio.gather(*(cancel_checkout(command, actor=scene.buyer, ports=ports) for _ in range(3)))
    before = await happened(scene, checkout_id)
    assert before[0] is CheckoutState.CANCELLED
    assert await cancel_checkout(command, actor=scene.buyer, ports=ports) == checkout_id
    assert await happened(scene, checkout_id) == before
