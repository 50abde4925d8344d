"""Mutations of notifications: read marks and preferences of the viewer, failed mails for administrators."""

from typing import Annotated

import strawberry

from domain.notifications.deliveries import RetryMail, delivery_by_id, retry_mail
from domain.notifications.marking import MarkNotificationsRead, mark_read
from domain.notifications.preferences import UpdateNotificationPreferences, preferences_of, update_preferences
from domain.notifications.reads import count_notifications
from resolvers.context import Info
from resolvers.notifications.inputs import (
    MarkNotificationsReadInput,
    RetryMailInput,
    UpdateNotificationPreferencesInput,
)
from resolvers.notifications.types import MailDelivery, NotificationPreference
from resolvers.shared.connections import TotalCount, counted
from resolvers.shared.directives import ListSize
from resolvers.shared.errors import IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="They are marked.")
class MarkNotificationsReadSuccess:
    marked: int = strawberry.field(description="How many were marked just now; those marked before do not count.")
    unread_count: TotalCount = strawberry.field(description="How many are still not marked.")


@strawberry.type(description="The preferences are kept, for mails that are not written yet and those that wait.")
class UpdateNotificationPreferencesSuccess:
    preferences: list[NotificationPreference] = strawberry.field(
        description="All of them, as they are now.", directives=[ListSize(assumed_size=20)]
    )


@strawberry.type(description="The mail waits to be sent again.")
class RetryMailSuccess:
    mail: MailDelivery = strawberry.field(description="The mail as it is now.")


MarkNotificationsReadResult = Annotated[
    MarkNotificationsReadSuccess | InvalidInput,
    strawberry.union("MarkNotificationsReadResult", description="What became of marking notifications."),
]
UpdateNotificationPreferencesResult = Annotated[
    UpdateNotificationPreferencesSuccess | InvalidInput,
    strawberry.union("UpdateNotificationPreferencesResult", description="What became of changing preferences."),
]
RetryMailResult = Annotated[
    RetryMailSuccess | NotFound | IllegalTransition,
    strawberry.union("RetryMailResult", description="What became of trying a mail again."),
]


@strawberry.type
class NotificationMutations:
    @mutation(AccessLevel.SIGNED_IN, "Mark notifications as read; doing it again changes nothing.")
    async def mark_notifications_read(
        self, info: Info, input: MarkNotificationsReadInput
    ) -> MarkNotificationsReadResult:
        actor, db = info.context.actor, info.context.ports.db
        marked = await mark_read(parse(MarkNotificationsRead, input), actor=actor, db=db)
        unread = await count_notifications(db.primary, actor.user(), unread_only=True)
        return MarkNotificationsReadSuccess(marked=marked, unread_count=counted(unread))

    @mutation(AccessLevel.SIGNED_IN, "Choose which notifications also come by mail.")
    async def update_notification_preferences(
        self, info: Info, input: UpdateNotificationPreferencesInput
    ) -> UpdateNotificationPreferencesResult:
        db = info.context.ports.db
        command = parse(UpdateNotificationPreferences, input)
        user_id = await update_preferences(command, actor=info.context.actor, db=db)
        chosen = await preferences_of(db.primary, user_id)
        return UpdateNotificationPreferencesSuccess(
            preferences=[NotificationPreference.of(kind, mail) for kind, mail in chosen.items()]
        )


@strawberry.type
class AdminNotificationMutations:
    @mutation(AccessLevel.ADMIN, "Try a mail again that was refused or given up.")
    async def retry_mail(self, info: Info, input: RetryMailInput) -> RetryMailResult:
        db = info.context.ports.db
        mail_id = await retry_mail(parse(RetryMail, input), actor=info.context.actor, db=db)
        found = await delivery_by_id(db.primary, mail_id)
        assert found is not None
        return RetryMailSuccess(mail=MailDelivery.of(found))
