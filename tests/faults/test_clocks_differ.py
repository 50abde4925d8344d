"""Hosts whose clocks differ agree on who owns a step: leases are measured by the database's clock."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.container import Container, open_container
from app.jobs import handlers_of
from domain.checkout.model import CheckoutState
from domain.checkout.sweeping import recover_checkouts
from domain.payments.refunding import execute_refund, resume_refunds
from domain.shared.clock import Clock
from tests.domain.checkout.scenes import a_scene, assert_consistent, checkout_of, ports_of
from tests.domain.payments.test_refunding import ask, given_back, status_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.faults.crashing import DiesAt, Killed, crashing_gateway
from tests.sales import a_sale


class FakeFastClock:
    """A machine that is ten minutes ahead of all others, and nobody meant it to be."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=10)

    def shifted(self, instant: datetime) -> datetime:
        return instant


class FakeSlowClock(FakeFastClock):
    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(minutes=10)


@pytest.fixture(params=[FakeFastClock(), FakeSlowClock()], ids=["fast", "slow"])
async def other_host(fresh_container: Container, request: pytest.FixtureRequest) -> AsyncIterator[Container]:
    clock: Clock = request.param
    async with open_container(fresh_container.settings, handlers_of=handlers_of(), clock=clock) as made:
        yield made


async def test_a_purchase_that_another_host_is_at_is_left_to_it(
    fresh_container: Container, other_host: Container
) -> None:
    scene, gateway = await a_scene(fresh_container), FakePaymentGateway()
    with pytest.raises(Killed):
        # Nobody knows of its death before the lease has run out.
        await scene.start(ports_of(fresh_container, crashing_gateway(gateway, DiesAt("after capture"))))
    there = ports_of(other_host, gateway)
    await recover_checkouts(there)
    checkout = await checkout_of(scene)
    assert checkout is not None
    assert checkout.state is CheckoutState.CAPTURING
    assert gateway.provider.calls.get("read", 0) == 0


async def test_what_another_host_started_is_finished_on_time(fresh_container: Container, other_host: Container) -> None:
    scene, gateway = await a_scene(other_host), FakePaymentGateway()
    await scene.start(ports_of(other_host, gateway))
    checkout = await checkout_of(scene)
    assert checkout is not None
    await assert_consistent(scene, gateway, checkout)
    assert abs(checkout.created_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_refund_that_another_host_is_at_is_left_to_it(
    fresh_container: Container, other_host: Container
) -> None:
    gateway = FakePaymentGateway()
    sale = await a_sale(fresh_container, gateway=gateway)
    refund_id = await ask(fresh_container, sale, 700)
    dying = crashing_gateway(gateway, DiesAt("before refund"))
    with pytest.raises(Killed):
        await execute_refund(refund_id, db=fresh_container.ports.db, gateway=dying)
    await resume_refunds(db=other_host.ports.db, gateway=gateway, clock=other_host.ports.clock)
    assert (await status_of(fresh_container, refund_id))[0] == "pending"
    assert given_back(gateway) == 0
