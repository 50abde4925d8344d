"""Nothing is captured over a guess: a purchase waits a while for what shipping and tax cost, and then is refused."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from app.container import Container
from domain.checkout.errors import QuoteNotFirm
from domain.checkout.model import Checkout, CheckoutState
from domain.pricing.ports import RatesFound, ShippingRates
from domain.shared.database import Tx
from tests.domain.checkout.scenes import a_scene, ports_of
from tests.fakes.payment_gateway import FakePaymentGateway


class FakeSlowRates:
    """Tells the last known rates so many times, and then the present ones."""

    def __init__(self, rates: ShippingRates, late: int) -> None:
        self._rates = rates
        self._late = late

    async def of_sellers(self, seller_ids: Sequence[UUID]) -> RatesFound:
        self._late -= 1
        return replace(await self._rates.of_sellers(seller_ids), estimated=self._late >= 0)


async def test_a_purchase_waits_for_rates_that_come_late(container: Container) -> None:
    scene, gateway = await a_scene(container), FakePaymentGateway()
    ports = ports_of(container, gateway)
    rates = FakeSlowRates(container.ports.shipping_rates, late=2)
    checkout_id = await scene.start(replace(ports, shipping=rates))
    assert await state_of(container, checkout_id) is CheckoutState.COMPLETED


async def test_without_present_rates_nothing_is_sold_and_the_cart_stays(container: Container) -> None:
    scene, gateway = await a_scene(container), FakePaymentGateway()
    ports = ports_of(container, gateway)
    with pytest.raises(QuoteNotFirm):
        await scene.start(replace(ports, shipping=FakeSlowRates(container.ports.shipping_rates, late=99)))
    # The key was not used up, and the cart is as it was.
    checkout_id = await scene.start(ports)
    assert await state_of(container, checkout_id) is CheckoutState.COMPLETED


async def state_of(container: Container, checkout_id: UUID) -> CheckoutState:
    async def step(tx: Tx) -> CheckoutState:
        checkout = await tx.get(Checkout, checkout_id)
        assert checkout is not None
        return checkout.state

    return await container.ports.db.run(step)
