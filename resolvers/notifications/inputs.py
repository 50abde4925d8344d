"""What mutations of notifications take."""

import strawberry

from resolvers.notifications.enums import NotificationKind


@strawberry.input(description="Which notifications were read: some, or one and everything older. Give one of the two.")
class MarkNotificationsReadInput:
    ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="These, at most 100; those of others are passed over."
    )
    up_to: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="This one and all that happened before it."
    )


@strawberry.input(description="Whether one kind comes by mail.")
class NotificationPreferenceInput:
    kind: NotificationKind = strawberry.field(description="Which kind.")
    mail: bool = strawberry.field(description="By mail, too.")


@strawberry.input(description="Which notifications come by mail; kinds that are not named stay as they are.")
class UpdateNotificationPreferencesInput:
    preferences: list[NotificationPreferenceInput] = strawberry.field(description="One or more.")


@strawberry.input(description="Which mail to try again.")
class RetryMailInput:
    mail_id: strawberry.ID = strawberry.field(description="A mail that is REFUSED or DEAD.")
