"""Guarantee: a process that is killed at any point of a purchase leaves nothing that another cannot finish; nobody is
charged twice, nothing is sold twice, no order and no cent is lost.

Every commit and every call to the provider is a point, before and after; the process dies at each of them in turn.
"""

import pytest

from app.container import Container
from domain.checkout.errors import PaymentUnavailable
from domain.checkout.model import CheckoutState
from domain.checkout.ports import CheckoutPorts
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import (
    DECLINED,
    VISA,
    Scene,
    a_scene,
    assert_consistent,
    checkout_of,
    ports_of,
    run_to_the_end,
)
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.faults.crashing import CrashingDatabase, Fuse, Killed, crashing_gateway

POINTS_MAX = 60


async def start_until_killed(scene: Scene, gateway: FakePaymentGateway, point: int, method: str) -> Fuse:
    fuse = Fuse(point)
    ports = ports_of(
        scene.container,
        crashing_gateway(gateway, fuse),
        db=CrashingDatabase(scene.container.ports.db, fuse),
    )
    try:
        await scene.start(ports, payment_method=method)
    except Killed:
        assert fuse.blown
    return fuse


@pytest.mark.parametrize("client_returns", [True, False], ids=["client comes back", "client is gone"])
@pytest.mark.parametrize("method", [VISA, DECLINED])
async def test_killed_at_every_point(
    fresh_container: Container, clock: FakeClock, method: str, client_returns: bool
) -> None:
    for point in range(POINTS_MAX):
        scene, gateway = await a_scene(fresh_container, sellers=2), FakePaymentGateway(clock.now)
        fuse = await start_until_killed(scene, gateway, point, method)
        ports = ports_of(fresh_container, gateway, saga_wait_seconds=0.2)
        if not fuse.blown:
            assert point >= 10, "the purchase has commits and calls"
            return
        if client_returns:
            await come_back(scene, ports, method)
        if await checkout_of(scene) is None:
            assert gateway.payments == {}, "nothing was asked of the provider before the commit"
            continue
        checkout = await run_to_the_end(scene, ports, clock)
        expected = CheckoutState.COMPLETED if method == VISA else CheckoutState.EXPIRED
        assert checkout.state is expected, fuse.passed[-1]
        await assert_consistent(scene, gateway, checkout)
    raise AssertionError("the purchase has more points than are tried")


async def come_back(scene: Scene, ports: CheckoutPorts, method: str) -> None:
    """The client repeats its request with the same key, to another process."""
    try:
        await scene.start(ports, payment_method=method)
    except PaymentUnavailable:
        return
