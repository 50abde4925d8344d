"""Messages whose job has failed for good are given a new one, less and less often.

Invariant: a message is either worked, or due again, or has been tried SWEEPS_MAX times over about a week; then its
jobs stand among the dead letters, where a person finds them. None is forgotten because of an outage.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import case, func, select, text, update

from domain.inbox.events import MessageReceived
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import FIRST_PAUSE
from domain.shared.database import Database, Tx, table

BATCH_MAX: Final = 100
SWEEPS_MAX: Final = 10
PAUSE_MAX: Final = timedelta(days=1)

_messages = table(InboxMessage)


async def sweep_messages(db: Database, events: Mapping[str, type[MessageReceived]]) -> int:
    """Queues the messages that are due, at most BATCH_MAX, each with its next time; how many. Others' are skipped.

    `events` has for each source what tells its handlers.
    """
    return await db.run(partial(_queue_again, events=events))


async def _queue_again(tx: Tx, *, events: Mapping[str, type[MessageReceived]]) -> int:
    due = (
        select(_messages.c.id)
        # As in the partial index.
        .where(text("worked_at IS NULL AND due_at IS NOT NULL"), _messages.c.due_at <= tx.now)
        .order_by(_messages.c.due_at)
        .limit(BATCH_MAX)
        .with_for_update(skip_locked=True)
    )
    pause = func.least(FIRST_PAUSE * func.power(2, _messages.c.sweeps), PAUSE_MAX)
    queued = await tx.execute(
        update(_messages)
        .where(_messages.c.id.in_(due))
        .values(
            sweeps=_messages.c.sweeps + 1,
            due_at=case((_messages.c.sweeps + 1 < SWEEPS_MAX, tx.now + pause), else_=None),
        )
        .returning(_messages.c.id, _messages.c.source)
    )
    rows = queued.all()
    for row in rows:
        tx.record(events[row.source](at=tx.now, message_id=row.id, source=row.source))
    return len(rows)
