"""Every step of a purchase is counted with what the provider said, and so is the state in which it ended."""

from dataclasses import replace

import pytest

from app.container import Container
from domain.checkout.errors import PaymentUnavailable
from domain.shared.measures import NoMeasures
from tests.domain.checkout.scenes import DECLINED, a_scene, ports_of
from tests.fakes.payment_gateway import FakePaymentGateway


class CountingMeasures(NoMeasures):
    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def saga(self, step: str, outcome: str) -> None:
        self.steps.append((step, outcome))


async def test_a_purchase_is_counted_step_by_step(container: Container) -> None:
    measures, scene = CountingMeasures(), await a_scene(container)
    await scene.start(replace(ports_of(container, FakePaymentGateway()), measures=measures))
    assert measures.steps == [("authorize", "authorized"), ("capture", "captured"), ("ended", "completed")]


async def test_a_decline_and_a_provider_that_is_away_are_counted(container: Container) -> None:
    gateway, measures = FakePaymentGateway(), CountingMeasures()
    ports = replace(ports_of(container, gateway), measures=measures)
    await (await a_scene(container)).start(ports, payment_method=DECLINED)
    assert measures.steps == [("authorize", "requires_payment_method")]
    measures.steps.clear()
    gateway.provider.fail("authorize")
    with pytest.raises(PaymentUnavailable):
        await (await a_scene(container)).start(ports)
    assert measures.steps == [("authorize", "unavailable")]
