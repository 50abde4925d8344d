"""What orders set in motion: jobs of the same commit, sweeps, and the carriers' way in."""

import asyncio
import json
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from app.auditing import audit
from app.container import Container
from app.jobs import HANDLERS
from app.schedule import SWEEPS
from app.webhooks import webhook_routes
from domain.ledger.sealing import verify
from domain.orders.events import CarrierMessageReceived
from domain.orders.model import OrderStatus
from domain.payments.events import RefundFailed, RefundRequested, RefundSucceeded
from domain.shared.database import Tx
from infra.carriers.webhooks import sign
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import cancel, confirm, rows_of, ship
from tests.sales import a_sale, the_order


async def test_the_refund_is_a_job_of_the_commit_that_cancels(container: Container) -> None:
    sale = await a_sale(container)
    await cancel(container, sale, sale.buyer)
    (refund,) = await rows_of(container, "SELECT id FROM refund WHERE order_id = :id", id=sale.order_id)
    jobs = await rows_of(
        container,
        "SELECT entrypoint FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :wanted",
        wanted=f"%{refund.id}%",
    )
    assert "execute_refund" in [job.entrypoint for job in jobs]


async def test_a_transaction_that_fails_leaves_neither_event_nor_job(container: Container) -> None:
    sale = await a_sale(container)

    async def step(tx: Tx) -> None:
        tx.record(RefundRequested(at=tx.now, refund_id=sale.order_id, order_id=sale.order_id))
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await container.ports.db.run(step)
    jobs = await rows_of(
        container,
        "SELECT 1 FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :wanted AND entrypoint = 'execute_refund'",
        wanted=f"%{sale.order_id}%",
    )
    assert jobs == []


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (RefundRequested, "execute_refund"),
        (RefundSucceeded, "note_refund"),
        (RefundFailed, "note_failed_refund"),
        (CarrierMessageReceived, "apply_carrier_report"),
    ],
)
def test_every_event_has_its_handler(event: type, name: str) -> None:
    assert name in [handler.name for handler in HANDLERS if handler.event is event]


async def test_the_carriers_report_comes_in_signed_and_only_so(container: Container) -> None:
    sale, number = await a_sale(container), uuid4().hex.upper()
    await ship(container, sale, carrier="sandbox", tracking_number=number)
    scan = {"id": uuid4().hex, "carrier": "sandbox", "tracking_number": number, "status": "delivered"}
    body = json.dumps(scan | {"at": container.ports.clock.now().isoformat()}).encode()
    secret = container.settings.carrier_webhook_secret.get_secret_value()
    good = sign(secret, body, container.ports.clock.now())
    api = httpx.ASGITransport(app=Starlette(routes=webhook_routes(lambda: container)))
    async with httpx.AsyncClient(transport=api, base_url="http://api") as client:
        for signature, status in (("", 400), (sign("other", body, container.ports.clock.now()), 400), (good, 200)):
            answer = await client.post("/webhooks/carriers", content=body, headers={"carrier-signature": signature})
            assert answer.status_code == status
        too_large = await client.post("/webhooks/carriers", content=b"x" * 600_000)
        assert too_large.status_code == 413
    (message,) = await rows_of(
        container, "SELECT id FROM inbox_message WHERE external_id = :id", id=f"sandbox:{scan['id']}"
    )
    event = CarrierMessageReceived(at=container.ports.clock.now(), message_id=message.id, source="carrier")
    for handler in HANDLERS:
        if handler.event is CarrierMessageReceived:
            await handler.handle(event, container)
    assert (await the_order(container, sale.order_id)).status is OrderStatus.DELIVERED


async def test_the_sweeps_complete_and_seal(fresh_container: Container, clock: FakeClock) -> None:
    sale = await a_sale(fresh_container)
    await ship(fresh_container, sale)
    clock.advance(days=30)
    sweeps = {sweep.name: sweep for sweep in SWEEPS}
    assert await sweeps["complete orders"].run(fresh_container) == 1
    assert await sweeps["resume refunds"].run(fresh_container) == 0
    sealed = 0
    async with asyncio.timeout(30):
        while sealed < 2:  # the capture and the release; another database's transaction may hold the horizon back
            sealed += await sweeps["seal the ledger"].run(fresh_container)
    assert (await verify(fresh_container.ports.db.primary)).transactions == 2


async def test_an_audit_tells_whether_the_books_are_sound(fresh_container: Container) -> None:
    sale = await a_sale(fresh_container)
    await ship(fresh_container, sale)
    await confirm(fresh_container, sale)
    sound, line = await audit(fresh_container.settings)
    assert sound
    assert "every currency sums to zero" in line
