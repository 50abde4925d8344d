"""Marking notifications as read, and forgetting old ones.

Invariant: a mark is made once and keeps its time; nobody marks what is not theirs.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import delete, select, update

from domain.notifications.model import OPEN, MailDelivery, Notification
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput
from domain.shared.ids import NotificationId

MARKED_MAX: Final = 100
UP_TO_MAX: Final = 10_000
RETENTION: Final = timedelta(days=400)
BATCH_MAX: Final = 1_000

_notifications, _deliveries = table(Notification), table(MailDelivery)


@command
class MarkNotificationsRead:
    """Either some, or one and everything older. Ids of others, and unknown ones, are passed over."""

    ids: Annotated[tuple[NotificationId, ...], Field(max_length=MARKED_MAX)] | None = None
    up_to: NotificationId | None = None


async def mark_read(command: MarkNotificationsRead, *, actor: Actor, db: Database) -> int:
    """How many were marked just now, at most UP_TO_MAX. Raises InvalidInput unless exactly one way is taken."""
    user_id = actor.user()
    if (command.ids is None) == (command.up_to is None):
        raise InvalidInput.at("ids", "ONE_OF", "Give either ids or upTo.")

    async def step(tx: Tx) -> int:
        chosen = select(_notifications.c.id).where(
            _notifications.c.recipient_id == user_id, _notifications.c.read_at.is_(None)
        )
        if command.ids is not None:
            chosen = chosen.where(_notifications.c.id.in_(command.ids))
        else:
            chosen = chosen.where(_notifications.c.id <= command.up_to).limit(UP_TO_MAX)
        locked = chosen.order_by(_notifications.c.id.desc()).with_for_update()
        marked = await tx.execute(update(_notifications).where(_notifications.c.id.in_(locked)).values(read_at=tx.now))
        return int(marked.rowcount)

    return await db.run(step)


async def forget_old(*, db: Database) -> int:
    """Removes at most BATCH_MAX notifications, with their mails, that are older than RETENTION; how many.

    One whose mail is still on its way stays.
    """

    async def step(tx: Tx) -> int:
        unsent = select(_deliveries.c.id).where(_deliveries.c.id == _notifications.c.id, _deliveries.c.state.in_(OPEN))
        old = await tx.execute(
            select(_notifications.c.id)
            .where(_notifications.c.id < first_id_at(tx.now - RETENTION), ~unsent.exists())
            .order_by(_notifications.c.id)
            .limit(BATCH_MAX)
            .with_for_update(skip_locked=True)
        )
        ids = list(old.scalars())
        if ids:
            await tx.execute(delete(_deliveries).where(_deliveries.c.id.in_(ids)))
            await tx.execute(delete(_notifications).where(_notifications.c.id.in_(ids)))
        return len(ids)

    return await db.run(step)


def first_id_at(moment: datetime) -> UUID:
    """The least UUIDv7 of a moment: rows by id are rows by time."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
