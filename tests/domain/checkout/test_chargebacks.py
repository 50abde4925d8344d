"""A buyer's bank takes money back: what the payment paid stays where it is until an administrator has looked."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from app.container import Container
from app.provider_messages import apply_provider_message
from app.webhooks import PAYMENTS_SOURCE
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import Incoming, receive
from domain.orders.holds import CloseHold, close_hold
from domain.orders.model import HoldKind, Order, OrderHold
from domain.payments.events import ProviderMessageReceived
from domain.payments.model import Payment
from domain.payments.ports import ProviderEventKind
from domain.shared.errors import NotFound
from tests.domain.checkout.scenes import a_scene, ports_of, rows
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import an_admin


async def told(container: Container, gateway: FakePaymentGateway, provider_ref: str) -> UUID:
    """A message of its own about the payment has come and been worked; its id."""
    kind, external_id = ProviderEventKind.CHARGEBACK, uuid4().hex
    incoming = Incoming(ProviderMessageReceived, PAYMENTS_SOURCE, external_id, kind.value, object_ref=provider_ref)
    assert await receive(incoming, db=container.ports.db)
    [message] = await rows(container, InboxMessage, external_id=external_id)
    event = ProviderMessageReceived(at=message.received_at, message_id=message.id, source=PAYMENTS_SOURCE)
    ports = replace(container.ports, checkout=ports_of(container, gateway))
    await apply_provider_message(event, replace(container, ports=ports))
    message_id: UUID = message.id
    return message_id


async def a_charged_back(container: Container, gateway: FakePaymentGateway, *, sellers: int) -> list[Order]:
    """Paid orders of one payment, of which the bank has told twice: that it complains, and that it took the money."""
    scene = await a_scene(container, sellers=sellers)
    checkout_id = await scene.start(ports_of(container, gateway))
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    first, second = [await told(container, gateway, payment.provider_ref) for _ in range(2)]
    assert first != second
    orders: list[Order] = await rows(container, Order, checkout_id=checkout_id)
    return orders


async def open_kinds(container: Container, order: Order) -> list[HoldKind]:
    return [hold.kind for hold in await rows(container, OrderHold, order_id=order.id) if hold.closed_at is None]


async def test_however_many_messages_tell_of_it_each_order_of_the_payment_has_one_hold(container: Container) -> None:
    orders = await a_charged_back(container, FakePaymentGateway(), sellers=2)
    assert len(orders) == 2
    for order in orders:
        assert await open_kinds(container, order) == [HoldKind.CHARGEBACK]


async def test_an_administrator_lifts_it_and_there_is_nothing_left_to_lift(container: Container) -> None:
    [order] = await a_charged_back(container, FakePaymentGateway(), sellers=1)
    admin = await an_admin(container)
    await close_hold(CloseHold(order_id=order.id, idempotency_key=uuid4().hex), actor=admin, db=container.ports.db)
    assert await open_kinds(container, order) == []
    with pytest.raises(NotFound):
        await close_hold(CloseHold(order_id=order.id, idempotency_key=uuid4().hex), actor=admin, db=container.ports.db)
