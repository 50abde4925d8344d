"""Receiving messages from outside: stored before they are answered, worked by a job.

Invariant: a message is known by (source, external id); however often it is delivered, one row and one job come of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.inbox.events import MessageReceived
from domain.inbox.model import InboxMessage
from domain.shared.database import Database, Query, Reads, Tx, Write, only, table
from domain.shared.ids import new_id

FIRST_PAUSE: Final = timedelta(hours=1)
"""From the arrival to the first sweep: by then the message's own job has been tried for the last time."""

_messages = table(InboxMessage)
_RECEIVE = Write(
    insert(_messages)
    .values(
        {
            name: bindparam(name)
            for name in (
                "source",
                "external_id",
                "id",
                "kind",
                "object_ref",
                "details",
                "received_at",
                "sweeps",
                "due_at",
            )
        }
    )
    .on_conflict_do_nothing()
    .returning(_messages.c.id),
    only,
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """`object_ref` is what it is about in the sender's words; `details` only what a later read cannot tell.

    `event` is recorded for a message that is new.
    """

    event: type[MessageReceived]
    source: str
    external_id: str
    kind: str
    object_ref: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    id: UUID
    source: str
    kind: str
    object_ref: str
    details: dict[str, Any]


_MESSAGE = Query(
    select(_messages.c.id, _messages.c.source, _messages.c.kind, _messages.c.object_ref, _messages.c.details).where(
        _messages.c.id == bindparam("id")
    ),
    Message,
)


async def receive(incoming: Incoming, *, db: Database) -> bool:
    """True when the message is new. Once this returns, the message is safe and may be acknowledged."""

    async def step(tx: Tx) -> bool:
        message_id = new_id()
        inserted = await tx.write(
            _RECEIVE,
            source=incoming.source,
            external_id=incoming.external_id,
            id=message_id,
            kind=incoming.kind,
            object_ref=incoming.object_ref,
            details=dict(incoming.details),
            received_at=tx.now,
            sweeps=0,
            due_at=tx.now + FIRST_PAUSE,
        )
        if not inserted:
            return False
        tx.record(incoming.event(at=tx.now, message_id=message_id, source=incoming.source))
        return True

    return await db.run(step)


async def message_by_id(reads: Reads, message_id: UUID) -> Message | None:
    return await reads.first(_MESSAGE, id=message_id)


async def mark_worked(tx: Tx, *message_ids: UUID) -> None:
    """Their jobs are done with them, and no sweep takes them up again."""
    await tx.execute(update(_messages).where(_messages.c.id.in_(message_ids)).values(worked_at=tx.now, due_at=None))


async def leave_unworked(tx: Tx, message_id: UUID) -> None:
    """Nobody here knows what to do with it: it stays for whoever learns to, and no sweep tries in vain."""
    await tx.execute(update(_messages).where(_messages.c.id == message_id).values(due_at=None))
