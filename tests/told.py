"""Notifications as tests look at them: the jobs that tell, run as the worker would, and the rows that they leave."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from app.container import Container
from app.jobs import HANDLERS
from domain.notifications.model import DeliveryState, MailDelivery
from domain.notifications.ports import MailPorts, MailSender
from domain.notifications.telling import notify
from domain.shared.database import Tx
from tests.domain.orders.lifecycle import rows_of


@dataclass(frozen=True, slots=True)
class Told:
    id: UUID
    recipient_id: UUID
    kind: str
    seller_id: UUID | None


async def tell(container: Container, about: UUID, *, mails: bool = True, times: int = 1) -> None:
    """Runs the jobs that tell of anything with this id in its event, each as often as asked for."""
    jobs = await rows_of(
        container,
        "SELECT entrypoint, payload FROM pgqueuer WHERE entrypoint LIKE 'notify_%'"
        " AND convert_from(payload, 'UTF8') LIKE :about ORDER BY id",
        about=f"%{about}%",
    )
    handlers = {handler.name: handler for handler in HANDLERS}
    for job in jobs * times:
        payload = orjson.loads(job.payload)
        payload.pop("kind")
        await notify(handlers[job.entrypoint].event.parse(payload), db=container.ports.db, mails=mails)


async def told_to(container: Container, user_id: UUID) -> list[Told]:
    rows = await rows_of(
        container,
        "SELECT id, recipient_id, kind, seller_id FROM notification WHERE recipient_id = :id ORDER BY id",
        id=user_id,
    )
    return [Told(row.id, row.recipient_id, row.kind, row.seller_id) for row in rows]


async def kinds_to(container: Container, user_id: UUID) -> list[str]:
    return sorted(each.kind for each in await told_to(container, user_id))


async def deliveries(container: Container) -> dict[UUID, Any]:
    rows = await rows_of(container, "SELECT * FROM mail_delivery")
    return {row.id: row for row in rows}


async def states(container: Container) -> set[DeliveryState]:
    return {DeliveryState(row.state) for row in (await deliveries(container)).values()}


async def the_delivery(container: Container, id_: UUID) -> MailDelivery:
    async def step(tx: Tx) -> MailDelivery:
        row = await tx.get(MailDelivery, id_)
        assert row is not None
        return row

    return await container.ports.db.run(step)


def mailing(container: Container, sender: MailSender | None) -> MailPorts:
    return replace(container.mail, sender=sender)
