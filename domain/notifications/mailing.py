"""Sending the mails of notifications: T1 (a lease), the server's answer, T2.

Invariant: a mail that is not at its end is tried again, wherever the program was cut off; it comes twice only where a
server took it and its yes was lost, and then with the same Message-ID. A server that is down costs a mail nothing but
time.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import uniform
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, exists, select, text

from domain.notifications.composing import MailFacts, compose, message_id
from domain.notifications.errors import MailDeferred, MailRefused, MailServerDown
from domain.notifications.model import (
    DELIVERY_TRANSITIONS,
    OPEN,
    DeliveryState,
    MailDelivery,
    MailPreference,
    Notification,
)
from domain.notifications.ports import Mail, MailPorts, MailSender
from domain.notifications.reads import ENTITLED, selection
from domain.notifications.wording import one_line
from domain.shared.database import Database, Query, Tx, table
from domain.shared.transitions import Party
from domain.users.model import User, UserStatus

SEND_SECONDS_MAX: Final = 60.0
"""All of one mail's conversation with the server."""
LEASE: Final = timedelta(seconds=120)
"""Longer than a send may take."""
ATTEMPTS_MAX: Final = 16
PAUSE_SECONDS: Final = 30
PAUSE_SECONDS_MAX: Final = 3600
"""The pause doubles from the first to the second: sixteen attempts take about ten hours."""
GIVE_UP: Final = timedelta(days=5)
"""However long the server is down: what is older is news to nobody."""
BATCH_MAX: Final = 40
AT_ONCE_MAX: Final = 4
ERROR_MAX: Final = 300

_D = DeliveryState
_deliveries, _users = table(MailDelivery), table(User)
_notifications, _preferences = table(Notification), table(MailPreference)


@dataclass(frozen=True, slots=True)
class _Due:
    id: UUID


@dataclass(frozen=True, slots=True)
class _Claim:
    """A mail that is ours until the lease ends. `attempt` tells our answer from that of whoever takes it over."""

    id: UUID
    attempt: int
    mail: Mail


_DUE = Query(
    select(_deliveries.c.id)
    .where(
        # As in the partial index: with parameters the planner could not use it.
        text("state IN ('waiting', 'sending')"),
        _deliveries.c.next_try_at <= bindparam("now"),
    )
    .order_by(_deliveries.c.next_try_at)
    .limit(bindparam("limit")),
    _Due,
)
_UNWANTED = exists().where(
    _preferences.c.user_id == _notifications.c.recipient_id,
    _preferences.c.kind == _notifications.c.kind,
    _preferences.c.mail.is_(False),
)
_FACTS = Query(
    selection(
        MailFacts.__dataclass_fields__,
        {
            "email": _users.c.email,
            "display_name": _users.c.display_name,
            "status": _users.c.status,
            "entitled": ENTITLED,
            "wanted": ~_UNWANTED,
        },
    ).where(_notifications.c.id == bindparam("id")),
    MailFacts,
)


async def send_due_mails(*, ports: MailPorts, limit: int = BATCH_MAX) -> int:
    """Mails whose time has come, at most `limit`; how many were looked at.

    Raises MailServerDown when it is; the mails wait. Any other fault is ours and about one mail: an ExceptionGroup of
    them, not hidden behind the server's absence, is raised when the others had their turn.
    """
    assert 1 <= limit <= BATCH_MAX
    if ports.sender is None:
        return 0
    due = await ports.db.primary.all(_DUE, now=ports.clock.now(), limit=limit)
    faults: list[Exception] = []
    for start in range(0, len(due), AT_ONCE_MAX):
        chunk = due[start : start + AT_ONCE_MAX]
        for outcome in await asyncio.gather(
            *(send_mail(each.id, sender=ports.sender, ports=ports) for each in chunk), return_exceptions=True
        ):
            if isinstance(outcome, Exception):
                faults.append(outcome)
            elif outcome is not None:
                raise outcome  # the process ends
        if any(isinstance(fault, MailServerDown) for fault in faults):
            break
    ours = [fault for fault in faults if not isinstance(fault, MailServerDown)]
    if ours:
        raise ExceptionGroup(f"{len(ours)} of {len(due)} mails could not be worked", ours)
    for down in faults:
        raise down
    return len(due)


async def send_mail(id_: UUID, *, sender: MailSender, ports: MailPorts) -> None:
    """Try one mail once; nothing when it is over, or somebody else is at it. Raises MailServerDown."""
    claim = await ports.db.run(partial(_claim, id_=id_, ports=ports))
    if claim is None:
        return
    try:
        await sender.send(claim.mail)
    except MailRefused as fault:
        await _end(ports.db, claim, _D.REFUSED, fault.reason)
    except MailDeferred as fault:
        await _end(ports.db, claim, _D.WAITING, fault.reason)
    except MailServerDown as fault:
        await _end(ports.db, claim, _D.WAITING, fault.reason, counts=False)
        raise
    else:
        await _end(ports.db, claim, _D.SENT, "")


async def _claim(tx: Tx, *, id_: UUID, ports: MailPorts) -> _Claim | None:
    rows = await tx.lock(MailDelivery, [id_], skip_locked=True)
    if not rows or rows[0].state not in OPEN or rows[0].next_try_at > tx.now:
        return None
    delivery = rows[0]
    facts = await tx.reads.first(_FACTS, id=id_)
    assert facts is not None, "a mail has its notification"
    if (why := _not_to_be_sent(facts)) is not None:
        _move(delivery, _D.SKIPPED, why, tx.now)
    elif delivery.attempts >= ATTEMPTS_MAX or tx.now - delivery.created_at > GIVE_UP:
        _move(delivery, _D.DEAD, delivery.last_error or "it was never answered", tx.now)
    else:
        _move(delivery, _D.SENDING, delivery.last_error, tx.now)
        delivery.attempts += 1
        delivery.next_try_at = tx.now + LEASE
        delivery.message_id = delivery.message_id or message_id(facts, ports.terms)
        return _Claim(id_, delivery.attempts, compose(facts, delivery.message_id, ports.terms))
    return None


def _not_to_be_sent(facts: MailFacts) -> str | None:
    if facts.status is UserStatus.ERASED:
        return "the account is gone"
    if not facts.entitled:
        return "they no longer work for the shop"
    return None if facts.wanted else "they want no mail of this kind"


async def _end(db: Database, claim: _Claim, state: DeliveryState, reason: str, *, counts: bool = True) -> None:
    async def step(tx: Tx) -> None:
        for delivery in await tx.lock(MailDelivery, [claim.id]):
            if state is _D.SENT:
                if delivery.state is not _D.SENT:
                    _move(delivery, _D.SENT, "", tx.now)
            elif delivery.state is _D.SENDING and delivery.attempts == claim.attempt:
                _retreat(delivery, state, _kept(reason, claim.mail.to), tx.now, counts=counts)

    await db.run(step)


def _retreat(delivery: MailDelivery, state: DeliveryState, reason: str, now: datetime, *, counts: bool) -> None:
    if state is _D.WAITING and counts and delivery.attempts >= ATTEMPTS_MAX:
        state = _D.DEAD
    if not counts:
        delivery.attempts -= 1
    _move(delivery, state, reason, now)
    if state is _D.WAITING:
        delivery.next_try_at = now + timedelta(seconds=pause_seconds(delivery.attempts if counts else 1))


def _move(delivery: MailDelivery, state: DeliveryState, reason: str, now: datetime) -> None:
    DELIVERY_TRANSITIONS.check(delivery.state, state, Party.SYSTEM)
    delivery.state, delivery.last_error = state, reason
    delivery.ended_at = None if state in OPEN else now


def pause_seconds(attempts: int) -> float:
    """Until the next attempt: doubling, bounded, and spread so that mails deferred together do not return together."""
    return float(min(PAUSE_SECONDS * 2 ** (attempts - 1), PAUSE_SECONDS_MAX)) * uniform(0.8, 1.2)  # noqa: S311


def _kept(reason: str, address: str) -> str:
    """A server's words as they may be kept: one line, without the address that they like to repeat."""
    return one_line(reason.replace(address, "<the recipient>"))[:ERROR_MAX]
