"""What somebody is told, live.

Invariant: nothing that is committed is skipped. Ids are in the order in which things happened and commits are not, so
the feed goes by (xid, id) and is read only below the oldest open transaction, as a shop's feed of orders is.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, cast, func, select, tuple_

from domain.notifications.events import notifications_topic
from domain.notifications.model import Notification
from domain.notifications.reads import NotificationView, notification_of
from domain.shared.columns import Xid8
from domain.shared.database import Query, Reads, table
from domain.shared.feeds import BATCH_MAX, Hints, follow
from domain.shared.paging import CursorMismatch, Keyset

SETTLE_TRIES_MAX: Final = 20
SETTLE_SECONDS: Final = 0.05
"""How often, and after what pause, what is visible but not yet below the horizon is looked at again."""

_notifications = table(Notification)
_HORIZON = select(func.pg_snapshot_xmin(func.pg_current_snapshot()))
_NOTHING: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class AddedNotification:
    """A notification and its place in the feed, as the text to resume after."""

    cursor: str
    notification: NotificationView


@dataclass(frozen=True, slots=True)
class _Placed:
    id: UUID
    xid: int
    settled: bool


_AFTER = Query(
    select(_notifications.c.id, _notifications.c.xid, _notifications.c.xid < _HORIZON.scalar_subquery())
    .where(
        _notifications.c.recipient_id == bindparam("recipient_id"),
        tuple_(_notifications.c.xid, _notifications.c.id) > tuple_(cast(bindparam("xid"), Xid8()), bindparam("id")),
    )
    .order_by(_notifications.c.xid, _notifications.c.id)
    .limit(BATCH_MAX),
    _Placed,
)


async def follow_notifications(
    user_id: UUID, *, after: str | None, reads: Reads, hints: Hints
) -> AsyncGenerator[AddedNotification, None]:
    """Everything told to the user after a cursor (None: from now on), for ever. Raises CursorMismatch.

    `reads` is the primary's: a replica may lag behind the hint.
    """
    keyset = Keyset.of("told", user_id)

    async def read(cursor: tuple[int, UUID]) -> Sequence[tuple[tuple[int, UUID], _Placed]]:
        return [((row.xid, row.id), row) for row in await _settled(reads, user_id, cursor)]

    start = await _place(reads, keyset, after)
    async for row in follow(read, start, topic=notifications_topic(user_id), hints=hints):
        # What was told to somebody who has left the shop meanwhile is no longer theirs.
        found = await notification_of(reads, user_id, row.id)
        if found is not None:
            yield AddedNotification(keyset.encode((row.xid, row.id)), found)


async def _settled(reads: Reads, user_id: UUID, cursor: tuple[int, UUID]) -> list[_Placed]:
    """Rows after the cursor up to the horizon. When all that is new lies beyond it, a few more looks: the hint has
    been used up, and the poll would be late."""
    for _ in range(SETTLE_TRIES_MAX):
        rows = await reads.all(_AFTER, recipient_id=user_id, xid=cursor[0], id=cursor[1])
        settled = list(takewhile(lambda row: row.settled, rows))
        if settled or not rows:
            return settled
        await asyncio.sleep(SETTLE_SECONDS)
    return []


async def _place(reads: Reads, keyset: Keyset, after: str | None) -> tuple[int, UUID]:
    if after is None:
        # Everything older is settled; whatever is open now is still to come.
        return int(await reads.scalar(_HORIZON)), _NOTHING
    values = keyset.decode(after)
    try:
        xid, id_ = values
        return int(str(xid)), UUID(str(id_))
    except ValueError as fault:
        raise CursorMismatch() from fault
