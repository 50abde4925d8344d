"""A mail survives the death of its worker at every point: none is lost, and the server knows a repetition for one.

The guarantee: wherever the program is cut off, before or after each commit and each conversation with the mail server,
the mail comes; it comes twice only when the server had taken it and nobody was left to write that down.
"""

import asyncio
from dataclasses import replace
from itertools import count

import pytest

from app.container import Container
from domain.notifications.mailing import send_due_mails
from domain.notifications.model import DeliveryState
from domain.notifications.ports import Mail, MailSender
from domain.notifications.telling import notify
from domain.orders.events import OrderPaid
from domain.users.events import PasswordChanged
from infra.mail.smtp import SmtpMailSender
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import rows_of
from tests.faults.crashing import CrashingDatabase, Fuse, Killed
from tests.mail_server import MailServer, Moment, mail_server
from tests.makers import a_buyer
from tests.sales import Sale, a_sale
from tests.told import kinds_to, mailing, states, tell

MAILS = 3
"""Of a paid order: two to the buyer, one to the shop's owner."""


class CrashingSender:
    def __init__(self, sender: MailSender, fuse: Fuse) -> None:
        self._sender = sender
        self._fuse = fuse

    async def send(self, mail: Mail) -> None:
        self._fuse.point("before send")
        await self._sender.send(mail)
        self._fuse.point("after send")


async def cut_off(container: Container, server: MailServer, blows_at: int) -> Fuse:
    """One worker sends what is due and dies at the given point, or comes through."""
    fuse = Fuse(blows_at)
    ports = mailing(container, CrashingSender(SmtpMailSender(server.at()), fuse))
    try:
        await send_due_mails(ports=replace(ports, db=CrashingDatabase(ports.db, fuse)))
    except Killed:
        assert fuse.blown
    return fuse


async def resumed(container: Container, server: MailServer, clock: FakeClock) -> None:
    """Other workers go on, after every lease and pause."""
    for _ in range(2):
        clock.advance(minutes=5)
        await send_due_mails(ports=mailing(container, SmtpMailSender(server.at())))
    assert await states(container) == {DeliveryState.SENT}


async def test_killed_anywhere_while_sending_no_mail_is_lost(fresh_container: Container, clock: FakeClock) -> None:
    passed: list[str] = []
    repeated = 0
    for blows_at in count():
        async with mail_server() as server:
            sale = await a_sale(fresh_container)
            await tell(fresh_container, sale.order_id)
            fuse = await cut_off(fresh_container, server, blows_at)
            taken_and_unwritten = await unwritten(fresh_container, server)
            await resumed(fresh_container, server, clock)
            ids = server.message_ids()
            assert len(set(ids)) == MAILS, "each mail came"
            assert {each for each in ids if ids.count(each) > 1} == taken_and_unwritten
            assert all(ids.count(each) <= 2 for each in ids)
            repeated += len(taken_and_unwritten)
        if not fuse.blown:
            passed = fuse.passed
            break
    assert {"before send", "after send", "before commit", "after commit"} <= set(passed)
    assert repeated, "the one case in which a mail comes twice was met"


async def unwritten(container: Container, server: MailServer) -> set[str]:
    """Message-IDs of mails that the server took and nobody wrote down."""
    rows = await rows_of(container, "SELECT message_id FROM mail_delivery WHERE state <> 'sent'")
    known = {f"<{row.message_id}>" for row in rows}
    return known & set(server.message_ids())


async def test_killed_anywhere_while_telling_everybody_is_told_once(fresh_container: Container) -> None:
    for blows_at in count():
        sale = await a_sale(fresh_container)
        fuse = Fuse(blows_at)
        try:
            await notify(
                await paid(fresh_container, sale), db=CrashingDatabase(fresh_container.ports.db, fuse), mails=True
            )
        except Killed:
            assert fuse.blown
        await tell(fresh_container, sale.order_id, times=2)
        assert await kinds_to(fresh_container, sale.buyer.user()) == ["order_paid", "order_placed"]
        assert await kinds_to(fresh_container, sale.seller.user()) == ["new_order"]
        mailless = await rows_of(
            fresh_container,
            "SELECT id FROM notification n WHERE NOT EXISTS (SELECT 1 FROM mail_delivery d WHERE d.id = n.id)",
        )
        assert mailless == []
        if not fuse.blown:
            assert "before commit" in fuse.passed
            return


async def paid(container: Container, sale: Sale) -> OrderPaid:
    """The event of the order's payment, as its job gets it."""
    (row,) = await rows_of(
        container, "SELECT id, sequence, at FROM order_event WHERE order_id = :id AND kind = 'paid'", id=sale.order_id
    )
    return OrderPaid(
        event_id=row.id,
        at=row.at,
        order_id=sale.order_id,
        seller_id=sale.seller.seller(),
        buyer_id=sale.buyer.user(),
        sequence=row.sequence,
    )


@pytest.mark.parametrize("drop", list(Moment))
async def test_server_and_worker_die_one_after_the_other(
    fresh_container: Container, clock: FakeClock, drop: Moment
) -> None:
    """The server drops the connection; the worker that wants to write that down dies at each point in turn."""
    for blows_at in count():
        async with mail_server() as server:
            server.drops = [drop]
            await one_mail(fresh_container)
            fuse = await cut_off(fresh_container, server, blows_at)
            await resumed(fresh_container, server, clock)
            assert len(set(server.message_ids())) == 1
            assert len(server.mails) <= 2
        if not fuse.blown:
            return


async def one_mail(container: Container) -> None:
    """Somebody's password was changed."""
    person = await a_buyer(container)
    event = PasswordChanged(at=container.ports.clock.now(), user_id=person.user())
    await notify(event, db=container.ports.db, mails=True)


async def test_a_worker_cancelled_in_the_middle_of_a_conversation_leaves_the_mail_to_others(
    fresh_container: Container, clock: FakeClock
) -> None:
    sale = await a_sale(fresh_container)
    await tell(fresh_container, sale.order_id)
    async with mail_server() as server:
        server.holds_at = Moment.AT_RECIPIENT
        sending = asyncio.create_task(send_due_mails(ports=mailing(fresh_container, SmtpMailSender(server.at()))))
        async with asyncio.timeout(20):
            await server.holding.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert DeliveryState.SENDING in await states(fresh_container)
        server.go_on.set()
        await resumed(fresh_container, server, clock)
        assert len(set(server.message_ids())) == MAILS
