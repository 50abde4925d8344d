"""Guarantee: a card that the buyer offers is tried, also when the last one's decline is told meanwhile."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

from app.container import Container
from domain.checkout.deciding import ContinueCheckout, continue_checkout
from domain.checkout.model import Checkout, CheckoutState
from domain.checkout.saga import advance
from domain.shared.database import Database, Reads, Tx
from tests.domain.checkout.scenes import DECLINED, VISA, a_scene, assert_consistent, ports_of, row
from tests.fakes.payment_gateway import FakePaymentGateway

T = TypeVar("T")


class FakeInterruption:
    """A database after whose next commit somebody else is quicker."""

    def __init__(self, database: Database, interrupt: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._interrupts = [interrupt]

    @property
    def primary(self) -> Reads:
        return self._database.primary

    async def run(self, step: Callable[[Tx], Awaitable[T]]) -> T:
        result = await self._database.run(step)
        if self._interrupts:
            await self._interrupts.pop()()
        return result


async def test_the_message_of_a_decline_comes_when_another_card_was_offered(container: Container) -> None:
    scene, gateway = await a_scene(container), FakePaymentGateway()
    ports = ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=DECLINED)
    # A worker has the webhook of the decline, and looks at the provider.
    meanwhile = FakeInterruption(ports.db, lambda: advance(checkout_id, ports=ports, look=True))
    command = ContinueCheckout(idempotency_key=uuid4().hex, checkout_id=checkout_id, payment_method=VISA)
    await continue_checkout(command, actor=scene.buyer, ports=ports_of(container, gateway, db=meanwhile))
    checkout = await row(container, Checkout, checkout_id)
    assert checkout.state is CheckoutState.COMPLETED
    await assert_consistent(scene, gateway, checkout)
