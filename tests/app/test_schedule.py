"""One row that cannot be worked keeps no other waiting, and is not hushed up: it is raised, logged and counted."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.container import Container
from app.schedule import Sweep, run_once, run_schedule
from domain.catalog.model import Fulfilment
from domain.orders.completion import complete_due_orders
from domain.orders.model import OrderStatus
from domain.payments.errors import ProviderUnavailable
from domain.payments.refunding import resume_refunds
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.measures import NoMeasures
from domain.shared.sweeping import AWAY_MAX, one_by_one
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import give
from tests.domain.payments.test_refunding import ask, status_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.sales import a_sale, the_order


class FakeMeasures(NoMeasures):
    def __init__(self) -> None:
        self.sweeps: list[tuple[str, int]] = []

    def sweep(self, name: str, faults: int) -> None:
        self.sweeps.append((name, faults))


async def execute(container: Container, statement: str, **parameters: object) -> None:
    async def step(tx: Tx) -> None:
        await tx.execute(sa.text(statement), parameters)

    await container.ports.db.run(step)


async def test_an_order_that_cannot_be_completed_lets_the_others_pass(
    fresh_container: Container, clock: FakeClock
) -> None:
    poisoned, sound = [await a_sale(fresh_container, fulfilment=Fulfilment.PICKUP) for _ in range(2)]
    for sale in (poisoned, sound):
        await give(fresh_container, sale)
    # Its next event collides with its first: the database's fault, not a refusal of the domain. It is due first.
    await execute(
        fresh_container,
        "UPDATE \"order\" SET event_sequence = 0, release_due_at = release_due_at - interval '1 hour' WHERE id = :id",
        id=poisoned.order_id,
    )
    clock.advance(days=15)
    with pytest.raises(ExceptionGroup) as raised:
        await complete_due_orders(db=fresh_container.ports.db, clock=clock)
    [fault] = raised.value.exceptions
    assert fault.__notes__ == [f"while sweeping {poisoned.order_id}"]
    assert (await the_order(fresh_container, sound.order_id)).status is OrderStatus.COMPLETED
    assert (await the_order(fresh_container, poisoned.order_id)).status is OrderStatus.DELIVERED


async def test_refunds_that_cannot_be_asked_for_let_the_others_pass(
    fresh_container: Container, clock: FakeClock
) -> None:
    """Also when there are more of them than unanswered calls would be put up with."""
    gateway, ports = FakePaymentGateway(clock.now), fresh_container.ports
    for _ in range(AWAY_MAX + 1):
        poisoned = await a_sale(fresh_container, gateway=gateway)
        await ask(fresh_container, poisoned, 700)
        await execute(fresh_container, "UPDATE payment SET provider_ref = NULL WHERE id = :id", id=poisoned.payment_id)
    sound = await ask(fresh_container, await a_sale(fresh_container, gateway=gateway), 700)
    clock.advance(minutes=2)
    with pytest.raises(ExceptionGroup) as raised:
        await resume_refunds(db=ports.db, gateway=gateway, clock=clock)
    assert len(raised.value.exceptions) == AWAY_MAX + 1
    assert (await status_of(fresh_container, sound))[0] == "succeeded"


async def test_a_party_that_is_away_ends_the_batch() -> None:
    tried: list[UUID] = []

    async def work(id_: UUID) -> None:
        tried.append(id_)
        raise ProviderUnavailable("away")

    with pytest.raises(ExceptionGroup):
        await one_by_one([new_id() for _ in range(10)], work, away=ProviderUnavailable)
    assert len(tried) == AWAY_MAX


async def test_faults_are_counted_and_the_schedule_goes_on(container: Container) -> None:
    measures, stop = FakeMeasures(), asyncio.Event()

    async def fails(_: Container) -> int:
        raise ExceptionGroup("two", [ValueError("one"), ValueError("another")])

    async def stops(_: Container) -> int:
        stop.set()
        return 7

    assert await run_once(Sweep("poisoned", 60, fails), container, measures) == 0
    await run_schedule(container, stop, (Sweep("poisoned", 60, fails), Sweep("sound", 60, stops)), measures)
    assert sorted(measures.sweeps) == [("poisoned", 2), ("poisoned", 2), ("sound", 0)]
