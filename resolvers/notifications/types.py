"""Notifications in the schema.

Invariant: what a notification is about is shown by that noun's own read for this viewer: whoever may not see the order
any more, or acts for another shop just now, gets null there.
"""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.catalog.reads import listings_by_ids
from domain.checkout.reads import checkouts_by_ids
from domain.notifications.deliveries import DeliveryView
from domain.notifications.model import KINDS
from domain.notifications.reads import NotificationView
from domain.notifications.wording import words_of
from domain.orders.reads import orders_by_ids
from domain.sellers.reads import shops_by_ids
from resolvers.catalog.types import Listing
from resolvers.checkout.types import Checkout
from resolvers.context import Info
from resolvers.notifications.enums import DeliveryState, NotificationKind
from resolvers.orders.types import Order
from resolvers.sellers.types import Shop
from resolvers.shared.connections import Connection, Count, TotalCount, counted
from resolvers.shared.scalars import Node, public_id

NotificationSubject = Annotated[
    Order | Checkout | Listing,
    strawberry.union("NotificationSubject", description="What a notification is about."),
]


@strawberry.type(description="One thing that the viewer was told.")
class Notification(Node):
    kind: NotificationKind = strawberry.field(description="What it tells.")
    title: str = strawberry.field(description="In one line, in the recipient's language where there are words for it.")
    body: str = strawberry.field(description="In some sentences.")
    created_at: datetime = strawberry.field(description="When it was written.")
    read_at: datetime | None = strawberry.field(description="When it was marked as read.")
    view: strawberry.Private[NotificationView]

    @strawberry.field(description="The shop as whose member the viewer was told; null for what is their own.")
    async def shop(self, info: Info) -> Shop | None:
        if self.view.seller_id is None:
            return None
        found = await info.context.loaders.load(shops_by_ids, self.view.seller_id)
        return Shop.of(found) if found is not None else None

    @strawberry.field(
        description="What it is about; null for the account itself, and while the session acts for another shop."
    )
    async def subject(self, info: Info) -> NotificationSubject | None:
        if self.view.order_id is not None:
            return await _order(info, self.view)
        if self.view.checkout_id is not None:
            return await _checkout(info, self.view)
        return await _listing(info, self.view) if self.view.listing_id is not None else None

    @classmethod
    def of(cls, view: NotificationView) -> "Notification":
        words = words_of(view)
        return cls(
            id=public_id("notification", view.id),
            kind=view.kind,
            title=words.title,
            body=words.body,
            created_at=view.created_at,
            read_at=view.read_at,
            view=view,
        )


@strawberry.type(description="A page of what the viewer was told, newest first.")
class NotificationConnection(Connection[Notification]):
    unread_counter: strawberry.Private[Count]

    @strawberry.field(description="How many of all of the viewer's notifications are not marked as read.")
    async def unread_count(self) -> TotalCount:
        return counted(await self.unread_counter())


@strawberry.type(description="Whether notifications of a kind also come by mail.")
class NotificationPreference:
    kind: NotificationKind = strawberry.field(description="Of which kind.")
    mail: bool = strawberry.field(description="They come by mail.")
    optional: bool = strawberry.field(description="That can be turned off; what keeps an account safe cannot.")

    @classmethod
    def of(cls, kind: NotificationKind, mail: bool) -> "NotificationPreference":
        return cls(kind=kind, mail=mail, optional=KINDS[kind].optional)


@strawberry.type(description="The mail of a notification, for those who run the marketplace.")
class MailDelivery(Node):
    kind: NotificationKind = strawberry.field(description="What it tells.")
    recipient_id: strawberry.ID = strawberry.field(description="The user whom it goes to.")
    state: DeliveryState = strawberry.field(description="How far it is.")
    attempts: int = strawberry.field(description="How often a mail server may have been given it.")
    message_id: str | None = strawberry.field(description="Its Message-ID, the same in all attempts; null before them.")
    next_try_at: datetime | None = strawberry.field(description="When it is tried again, unless that is over.")
    last_error: str = strawberry.field(description="What went wrong last, or why it was not sent; may be empty.")
    created_at: datetime = strawberry.field(description="Since when it waits.")
    ended_at: datetime | None = strawberry.field(description="When it came to its end.")
    allowed_actions: list[str] = strawberry.field(description="What administrators may do now: `RETRY`.")

    @classmethod
    def of(cls, view: DeliveryView) -> "MailDelivery":
        return cls(
            id=public_id("mail_delivery", view.id),
            kind=view.kind,
            recipient_id=public_id("user", view.recipient_id),
            state=view.state,
            attempts=view.attempts,
            message_id=view.message_id,
            next_try_at=view.next_try_at if view.ended_at is None else None,
            last_error=view.last_error,
            created_at=view.created_at,
            ended_at=view.ended_at,
            allowed_actions=list(view.allowed_actions),
        )


async def _order(info: Info, view: NotificationView) -> Order | None:
    assert view.order_id is not None
    found = await info.context.loaders.load(orders_by_ids, view.order_id)
    actor = info.context.actor
    return Order.of(found, actor) if found is not None and found.parties(actor) else None


async def _checkout(info: Info, view: NotificationView) -> Checkout | None:
    assert view.checkout_id is not None
    found = await info.context.loaders.load(checkouts_by_ids, view.checkout_id)
    return Checkout.of(found) if found is not None and found.buyer_id == info.context.actor.user_id else None


async def _listing(info: Info, view: NotificationView) -> Listing | None:
    assert view.listing_id is not None
    found = await info.context.loaders.load(listings_by_ids, view.listing_id)
    return Listing.of(found) if found is not None and found.seller_id == info.context.actor.seller_id else None
