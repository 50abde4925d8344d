"""What somebody is told, live.

Invariant: nothing that is committed is skipped. Ids are in the order in which things happened and commits are not, so
the feed goes by (xid, id), below the horizon (`domain.shared.feeds`).
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.notifications.events import notifications_topic
from domain.notifications.model import Notification
from domain.notifications.reads import NotificationView, notification_of
from domain.shared.database import Query, Reads, table
from domain.shared.feeds import BATCH_MAX, Hints, Place, follow, is_after_place, is_settled, place_of, read_settled
from domain.shared.paging import Keyset

_notifications = table(Notification)


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
    select(_notifications.c.id, _notifications.c.xid, is_settled(_notifications))
    .where(_notifications.c.recipient_id == bindparam("recipient_id"), is_after_place(_notifications))
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

    async def visible(place: Place) -> Sequence[_Placed]:
        return await reads.all(_AFTER, recipient_id=user_id, xid=place[0], id=place[1])

    async def read(place: Place) -> Sequence[tuple[Place, _Placed]]:
        return [((row.xid, row.id), row) for row in await read_settled(visible, place)]

    start = await place_of(reads, keyset, after)
    async for row in follow(read, start, topic=notifications_topic(user_id), hints=hints):
        # What was told to somebody who has left the shop meanwhile is no longer theirs.
        found = await notification_of(reads, user_id, row.id)
        if found is not None:
            yield AddedNotification(keyset.encode((row.xid, row.id)), found)
