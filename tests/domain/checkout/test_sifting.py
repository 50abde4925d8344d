"""Messages about payments are sifted many at a time; only what is captured and booked is put away unread."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.container import Container
from app.provider_messages import apply_provider_message
from domain.checkout.model import Checkout, CheckoutState
from domain.checkout.sifting import UNKNOWN_SECONDS_MAX, News, sift
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import Incoming, receive
from domain.payments.events import ProviderMessageReceived
from domain.payments.model import Payment
from domain.payments.ports import ProviderEventKind
from domain.shared.errors import TooEarly
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import CHALLENGED, VISA, a_scene, ports_of, row, rows
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import change


@pytest.fixture
def gateway() -> FakePaymentGateway:
    return FakePaymentGateway()


async def told(container: Container, ref: str, kind: ProviderEventKind = ProviderEventKind.PAYMENT) -> UUID:
    external_id = uuid4().hex
    incoming = Incoming(ProviderMessageReceived, "payments", external_id, kind.value, ref)
    assert await receive(incoming, db=container.ports.db)
    [message] = await rows(container, InboxMessage, external_id=external_id)
    found: UUID = message.id
    return found


async def sifted(container: Container, *ids: UUID) -> list[News]:
    found = await sift(ids, db=container.ports.db, clock=container.ports.clock)
    return [found[id_] for id_ in ids]


async def worked(container: Container, message_id: UUID) -> bool:
    [message] = await rows(container, InboxMessage, id=message_id)
    return message.worked_at is not None


async def a_payment(container: Container, gateway: FakePaymentGateway, method: str) -> Payment:
    scene = await a_scene(container)
    checkout_id = await scene.start(ports_of(container, gateway), payment_method=method)
    [payment] = await rows(container, Payment, checkout_id=checkout_id)
    assert isinstance(payment, Payment)
    return payment


async def test_all_messages_of_completed_purchases_are_put_away_at_once(
    container: Container, gateway: FakePaymentGateway
) -> None:
    paid = [await a_payment(container, gateway, VISA) for _ in range(2)]
    ids = [await told(container, payment.provider_ref or "") for payment in paid for _ in range(2)]
    assert await sifted(container, *ids) == [News.OLD] * 4
    assert [await worked(container, id_) for id_ in ids] == [True] * 4
    assert await sifted(container, *ids) == [News.OLD] * 4


async def test_a_refund_of_a_completed_purchase_is_worked_by_itself(
    container: Container, gateway: FakePaymentGateway
) -> None:
    payment = await a_payment(container, gateway, VISA)
    message_id = await told(container, payment.provider_ref or "", ProviderEventKind.REFUNDED_PAYMENT)
    assert await sifted(container, message_id) == [News.OPEN]
    assert not await worked(container, message_id)


async def test_while_somebody_is_at_the_checkout_its_message_waits(
    container: Container, gateway: FakePaymentGateway
) -> None:
    payment = await a_payment(container, gateway, CHALLENGED)
    message_id = await told(container, payment.provider_ref or "")
    assert await sifted(container, message_id) == [News.OPEN]
    now = container.ports.clock.now()
    await change(container, Checkout, payment.checkout_id, lease_until=now + timedelta(seconds=30))
    assert await sifted(container, message_id) == [News.EARLY]
    event = ProviderMessageReceived(at=now, message_id=message_id, source="payments")
    with pytest.raises(TooEarly):
        await apply_provider_message(event, container)
    await change(container, Checkout, payment.checkout_id, lease_until=now - timedelta(seconds=1))
    assert await sifted(container, message_id) == [News.OPEN]
    assert not await worked(container, message_id)
    checkout = await row(container, Checkout, payment.checkout_id)
    assert checkout.state is CheckoutState.REQUIRES_ACTION


async def test_a_payment_not_written_down_yet_is_given_a_moment(fresh_container: Container, clock: FakeClock) -> None:
    message_id = await told(fresh_container, "pi_nobody_knows")
    assert await sifted(fresh_container, message_id) == [News.EARLY]
    clock.advance(seconds=UNKNOWN_SECONDS_MAX + 1)
    assert await sifted(fresh_container, message_id) == [News.OPEN]
