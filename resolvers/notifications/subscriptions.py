"""Notifications as they come."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.notifications.feeds import follow_notifications
from resolvers.context import Info
from resolvers.notifications.types import Notification
from resolvers.shared.permission import AccessLevel, subscription


@strawberry.type(description="The viewer was told something.")
class NotificationUpdate:
    cursor: str = strawberry.field(description="Its place among all that the viewer is told; pass it as `after`.")
    notification: Notification = strawberry.field(description="What was told.")


@strawberry.type
class NotificationSubscriptions:
    @subscription(
        AccessLevel.SIGNED_IN,
        "Each notification of the viewer: what was missed since `after`, then live, each once.",
    )
    async def notification_added(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="Only those after this cursor; by default from now on.")
        ] = None,
    ) -> AsyncGenerator[NotificationUpdate, None]:
        context, ports = info.context, info.context.ports
        feed = follow_notifications(context.actor.user(), after=after, reads=ports.db.primary, hints=ports.hints)
        async with aclosing(feed) as added:
            async for each in added:
                context.refresh()
                yield NotificationUpdate(cursor=each.cursor, notification=Notification.of(each.notification))
