"""No message is forgotten because the provider was away too long: unworked ones are queued again, with back-off."""

import asyncio
from itertools import pairwise
from uuid import UUID, uuid4

from app.container import Container
from app.jobs import MESSAGES
from app.provider_messages import apply_provider_message
from app.webhooks import PAYMENTS_SOURCE
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import Incoming, mark_worked, receive
from domain.inbox.sweeping import BATCH_MAX, SWEEPS_MAX, sweep_messages
from domain.payments.events import ProviderMessageReceived
from domain.payments.ports import ProviderEventKind
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import rows
from tests.domain.orders.lifecycle import rows_of


async def a_message(container: Container, kind: ProviderEventKind = ProviderEventKind.PAYMENT) -> UUID:
    external_id = uuid4().hex
    incoming = Incoming(ProviderMessageReceived, PAYMENTS_SOURCE, external_id, kind.value, object_ref="pi_1")
    assert await receive(incoming, db=container.ports.db)
    [message] = await rows(container, InboxMessage, external_id=external_id)
    found: UUID = message.id
    return found


async def jobs_of(container: Container, message_id: UUID) -> int:
    statement = (
        "SELECT count(*) AS n FROM pgqueuer WHERE entrypoint = 'apply_provider_message'"
        " AND convert_from(payload, 'UTF8') LIKE :wanted"
    )
    [found] = await rows_of(container, statement, wanted=f"%{message_id}%")
    jobs: int = found.n
    return jobs


async def test_an_unworked_message_is_queued_again_after_its_job_had_its_chance(
    fresh_container: Container, clock: FakeClock
) -> None:
    db, message_id = fresh_container.ports.db, await a_message(fresh_container)
    clock.advance(minutes=59)
    assert await sweep_messages(db, MESSAGES) == 0
    clock.advance(minutes=2)
    assert await sweep_messages(db, MESSAGES) == 1
    assert await jobs_of(fresh_container, message_id) == 2
    assert await sweep_messages(db, MESSAGES) == 0


async def test_it_comes_less_and_less_often_and_at_last_is_left_to_a_person(
    fresh_container: Container, clock: FakeClock
) -> None:
    db, message_id = fresh_container.ports.db, await a_message(fresh_container)
    clock.advance(hours=1)
    hours: list[int] = []
    for hour in range(24 * 14):
        if await sweep_messages(db, MESSAGES):
            hours.append(hour)
        clock.advance(hours=1, seconds=1)
    assert hours[:5] == [0, 1, 3, 7, 15]
    assert len(hours) == SWEEPS_MAX
    assert all(later - earlier <= 25 for earlier, later in pairwise(hours))
    message = await row_of(fresh_container, message_id)
    assert (message.worked_at, message.due_at) == (None, None)


async def test_what_is_worked_or_nobody_understands_is_left_alone(fresh_container: Container, clock: FakeClock) -> None:
    db = fresh_container.ports.db
    worked, strange = await a_message(fresh_container), await a_message(fresh_container, ProviderEventKind.OTHER)
    await db.run(lambda tx: mark_worked(tx, worked))
    event = ProviderMessageReceived(at=clock.now(), message_id=strange, source=PAYMENTS_SOURCE)
    await apply_provider_message(event, fresh_container)
    clock.advance(days=30)
    assert await sweep_messages(db, MESSAGES) == 0
    assert (await row_of(fresh_container, strange)).worked_at is None


async def test_a_flood_is_taken_up_in_batches_and_each_message_once(
    fresh_container: Container, clock: FakeClock
) -> None:
    db = fresh_container.ports.db
    ids = [await a_message(fresh_container) for _ in range(BATCH_MAX + 20)]
    clock.advance(hours=2)
    assert await sweep_messages(db, MESSAGES) == BATCH_MAX
    await asyncio.gather(*(sweep_messages(db, MESSAGES) for _ in range(4)))
    assert {await jobs_of(fresh_container, message_id) for message_id in ids} == {2}


async def row_of(container: Container, message_id: UUID) -> InboxMessage:
    message: InboxMessage
    [message] = await rows(container, InboxMessage, id=message_id)
    return message
