"""Receiving messages from outside: stored before they are answered, worked by a job.

Invariant: a message is known by (source, external id); however often it is delivered, one row and one job come of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, literal_column, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from domain.inbox.events import MessageReceived
from domain.inbox.model import InboxMessage
from domain.shared.columns import TIME
from domain.shared.database import Database, Given, Query, Reads, Tx, Write, only, table
from domain.shared.ids import new_id

FIRST_PAUSE: Final = timedelta(hours=1)
"""From the arrival to the first sweep: by then the message's own job has been tried for the last time."""

_messages = table(InboxMessage)
_given = Given("given", source=Text, external_id=Text, id=Uuid, kind=Text, object_ref=Text, details=JSONB)
_standing = {
    "received_at": bindparam("received_at", type_=TIME),
    "sweeps": literal_column("0"),
    "due_at": bindparam("due_at", type_=TIME),
}
_RECEIVE = Write(
    insert(_messages)
    .from_select([*_given.rows.c.keys(), *_standing], select(_given.rows, *_standing.values()))
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
    [new] = await receive_all([incoming], db=db)
    return new


async def receive_all(incoming: Sequence[Incoming], *, db: Database) -> list[bool]:
    """The same for several at once, in one transaction. Of two that are the same the first is new."""
    ids = [new_id() for _ in incoming]

    async def step(tx: Tx) -> set[UUID]:
        rows = [
            (each.source, each.external_id, id_, each.kind, each.object_ref, dict(each.details))
            # In one order, so that two who are told the same things wait for each other and never deadlock.
            for each, id_ in sorted(
                zip(incoming, ids, strict=True), key=lambda pair: (pair[0].source, pair[0].external_id)
            )
        ]
        fresh = set(
            await tx.write(_RECEIVE, **_given.parameters(rows), received_at=tx.now, due_at=tx.now + FIRST_PAUSE)
        )
        for each, id_ in zip(incoming, ids, strict=True):
            if id_ in fresh:
                tx.record(each.event(at=tx.now, message_id=id_, source=each.source))
        return fresh

    fresh = await db.run(step)
    return [id_ in fresh for id_ in ids]


async def message_by_id(reads: Reads, message_id: UUID) -> Message | None:
    return await reads.first(_MESSAGE, id=message_id)


async def mark_worked(tx: Tx, *message_ids: UUID) -> None:
    """Their jobs are done with them, and no sweep takes them up again."""
    await tx.execute(update(_messages).where(_messages.c.id.in_(message_ids)).values(worked_at=tx.now, due_at=None))


async def leave_unworked(tx: Tx, message_id: UUID) -> None:
    """Nobody here knows what to do with it: it stays for whoever learns to, and no sweep tries in vain."""
    await tx.execute(update(_messages).where(_messages.c.id == message_id).values(due_at=None))
