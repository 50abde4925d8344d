"""A purchase in review: what is noted about it stays with those who review, and nobody reviews their own."""

from dataclasses import replace
from uuid import uuid4

import pytest

from app.container import Container
from domain.checkout.deciding import DecideCase, decide_case
from domain.checkout.model import Checkout, CheckoutEvent, CheckoutState
from domain.orders.model import Order
from domain.risk.model import ModerationCase
from domain.shared.actor import Role
from domain.shared.errors import NotPermitted
from tests.domain.checkout.scenes import a_scene, ports_of, row, rows
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_moderator


@pytest.fixture
def gateway() -> FakePaymentGateway:
    return FakePaymentGateway()


async def test_what_the_marketplace_notes_about_a_purchase_is_not_for_its_buyer(
    container: Container, gateway: FakePaymentGateway
) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway, review_amount_minor=1_000)
    checkout_id = await scene.start(ports)
    [case] = await rows(container, ModerationCase, checkout_id=checkout_id)
    rejected = DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=False, note="as the ring of last week")
    await decide_case(rejected, actor=await a_moderator(container), ports=ports)
    told = [event.reason for event in await rows(container, CheckoutEvent, checkout_id=checkout_id)]
    told += [order.cancel_reason for order in await rows(container, Order, checkout_id=checkout_id)]
    assert not [reason for reason in told if "ring" in reason or "purchase" in reason]
    [closed] = await rows(container, ModerationCase, checkout_id=checkout_id)
    assert closed.note == "as the ring of last week"


async def test_nobody_decides_about_a_purchase_of_their_own(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway, review_amount_minor=1_000)
    checkout_id = await scene.start(ports)
    [case] = await rows(container, ModerationCase, checkout_id=checkout_id)
    promoted = replace(scene.buyer, roles=frozenset({Role.MODERATOR}))
    with pytest.raises(NotPermitted):
        await decide_case(
            DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=True), actor=promoted, ports=ports
        )
    assert (await row(container, Checkout, checkout_id)).state is CheckoutState.IN_REVIEW
