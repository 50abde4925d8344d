"""The one table of events -> handlers. A handler is a domain function that gets ids and reads the present state.

Invariant: a handler may run twice, late, or after later events; so it is written that this does no harm.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.container import Container
from app.provider_messages import apply_provider_message
from app.webhooks import PAYMENTS_SOURCE
from domain.catalog.changes import note_changes_of_seller
from domain.erasure.customers import forget_customer
from domain.erasure.events import UserErased
from domain.erasure.farewell import send_farewell
from domain.imports.events import ExportRequested, ImportDue
from domain.imports.export_files import write_export
from domain.imports.model import FILE_BYTES_MAX
from domain.imports.running import SLICE_SECONDS, ImportPorts, run_import
from domain.inbox.events import MessageReceived
from domain.inventory.events import StockChanged
from domain.inventory.projection import show_stock
from domain.media.events import ImageArrived
from domain.media.processing import process_image
from domain.notifications.inviting import send_invitation
from domain.notifications.telling import NOTICES, notify
from domain.orders import tracking
from domain.orders.events import CarrierMessageReceived
from domain.orders.refunds import note_refund
from domain.payments.events import ProviderMessageReceived, RefundFailed, RefundRequested, RefundSucceeded
from domain.payments.refunding import execute_refund
from domain.reviews.counting import count_review
from domain.reviews.events import ReviewEdited, ReviewModerated, ReviewWritten
from domain.sellers.events import MemberInvited, SellerChanged
from domain.shared.events import Event

Handle = Callable[[Any, Container], Awaitable[None]]


class Lane(StrEnum):
    """Jobs of one lane share its concurrency, so that a flood of one sort cannot starve another."""

    MONEY = "money"
    DEFAULT = "default"
    BULK = "bulk"
    MEDIA = "media"
    """Each of these jobs is a process with up to a gigabyte of memory."""


CONCURRENCY: Final[Mapping[Lane, int]] = {Lane.MONEY: 8, Lane.DEFAULT: 8, Lane.BULK: 4, Lane.MEDIA: 2}
POLL_SECONDS: Final[Mapping[Lane, float]] = {Lane.MONEY: 0.1, Lane.DEFAULT: 0.2, Lane.BULK: 0.25, Lane.MEDIA: 0.5}
"""How long a job of a lane that is not busy waits at most; every look costs, though there be nothing to do."""


@dataclass(frozen=True, slots=True)
class Handler:
    """`name` stands in the queue: it may outlive a deployment, so add names and never reuse them."""

    name: str
    event: type[Event]
    lane: Lane
    handle: Handle


async def _show_stock(event: StockChanged, container: Container) -> None:
    await show_stock(event.variant_id, db=container.ports.db)


async def _note_seller(event: SellerChanged, container: Container) -> None:
    await container.ports.db.run(lambda tx: note_changes_of_seller(tx, event.seller_id))


async def _execute_refund(event: RefundRequested, container: Container) -> None:
    await execute_refund(event.refund_id, db=container.ports.db, gateway=container.ports.gateway)


async def _note_refund(event: RefundSucceeded | RefundFailed, container: Container) -> None:
    await note_refund(event.refund_id, db=container.ports.db)


async def _apply_carrier_report(event: CarrierMessageReceived, container: Container) -> None:
    await tracking.apply_report(event.message_id, db=container.ports.db)


async def _count_review(event: ReviewWritten | ReviewEdited | ReviewModerated, container: Container) -> None:
    await count_review(event.review_id, db=container.ports.db)


async def _notify(event: Event, container: Container) -> None:
    await notify(event, db=container.ports.db, mails=container.mail.sender is not None)


async def _send_invitation(event: MemberInvited, container: Container) -> None:
    await send_invitation(event.invitation_id, ports=container.mail, tokens=container.ports.invitation_tokens)


async def _run_import(event: ImportDue, container: Container) -> None:
    ports = container.ports
    await run_import(
        event.import_id,
        open_file=lambda begun: ports.storage.chunks(begun.source, bytes_max=FILE_BYTES_MAX, chunk_bytes=256 * 1024),
        ports=ImportPorts(db=ports.db, clock=ports.clock, policy=ports.policy),
        seconds_max=SLICE_SECONDS,
    )


async def _write_export(event: ExportRequested, container: Container) -> None:
    ports = container.ports
    await write_export(event.export_id, db=ports.db, reads=container.reads, storage=ports.storage)


async def _forget_customer(event: UserErased, container: Container) -> None:
    await forget_customer(event.user_id, db=container.ports.db, gateway=container.ports.gateway)


async def _say_farewell(event: UserErased, container: Container) -> None:
    await send_farewell(event.user_id, ports=container.mail)


async def _process_image(event: ImageArrived, container: Container) -> None:
    ports = container.ports
    await process_image(event.asset_id, db=ports.db, storage=ports.storage, renderer=container.renderer)


HANDLERS: Final[tuple[Handler, ...]] = (
    Handler("note_seller", SellerChanged, Lane.DEFAULT, _note_seller),
    Handler("show_stock", StockChanged, Lane.DEFAULT, _show_stock),
    Handler("execute_refund", RefundRequested, Lane.MONEY, _execute_refund),
    Handler("note_refund", RefundSucceeded, Lane.MONEY, _note_refund),
    Handler("note_failed_refund", RefundFailed, Lane.MONEY, _note_refund),
    Handler("apply_provider_message", ProviderMessageReceived, Lane.MONEY, apply_provider_message),
    Handler("apply_carrier_report", CarrierMessageReceived, Lane.DEFAULT, _apply_carrier_report),
    Handler("send_invitation", MemberInvited, Lane.BULK, _send_invitation),
    Handler("forget_customer", UserErased, Lane.DEFAULT, _forget_customer),
    Handler("say_farewell", UserErased, Lane.BULK, _say_farewell),
    Handler("run_import", ImportDue, Lane.BULK, _run_import),
    Handler("write_export", ExportRequested, Lane.BULK, _write_export),
    Handler("process_image", ImageArrived, Lane.MEDIA, _process_image),
    Handler("count_review", ReviewWritten, Lane.DEFAULT, _count_review),
    Handler("count_edited_review", ReviewEdited, Lane.DEFAULT, _count_review),
    Handler("count_moderated_review", ReviewModerated, Lane.DEFAULT, _count_review),
    *(Handler(f"notify_{event.kind.replace('.', '_')}", event, Lane.BULK, _notify) for event in NOTICES),
)


MESSAGES: Final[Mapping[str, type[MessageReceived]]] = {
    PAYMENTS_SOURCE: ProviderMessageReceived,
    tracking.SOURCE: CarrierMessageReceived,
}
"""By the source of a message from outside: what tells its handlers."""


def handlers_of() -> dict[str, list[str]]:
    """Event kind -> names of its handlers, for the writing side of the queue."""
    found: dict[str, list[str]] = {}
    for handler in HANDLERS:
        found.setdefault(handler.event.kind, []).append(handler.name)
    return found
