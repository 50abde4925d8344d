"""However often and in whatever company a message is delivered, one row and one job come of it."""

import asyncio
from uuid import uuid4

from app.container import Container
from app.webhooks import PAYMENTS_SOURCE
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import Incoming, receive, receive_all
from domain.payments.events import ProviderMessageReceived
from domain.payments.ports import ProviderEventKind
from tests.domain.checkout.scenes import rows
from tests.domain.inbox.test_sweeping import jobs_of


def a_message(external_id: str | None = None) -> Incoming:
    return Incoming(
        ProviderMessageReceived,
        PAYMENTS_SOURCE,
        external_id or uuid4().hex,
        ProviderEventKind.PAYMENT.value,
        object_ref="pi_1",
        details={"name": "payment_intent.succeeded", "account_ref": None},
    )


async def test_of_several_at_once_those_that_are_new_are_taken(container: Container) -> None:
    db, known, twice, other = container.ports.db, a_message(), a_message(), a_message()
    assert await receive(known, db=db)
    assert await receive_all([other, twice, known, twice], db=db) == [True, True, False, False]
    for message in (known, twice, other):
        [row] = await rows(container, InboxMessage, external_id=message.external_id)
        assert (row.object_ref, row.details) == (message.object_ref, message.details)
        assert await jobs_of(container, row.id) == 1


async def test_two_processes_that_are_told_the_same_things_agree(container: Container) -> None:
    messages = [a_message() for _ in range(20)]
    here, there = await asyncio.gather(
        receive_all(messages, db=container.ports.db), receive_all(messages[::-1], db=container.ports.db)
    )
    assert [mine != theirs for mine, theirs in zip(here, reversed(there), strict=True)] == [True] * 20
