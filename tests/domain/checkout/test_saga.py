"""The saga's ways through, with a pretended provider: every branch that a buyer can meet."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.container import Container
from domain.cart.errors import CartChanged
from domain.cart.model import CartLine
from domain.catalog.model import Listing, ListingStatus
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
from domain.checkout.errors import AddressRequired, ItemsUnavailable, PaymentUnavailable
from domain.checkout.model import Checkout, CheckoutState
from domain.checkout.provider_messages import on_payment_message
from domain.checkout.sweeping import expire_checkouts, recover_checkouts
from domain.inventory.model import Reservation, ReservationStatus, StockItem
from domain.orders.model import Order
from domain.payments.errors import ProviderUnavailable
from domain.payments.model import Payment
from domain.payments.ports import ProviderPaymentStatus
from domain.risk.model import ModerationCase
from domain.shared.actor import Actor, ActorKind
from domain.shared.errors import IdempotencyConflict, IllegalTransition, NotFound
from domain.users.model import Address
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import (
    CHALLENGED,
    DECLINED,
    VISA,
    Scene,
    a_scene,
    assert_consistent,
    ports_of,
    row,
    rows,
    run_to_the_end,
)
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_buyer, a_moderator, change, on_sale


async def state_of(scene: Scene, checkout_id: object) -> CheckoutState:
    state: CheckoutState = (await row(scene.container, Checkout, checkout_id)).state  # type: ignore[arg-type]
    return state


@pytest.fixture
def gateway() -> FakePaymentGateway:
    return FakePaymentGateway()


async def test_a_cart_with_two_sellers_becomes_two_paid_orders(
    container: Container, gateway: FakePaymentGateway
) -> None:
    scene = await a_scene(container, sellers=2)
    checkout_id = await scene.start(ports_of(container, gateway))
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.COMPLETED
    assert len(await rows(container, Order, checkout_id=checkout_id)) == 2
    await assert_consistent(scene, gateway, checkout)


async def test_the_same_key_is_the_same_purchase(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    first = await scene.start(ports)
    assert await scene.start(ports) == first
    with pytest.raises(IdempotencyConflict):
        await scene.start(ports, expected_total_minor=scene.total_minor + 1)
    assert gateway.provider.calls["authorize"] == gateway.provider.calls["capture"] == 1


async def test_a_cart_is_bought_once_even_with_two_keys(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    await scene.start(ports)
    with pytest.raises(CartChanged):
        await scene.start(ports, idempotency_key="another-key")


async def test_a_higher_total_is_not_charged(container: Container, gateway: FakePaymentGateway) -> None:
    scene = await a_scene(container)
    with pytest.raises(CartChanged):
        await scene.start(ports_of(container, gateway), expected_total_minor=scene.total_minor - 1)
    assert gateway.payments == {}
    assert len(await rows(container, CartLine, cart_id=scene.cart_id)) == 1


async def test_what_is_not_there_is_named_and_nothing_is_taken(
    container: Container, gateway: FakePaymentGateway
) -> None:
    scene = await a_scene(container, stock=1)
    with pytest.raises(ItemsUnavailable) as refused:
        await scene.start(ports_of(container, gateway))
    assert [(each.variant_id, each.available) for each in refused.value.problems] == [(scene.goods[0].variant_id, 1)]
    assert gateway.payments == {}


async def test_a_parcel_needs_an_address(container: Container, gateway: FakePaymentGateway) -> None:
    scene = await a_scene(container)
    with pytest.raises(AddressRequired):
        await scene.start(ports_of(container, gateway), address_id=None)


async def test_an_address_of_somebody_else_is_not_found(container: Container, gateway: FakePaymentGateway) -> None:
    scene, other = await a_scene(container), await a_scene(container)
    with pytest.raises(NotFound):
        await scene.start(ports_of(container, gateway), address_id=other.address_id)


async def test_a_declined_card_keeps_the_reservation_for_another_one(
    container: Container, gateway: FakePaymentGateway
) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=DECLINED)
    assert await state_of(scene, checkout_id) is CheckoutState.REQUIRES_ACTION
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    assert payment.decline_code == "card_declined"
    command = ContinueCheckout(idempotency_key=uuid4().hex, checkout_id=checkout_id, payment_method=VISA)
    await continue_checkout(command, actor=scene.buyer, ports=ports)
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.COMPLETED
    await assert_consistent(scene, gateway, checkout)


async def test_without_a_payment_method_the_buyer_is_asked(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=None)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    assert await state_of(scene, checkout_id) is CheckoutState.REQUIRES_ACTION
    assert payment.client_secret is not None
    gateway.give_payment_method(payment.provider_ref, VISA)
    await on_payment_message(payment.provider_ref, ports=ports)
    assert await state_of(scene, checkout_id) is CheckoutState.COMPLETED


@pytest.mark.parametrize("told_by", ["webhook", "client"])
async def test_three_d_secure_goes_on_whoever_tells(
    container: Container, gateway: FakePaymentGateway, told_by: str
) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    assert await state_of(scene, checkout_id) is CheckoutState.REQUIRES_ACTION
    gateway.authenticate(payment.provider_ref, succeed=True)
    if told_by == "webhook":
        for _ in range(3):
            await on_payment_message(payment.provider_ref, ports=ports)
    else:
        command = ContinueCheckout(idempotency_key=uuid4().hex, checkout_id=checkout_id)
        await continue_checkout(command, actor=scene.buyer, ports=ports)
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.COMPLETED
    await assert_consistent(scene, gateway, checkout)


async def test_failed_authentication_asks_for_another_method(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    gateway.authenticate(payment.provider_ref, succeed=False)
    await on_payment_message(payment.provider_ref, ports=ports)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    assert await state_of(scene, checkout_id) is CheckoutState.REQUIRES_ACTION
    assert payment.decline_code is not None


async def test_the_buyer_cancels_and_has_the_cart_back(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    await cancel_checkout(CancelCheckout(checkout_id=checkout_id), actor=scene.buyer, ports=ports)
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.CANCELLED
    await assert_consistent(scene, gateway, checkout)
    assert {each.status for each in gateway.payments.values()} == {ProviderPaymentStatus.CANCELLED}


async def test_a_paid_checkout_cannot_be_cancelled(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports)
    with pytest.raises(IllegalTransition):
        await cancel_checkout(CancelCheckout(checkout_id=checkout_id), actor=scene.buyer, ports=ports)


async def test_a_checkout_of_somebody_else_is_not_found(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    stranger = await a_buyer(container)
    with pytest.raises(NotFound):
        await cancel_checkout(CancelCheckout(checkout_id=checkout_id), actor=stranger, ports=ports)


async def test_the_provider_away_keeps_the_reservation_and_the_same_key_goes_on(
    fresh_container: Container, clock: FakeClock
) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway(clock.now)
    ports = ports_of(fresh_container, gateway, saga_wait_seconds=1)
    gateway.provider.fail("authorize", "before")
    with pytest.raises(PaymentUnavailable) as away:
        await scene.start(ports)
    clock.advance(seconds=11)
    checkout_id = await scene.start(ports_of(fresh_container, gateway, saga_wait_seconds=30))
    assert checkout_id == away.value.checkout_id
    await assert_consistent(scene, gateway, await row(fresh_container, Checkout, checkout_id))


@pytest.mark.parametrize("operation", ["authorize", "capture"])
async def test_a_lost_answer_is_found_again_by_reading(
    fresh_container: Container, clock: FakeClock, operation: str
) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway(clock.now)
    ports = ports_of(fresh_container, gateway, saga_wait_seconds=1)
    gateway.provider.fail(operation, "after")
    try:
        checkout_id = await scene.start(ports)
    except PaymentUnavailable as away:
        checkout_id = away.checkout_id
    clock.advance(seconds=11)
    await recover_checkouts(ports)
    checkout = await row(fresh_container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.COMPLETED
    assert gateway.provider.calls[operation] == 1
    await assert_consistent(scene, gateway, checkout)


async def test_an_address_that_is_gone_does_not_hide_the_purchase_from_its_key(
    container: Container, gateway: FakePaymentGateway
) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports)
    await change(container, Address, scene.address_id, deleted_at=container.ports.clock.now())
    assert await scene.start(ports) == checkout_id


async def test_a_message_that_meets_a_busy_checkout_comes_again(
    container: Container, gateway: FakePaymentGateway
) -> None:
    """Else a buyer who authenticated while somebody else was reading would be forgotten until it expires."""
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    gateway.authenticate(payment.provider_ref, succeed=True)
    now = container.ports.clock.now()
    await change(container, Checkout, checkout_id, lease_until=now + timedelta(seconds=30))
    with pytest.raises(ProviderUnavailable):
        await on_payment_message(payment.provider_ref, ports=ports)
    await change(container, Checkout, checkout_id, lease_until=now - timedelta(seconds=1))
    await on_payment_message(payment.provider_ref, ports=ports)
    assert await state_of(scene, checkout_id) is CheckoutState.COMPLETED


async def test_stock_lost_before_the_point_of_no_return_cancels_and_takes_nothing(
    container: Container, gateway: FakePaymentGateway
) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway, review_amount_minor=1_000)
    checkout_id = await scene.start(ports)
    [held] = await rows(container, Reservation, checkout_id=checkout_id)
    await change(container, Reservation, held.id, status=ReservationStatus.RELEASED)
    await change(container, StockItem, held.stock_item_id, reserved=0, on_hand=0)
    [case] = await rows(container, ModerationCase, checkout_id=checkout_id)
    command = DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=True)
    await decide_case(command, actor=await a_moderator(container), ports=ports)
    checkout = await row(container, Checkout, checkout_id)
    assert (checkout.state, checkout.failure_code) == (CheckoutState.FAILED, "out_of_stock")
    assert "capture" not in gateway.provider.calls


async def test_an_expired_reservation_frees_stock_at_once_and_the_intent_later(
    fresh_container: Container, clock: FakeClock
) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway(clock.now)
    ports = ports_of(fresh_container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    assert await expire_checkouts(ports) == 0
    clock.advance(minutes=11)
    gateway.provider.fail("cancel", "before")
    assert await expire_checkouts(ports) == 1
    assert await state_of(scene, checkout_id) is CheckoutState.CANCELLING
    checkout = await run_to_the_end(scene, ports, clock)
    assert checkout.state is CheckoutState.EXPIRED
    await assert_consistent(scene, gateway, checkout)


async def test_a_late_authorization_is_cancelled_not_refunded(fresh_container: Container, clock: FakeClock) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway(clock.now)
    ports = ports_of(fresh_container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    clock.advance(minutes=11)
    [payment] = await rows(fresh_container, Payment, checkout_id=checkout_id)
    await expire_checkouts(ports)
    gateway.authenticate(payment.provider_ref, succeed=True)
    await on_payment_message(payment.provider_ref, ports=ports)
    checkout = await row(fresh_container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.EXPIRED
    await assert_consistent(scene, gateway, checkout)
    assert "capture" not in gateway.provider.calls


async def test_a_large_first_purchase_is_looked_at(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway, review_amount_minor=1_000)
    checkout_id = await scene.start(ports)
    assert await state_of(scene, checkout_id) is CheckoutState.IN_REVIEW
    [case] = await rows(container, ModerationCase, checkout_id=checkout_id)
    assert "capture" not in gateway.provider.calls
    command = DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=True)
    await decide_case(command, actor=await a_moderator(container), ports=ports)
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.COMPLETED
    await assert_consistent(scene, gateway, checkout)


async def test_a_rejected_case_takes_nothing(container: Container, gateway: FakePaymentGateway) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway, review_amount_minor=1_000)
    checkout_id = await scene.start(ports)
    [case] = await rows(container, ModerationCase, checkout_id=checkout_id)
    moderator = await a_moderator(container)
    await decide_case(
        DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=False), actor=moderator, ports=ports
    )
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.FAILED
    await assert_consistent(scene, gateway, checkout)
    with pytest.raises(IllegalTransition):
        await decide_case(
            DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=True), actor=moderator, ports=ports
        )


@pytest.mark.parametrize("accept", [True, False])
async def test_a_listing_by_request_waits_for_its_seller(
    container: Container, gateway: FakePaymentGateway, accept: bool
) -> None:
    goods = [await on_sale(container, price_minor=1_000, sale_mode="request")]
    scene, ports = await a_scene(container, goods=goods), ports_of(container, gateway)
    checkout_id = await scene.start(ports)
    assert await state_of(scene, checkout_id) is CheckoutState.AWAITING_SELLER
    [order] = await rows(container, Order, checkout_id=checkout_id)
    seller = Actor(ActorKind.USER, user_id=scene.buyer.user_id, seller_id=goods[0].seller_id)
    await answer_order(
        AnswerOrder(idempotency_key=uuid4().hex, order_id=order.id, accept=accept), actor=seller, ports=ports
    )
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is (CheckoutState.COMPLETED if accept else CheckoutState.CANCELLED)
    await assert_consistent(scene, gateway, checkout)


async def test_the_seller_of_another_shop_has_no_say(container: Container, gateway: FakePaymentGateway) -> None:
    goods = [await on_sale(container, price_minor=1_000, sale_mode="request")]
    scene, ports = await a_scene(container, goods=goods), ports_of(container, gateway)
    checkout_id = await scene.start(ports)
    [order] = await rows(container, Order, checkout_id=checkout_id)
    other = await on_sale(container)
    seller = Actor(ActorKind.USER, user_id=scene.buyer.user_id, seller_id=other.seller_id)
    with pytest.raises(NotFound):
        await answer_order(
            AnswerOrder(idempotency_key=uuid4().hex, order_id=order.id, accept=True), actor=seller, ports=ports
        )


async def test_a_capture_behind_our_back_is_booked_and_given_back(
    container: Container, gateway: FakePaymentGateway
) -> None:
    scene, ports = await a_scene(container), ports_of(container, gateway, review_amount_minor=1_000)
    checkout_id = await scene.start(ports)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    await gateway.capture(payment.provider_ref, payment.amount_minor, "by-hand")
    await cancel_checkout(CancelCheckout(checkout_id=checkout_id), actor=scene.buyer, ports=ports)
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.CANCELLED
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    assert payment.captured_minor == payment.amount_minor


async def test_a_listing_paused_meanwhile_is_not_sold(container: Container, gateway: FakePaymentGateway) -> None:
    scene = await a_scene(container)
    await change(container, Listing, scene.goods[0].listing_id, status=ListingStatus.PAUSED)
    with pytest.raises(ItemsUnavailable):
        await scene.start(ports_of(container, gateway))
