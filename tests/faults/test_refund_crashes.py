"""A refund survives the death of its process at every point: the buyer gets the money once, and the books say so.

The guarantee: wherever the program is cut off, before or after each commit and each call, what resumes afterwards
neither refunds twice nor forgets.
"""

from itertools import count
from uuid import UUID

from app.container import Container
from domain.payments.refunding import execute_refund, resume_refunds
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import held_for
from tests.domain.payments.test_refunding import ask, counted, given_back, status_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.faults.crashing import CrashingDatabase, Fuse, Killed, crashing_gateway
from tests.sales import Sale, a_sale

AMOUNT = 700


async def test_killed_anywhere_it_is_given_once(fresh_container: Container, clock: FakeClock) -> None:
    passed: list[str] = []
    for blows_at in count():
        gateway = FakePaymentGateway(clock.now)
        sale = await a_sale(fresh_container, gateway=gateway)
        fuse = await cut_off(fresh_container, clock, gateway, sale, blows_at, first_died=None)
        await finished(fresh_container, gateway, sale)
        if not fuse.blown:
            passed = fuse.passed
            break
    assert "after refund" in passed
    assert passed.count("after commit") == 2


async def test_killed_anywhere_while_taking_over_it_is_given_once(fresh_container: Container, clock: FakeClock) -> None:
    """The first died just after the effect, or just before it; who takes over dies too, at every point in turn."""
    for first_died in ("after refund", "before refund"):
        for blows_at in count():
            gateway = FakePaymentGateway(clock.now)
            sale = await a_sale(fresh_container, gateway=gateway)
            fuse = await cut_off(fresh_container, clock, gateway, sale, blows_at, first_died=first_died)
            await finished(fresh_container, gateway, sale)
            if not fuse.blown:
                break


async def cut_off(
    container: Container,
    clock: FakeClock,
    gateway: FakePaymentGateway,
    sale: Sale,
    blows_at: int,
    *,
    first_died: str | None,
) -> Fuse:
    """Runs a refund that dies at one point, perhaps after another that died earlier, and then what resumes it."""
    refund_id = await ask(container, sale, AMOUNT)
    ports = container.ports
    if first_died is not None:
        await die_at(container, gateway, refund_id, first_died)
        clock.advance(seconds=91)
    fuse = Fuse(blows_at)
    try:
        await execute_refund(refund_id, db=CrashingDatabase(ports.db, fuse), gateway=crashing_gateway(gateway, fuse))
    except Killed:
        assert fuse.blown
    for _ in range(3):
        clock.advance(minutes=5)
        await resume_refunds(db=ports.db, gateway=gateway, clock=clock)
    assert (await status_of(container, refund_id))[0] == "succeeded"
    return fuse


async def die_at(container: Container, gateway: FakePaymentGateway, refund_id: UUID, point: str) -> None:
    """Killed at the named point."""

    class Until(Fuse):
        def point(self, name: str) -> None:
            self.passed.append(name)
            if name == point:
                raise Killed(name)

    fuse = Until(10**6)
    try:
        await execute_refund(
            refund_id,
            db=CrashingDatabase(container.ports.db, fuse),
            gateway=crashing_gateway(gateway, fuse),
        )
    except Killed:
        return
    raise AssertionError(f"{point} was never passed: {fuse.passed}")


async def finished(container: Container, gateway: FakePaymentGateway, sale: Sale) -> None:
    assert given_back(gateway) == AMOUNT
    assert await counted(container, sale) == (AMOUNT, AMOUNT)
    assert await held_for(container, sale) == 2_500 - AMOUNT
