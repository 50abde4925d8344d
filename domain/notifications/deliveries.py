"""The mails themselves, for those who run the marketplace: what waits, what failed and why, and trying it again.

Invariant: only what has failed for good is tried again by hand; what waits comes by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.notifications.model import (
    DELIVERY_TRANSITIONS,
    DeliveryState,
    MailDelivery,
    Notification,
    NotificationKind,
)
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Query, Reads, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import MailDeliveryId
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest
from domain.shared.transitions import Party

_deliveries, _notifications = table(MailDelivery), table(Notification)


@dataclass(frozen=True, slots=True)
class DeliveryView:
    id: UUID
    kind: NotificationKind
    recipient_id: UUID
    state: DeliveryState
    attempts: int
    message_id: str | None
    next_try_at: datetime
    last_error: str
    created_at: datetime
    ended_at: datetime | None

    @property
    def allowed_actions(self) -> tuple[str, ...]:
        return DELIVERY_TRANSITIONS.actions(self.state, Party.ADMIN)


_FROM_NOTIFICATION = ("kind", "recipient_id")
_VIEW = select(
    *(
        (_notifications if name in _FROM_NOTIFICATION else _deliveries).c[name]
        for name in DeliveryView.__dataclass_fields__
    )
).join(_notifications, _notifications.c.id == _deliveries.c.id)
_ONE = Query(_VIEW.where(_deliveries.c.id == bindparam("id")), DeliveryView)


@command
class RetryMail:
    mail_id: MailDeliveryId


async def retry_mail(command: RetryMail, *, actor: Actor, db: Database) -> UUID:
    """The mail waits again, with all its attempts. Raises NotPermitted, NotFound, IllegalTransition."""
    actor.admin()

    async def step(tx: Tx) -> UUID:
        rows = await tx.lock(MailDelivery, [command.mail_id])
        if not rows:
            raise NotFound("mail_delivery")
        mail = rows[0]
        DELIVERY_TRANSITIONS.check(mail.state, DeliveryState.WAITING, Party.ADMIN)
        mail.state, mail.attempts = DeliveryState.WAITING, 0
        # Its days count anew: else what was given up for its age would be given up again.
        mail.next_try_at, mail.created_at, mail.ended_at = tx.now, tx.now, None
        return mail.id

    return await db.run(step)


async def delivery_by_id(reads: Reads, id_: UUID) -> DeliveryView | None:
    """For administrators."""
    return await reads.first(_ONE, id=id_)


def deliveries_keyset(state: DeliveryState | None) -> Keyset:
    return Keyset.of("newest", state)


async def deliveries_page(reads: Reads, state: DeliveryState | None, request: PageRequest) -> Page[DeliveryView]:
    """Everybody's, newest first."""
    parameters: dict[str, Any] = {"limit": request.first + 1}
    if state is not None:
        parameters["state"] = state.value
    if request.key is not None:
        parameters["key"] = request.key_id()
    query = _page(state is not None, request.key is not None, request.backwards)
    return deliveries_keyset(state).page(request, await reads.all(query, **parameters), lambda row: (row.id,))


async def count_deliveries(reads: Reads, state: DeliveryState | None) -> int:
    """At most COUNT_MAX + 1."""
    parameters = {"state": state.value} if state is not None else {}
    count: int = await reads.scalar(_count(state is not None).statement, **parameters)
    return count


@cache
def _page(filtered: bool, keyed: bool, backwards: bool) -> Query[DeliveryView]:
    statement = _VIEW.limit(bindparam("limit"))
    if filtered:
        statement = statement.where(_deliveries.c.state == bindparam("state"))
    if keyed:
        key = bindparam("key", type_=_deliveries.c.id.type)
        statement = statement.where(_deliveries.c.id > key if backwards else _deliveries.c.id < key)
    return Query(statement.order_by(_deliveries.c.id if backwards else _deliveries.c.id.desc()), DeliveryView)


@cache
def _count(filtered: bool) -> Query[int]:
    inner = select(_deliveries.c.id)
    if filtered:
        inner = inner.where(_deliveries.c.state == bindparam("state"))
    return Query(select(func.count()).select_from(inner.limit(COUNT_MAX + 1).subquery()), int)
