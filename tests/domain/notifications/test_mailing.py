"""Mails over a real SMTP server. The guarantee: none is lost and none is sent for ever.

Whatever the server does, each mail comes to an end that is kept with its reason; a mail comes twice only where the
server took it and its answer was lost, and then with the same Message-ID.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.container import Container
from domain.notifications.deliveries import RetryMail, retry_mail
from domain.notifications.errors import MailServerDown
from domain.notifications.mailing import (
    AT_ONCE_MAX,
    ATTEMPTS_MAX,
    GIVE_UP,
    LEASE,
    PAUSE_SECONDS_MAX,
    SEND_SECONDS_MAX,
    pause_seconds,
    send_due_mails,
    send_mail,
)
from domain.notifications.model import DELIVERY_TRANSITIONS, KINDS, OPEN, DeliveryState
from domain.notifications.ports import Mail, MailSender
from domain.notifications.preferences import Preference, UpdateNotificationPreferences, update_preferences
from domain.sellers.model import SellerMember
from domain.shared.errors import IllegalTransition, NotPermitted
from domain.shared.transitions import Party
from domain.users.model import User, UserStatus
from infra.mail.smtp import SmtpMailSender
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import rows_of
from tests.mail_server import MailServer, Moment, mail_server
from tests.makers import an_admin, change
from tests.sales import Sale, a_sale
from tests.told import deliveries, mailing, states, tell, the_delivery, told_to


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as made:
        yield made


async def told(container: Container) -> Sale:
    """A paid order: two mails to its buyer, one to the shop's owner."""
    sale = await a_sale(container)
    await tell(container, sale.order_id)
    return sale


async def one_mail(container: Container) -> Sale:
    """The same, but only the mail that says `paid` is still to be sent."""
    sale = await told(container)
    for id_ in await deliveries(container):
        if id_ not in [each.id for each in await told_to(container, sale.buyer.user()) if each.kind == "order_paid"]:
            await change_state(container, id_, "sent")
    return sale


async def change_state(container: Container, id_: object, state: str) -> None:
    await rows_of(container, "UPDATE mail_delivery SET state = :state WHERE id = :id RETURNING id", id=id_, state=state)


async def run(container: Container, sender: MailSender | None) -> int:
    return await send_due_mails(ports=mailing(container, sender))


async def the_open(container: Container) -> list[DeliveryState]:
    return [DeliveryState(row.state) for row in (await deliveries(container)).values() if row.state in OPEN]


async def test_mails_reach_those_whom_they_are_for(fresh_container: Container, server: MailServer) -> None:
    sale = await told(fresh_container)
    assert await run(fresh_container, SmtpMailSender(server.at())) == 3
    assert await states(fresh_container) == {DeliveryState.SENT}
    (address,) = await rows_of(fresh_container, 'SELECT email FROM "user" WHERE id = :id', id=sale.buyer.user())
    subjects = {str(mail["Subject"]) for mail in server.mails_to(address.email)}
    (order,) = await rows_of(fresh_container, 'SELECT number FROM "order" WHERE id = :id', id=sale.order_id)
    assert subjects == {"Your order is placed", f"Order {order.number} is paid"}
    paid = next(mail for mail in server.mails if "is paid" in str(mail["Subject"]))
    text, page = (paid.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert "25.00 EUR" in text.get_content()
    assert "Anne&#x27;s Lamps" in page.get_content()
    assert f"{fresh_container.settings.public_url}/orders/ord_" in text.get_content()
    assert await run(fresh_container, SmtpMailSender(server.at())) == 0, "nothing is left to send"


async def test_a_server_that_is_down_costs_nothing_but_time(
    fresh_container: Container, clock: FakeClock, server: MailServer
) -> None:
    await told(fresh_container)
    sender = SmtpMailSender(server.at())
    await server.stop()
    for _ in range(ATTEMPTS_MAX + 2):
        with pytest.raises(MailServerDown):
            await run(fresh_container, sender)
        clock.advance(minutes=1)
    assert {row.attempts for row in (await deliveries(fresh_container)).values()} == {0}
    await server.start()
    clock.advance(minutes=1)
    await run(fresh_container, sender)
    assert await states(fresh_container) == {DeliveryState.SENT}
    assert len(server.message_ids()) == len(set(server.message_ids())) == 3


async def test_what_nobody_could_send_for_five_days_is_given_up_and_can_be_retried(
    fresh_container: Container, clock: FakeClock, server: MailServer
) -> None:
    await one_mail(fresh_container)
    sender = SmtpMailSender(server.at())
    await server.stop()
    with pytest.raises(MailServerDown):
        await run(fresh_container, sender)
    clock.advance(seconds=GIVE_UP.total_seconds() + 60)
    await run(fresh_container, sender)
    (dead,) = [row for row in (await deliveries(fresh_container)).values() if row.state == "dead"]
    assert "127.0.0.1" in dead.last_error
    await server.start()
    admin = await an_admin(fresh_container)
    await retry_mail(RetryMail(mail_id=dead.id), actor=admin, db=fresh_container.ports.db)
    await run(fresh_container, sender)
    assert await states(fresh_container) == {DeliveryState.SENT}
    with pytest.raises(IllegalTransition):
        await retry_mail(RetryMail(mail_id=dead.id), actor=admin, db=fresh_container.ports.db)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_permanent_refusal_is_final_and_keeps_its_reason_without_the_address(
    fresh_container: Container, clock: FakeClock, server: MailServer, command: str
) -> None:
    sale = await one_mail(fresh_container)
    (user,) = await rows_of(fresh_container, 'SELECT email FROM "user" WHERE id = :id', id=sale.buyer.user())
    server.answers = [(command, f"550 5.1.1 <{user.email}>: nobody of that name")]
    await run(fresh_container, SmtpMailSender(server.at()))
    (refused,) = [row for row in (await deliveries(fresh_container)).values() if row.state == "refused"]
    assert refused.last_error == "550 5.1.1 <<the recipient>>: nobody of that name"
    clock.advance(days=2)
    assert await run(fresh_container, SmtpMailSender(server.at())) == 0
    assert server.mails == []


async def test_a_server_that_says_later_is_asked_later(
    fresh_container: Container, clock: FakeClock, server: MailServer
) -> None:
    await one_mail(fresh_container)
    server.answers = [("RCPT", "451 4.7.1 greylisted"), ("DATA", "452 4.2.2 full")]
    sender = SmtpMailSender(server.at())
    for reason in ("451 4.7.1 greylisted", "452 4.2.2 full"):
        await run(fresh_container, sender)
        (waiting,) = [row for row in (await deliveries(fresh_container)).values() if row.state == "waiting"]
        assert waiting.last_error == reason
        assert await run(fresh_container, sender) == 0, "not before its time"
        clock.advance(minutes=2)
    await run(fresh_container, sender)
    assert await states(fresh_container) == {DeliveryState.SENT}
    assert len(server.mails) == 1


async def test_a_server_that_always_says_later_is_given_up(
    fresh_container: Container, clock: FakeClock, server: MailServer
) -> None:
    await one_mail(fresh_container)
    server.answers = [("RCPT", "451 not now")] * (ATTEMPTS_MAX + 5)
    for _ in range(ATTEMPTS_MAX + 5):
        await run(fresh_container, SmtpMailSender(server.at()))
        clock.advance(hours=2)
    (dead,) = [row for row in (await deliveries(fresh_container)).values() if row.state == "dead"]
    assert (dead.attempts, dead.last_error) == (ATTEMPTS_MAX, "451 not now")
    assert server.conversations == ATTEMPTS_MAX


@pytest.mark.parametrize("drop", [Moment.AT_RECIPIENT, Moment.BEFORE_DATA_IS_TAKEN])
async def test_a_connection_lost_before_the_mail_was_taken_sends_it_once(
    fresh_container: Container, clock: FakeClock, server: MailServer, drop: Moment
) -> None:
    await one_mail(fresh_container)
    server.drops = [drop]
    sender = SmtpMailSender(server.at())
    await run(fresh_container, sender)
    assert server.mails == []
    clock.advance(minutes=2)
    await run(fresh_container, sender)
    assert len(server.mails) == 1
    assert await states(fresh_container) == {DeliveryState.SENT}


async def test_a_yes_that_was_lost_repeats_the_mail_with_the_same_message_id(
    fresh_container: Container, clock: FakeClock, server: MailServer
) -> None:
    await one_mail(fresh_container)
    server.drops = [Moment.AFTER_DATA_WAS_TAKEN]
    sender = SmtpMailSender(server.at())
    await run(fresh_container, sender)
    assert (len(server.mails), len(await the_open(fresh_container))) == (1, 1)
    clock.advance(minutes=2)
    await run(fresh_container, sender)
    assert len(server.message_ids()) == 2
    assert len(set(server.message_ids())) == 1
    assert await states(fresh_container) == {DeliveryState.SENT}


async def test_a_sender_that_is_refused_is_no_fault_of_the_mail(
    fresh_container: Container, clock: FakeClock, server: MailServer
) -> None:
    await one_mail(fresh_container)
    server.answers = [("MAIL", "550 we know no such sender")]
    with pytest.raises(MailServerDown, match="no such sender"):
        await run(fresh_container, SmtpMailSender(server.at()))
    clock.advance(minutes=2)
    await run(fresh_container, SmtpMailSender(server.at()))
    assert len(server.mails) == 1


async def test_many_workers_send_each_mail_once(fresh_container: Container, server: MailServer) -> None:
    for _ in range(5):
        await told(fresh_container)
    sender = SmtpMailSender(server.at())
    await asyncio.gather(*(run(fresh_container, sender) for _ in range(4)))
    assert await states(fresh_container) == {DeliveryState.SENT}
    assert len(server.message_ids()) == len(set(server.message_ids())) == 15


async def test_what_is_no_longer_wanted_is_not_sent(fresh_container: Container, server: MailServer) -> None:
    """Between writing and sending: the buyer turned off what may be turned off, another was erased, a member left."""
    off, erased, left = [await told(fresh_container) for _ in range(3)]
    kinds = [kind for kind, terms in KINDS.items() if terms.optional]
    command = UpdateNotificationPreferences(preferences=tuple(Preference(kind=kind, mail=False) for kind in kinds))
    await update_preferences(command, actor=off.buyer, db=fresh_container.ports.db)
    await change(fresh_container, User, erased.buyer.user(), status=UserStatus.ERASED)
    await rows_of(
        fresh_container,
        f"DELETE FROM {SellerMember.__tablename__} WHERE user_id = :id RETURNING user_id",
        id=left.seller.user(),
    )
    await run(fresh_container, SmtpMailSender(server.at()))
    rows = await deliveries(fresh_container)
    skipped = {row.last_error for row in rows.values() if row.state == "skipped"}
    assert skipped == {
        "they want no mail of this kind",
        "the account is gone",
        "they no longer work for the shop",
    }
    assert len(server.mails) == len(rows) - 4


async def test_a_late_yes_counts_whoever_has_taken_over(fresh_container: Container, clock: FakeClock) -> None:
    """The first sender is slow beyond its lease; another takes over and hears "later"; then the first hears yes."""
    sale = await one_mail(fresh_container)
    (paid,) = [each for each in await told_to(fresh_container, sale.buyer.user()) if each.kind == "order_paid"]
    slow = FakeSlowSender()
    ports = mailing(fresh_container, slow)
    first = asyncio.create_task(send_mail(paid.id, sender=slow, ports=ports))
    async with asyncio.timeout(20):
        await slow.began.wait()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    async with mail_server() as server:
        server.answers = [("RCPT", "451 later")]
        await send_mail(paid.id, sender=SmtpMailSender(server.at()), ports=ports)
    assert (await the_delivery(fresh_container, paid.id)).state is DeliveryState.WAITING
    slow.go_on.set()
    await first
    assert (await the_delivery(fresh_container, paid.id)).state is DeliveryState.SENT


async def test_mails_that_cannot_be_worked_keep_no_other_waiting_and_are_told(fresh_container: Container) -> None:
    """More of them than are sent at once stand before the others."""
    sales = [await told(fresh_container) for _ in range(2)]
    sender = FakeFaultySender(faults=AT_ONCE_MAX)
    with pytest.raises(ExceptionGroup) as caught:
        await run(fresh_container, sender)
    assert [str(fault) for fault in caught.value.exceptions] == [FAULT] * AT_ONCE_MAX
    assert len(await deliveries(fresh_container)) == 3 * len(sales)
    assert sender.taken == 3 * len(sales) - AT_ONCE_MAX


FAULT = "nobody has thought of this"


class FakeFaultySender:
    """Has a fault of our own with its first mails, and takes the others."""

    def __init__(self, *, faults: int) -> None:
        self.faults = faults
        self.taken = 0

    async def send(self, mail: Mail) -> None:
        assert mail.message_id
        if self.faults:
            self.faults -= 1
            raise ValueError(FAULT)
        self.taken += 1


class FakeSlowSender:
    """Takes the mail when it is told to."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()

    async def send(self, mail: Mail) -> None:
        assert mail.message_id
        self.began.set()
        await self.go_on.wait()


async def test_only_administrators_retry_mails(container: Container) -> None:
    sale = await told(container)
    (any_, *_) = await told_to(container, sale.buyer.user())
    with pytest.raises(NotPermitted):
        await retry_mail(RetryMail(mail_id=any_.id), actor=sale.buyer, db=container.ports.db)


async def test_without_a_mail_server_nothing_is_tried(container: Container) -> None:
    assert container.mail.sender is None
    assert await send_due_mails(ports=container.mail) == 0


def test_a_lease_outlasts_a_send_and_pauses_are_bounded() -> None:
    assert timedelta(seconds=SEND_SECONDS_MAX) < LEASE
    pauses = [pause_seconds(attempt) for attempt in range(1, ATTEMPTS_MAX + 1)]
    assert all(0 < pause <= PAUSE_SECONDS_MAX * 1.2 for pause in pauses)
    assert sum(pauses) < GIVE_UP.total_seconds()


def test_every_end_but_sent_and_skipped_can_be_retried_and_nothing_leaves_sent() -> None:
    for source in DeliveryState:
        retried = DELIVERY_TRANSITIONS.allows(source, DeliveryState.WAITING, Party.ADMIN)
        assert retried is (source in (DeliveryState.REFUSED, DeliveryState.DEAD))
        assert not any(DELIVERY_TRANSITIONS.allows(DeliveryState.SENT, source, party) for party in Party)
        assert source is DeliveryState.SENT or DELIVERY_TRANSITIONS.allows(source, DeliveryState.SENT, Party.SYSTEM)
