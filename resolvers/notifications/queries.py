"""Queries about notifications: the viewer's own, and the mails of everybody for administrators."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.notifications.deliveries import (
    count_deliveries,
    deliveries_keyset,
    deliveries_page,
    delivery_by_id,
)
from domain.notifications.preferences import preferences_of
from domain.notifications.reads import (
    count_notifications,
    notification_of,
    notifications_keyset,
    notifications_page,
)
from domain.shared.actor import Role
from resolvers.context import Context, Info
from resolvers.notifications.enums import DeliveryState
from resolvers.notifications.types import MailDelivery, Notification, NotificationConnection, NotificationPreference
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import ListSize
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class BuyerNotificationQueries:
    @query(AccessLevel.SIGNED_IN, "What the viewer was told, for themself and as a member of shops, newest first.")
    async def notifications(
        self,
        info: Info,
        unread_only: Annotated[bool, strawberry.argument(description="Only those not marked as read.")] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> NotificationConnection:
        user_id = info.context.actor.user()
        # From the primary: who has just marked some as read looks again.
        reads = info.context.ports.db.primary
        request = notifications_keyset(user_id, unread_only=unread_only).request(first, after, last, before)
        page = await notifications_page(reads, user_id, request, unread_only=unread_only)
        made = connection(page, Notification.of, lambda: count_notifications(reads, user_id, unread_only=unread_only))
        return NotificationConnection(
            edges=made.edges,
            nodes=made.nodes,
            page_info=made.page_info,
            counter=made.counter,
            unread_counter=lambda: count_notifications(reads, user_id, unread_only=True),
        )

    @query(
        AccessLevel.SIGNED_IN,
        "For every kind of notification, whether it also comes to the viewer by mail.",
        size=ListSize(assumed_size=20),
    )
    async def notification_preferences(self, info: Info) -> list[NotificationPreference]:
        chosen = await preferences_of(info.context.ports.db.primary, info.context.actor.user())
        return [NotificationPreference.of(kind, mail) for kind, mail in chosen.items()]


@strawberry.type
class AdminNotificationQueries:
    @query(AccessLevel.ADMIN, "The mails of notifications, newest first; what failed waits for a retry.")
    async def mails(
        self,
        info: Info,
        state: Annotated[DeliveryState | None, strawberry.argument(description="Only those in this state.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[MailDelivery]:
        reads = info.context.reads
        page = await deliveries_page(reads, state, deliveries_keyset(state).request(first, after, last, before))
        return connection(page, MailDelivery.of, lambda: count_deliveries(reads, state))


async def _notification_node(context: Context, id_: UUID) -> Notification | None:
    if context.actor.user_id is None:
        return None
    found = await notification_of(context.reads, context.actor.user_id, id_)
    return Notification.of(found) if found is not None else None


async def _mail_node(context: Context, id_: UUID) -> MailDelivery | None:
    if Role.ADMIN not in context.actor.roles:
        return None
    found = await delivery_by_id(context.reads, id_)
    return MailDelivery.of(found) if found is not None else None


register_node("notification", _notification_node)
register_node("mail_delivery", _mail_node)
