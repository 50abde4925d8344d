"""Carriers' reports: twice, late, in any order, and never paying anyone."""

import asyncio
import itertools
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.container import Container
from domain.inbox.receiving import receive
from domain.orders.completion import complete_due_orders
from domain.orders.errors import ReportRefused
from domain.orders.model import EscrowState, OrderStatus, ShipmentStatus
from domain.orders.ports import CarrierReport
from domain.orders.tracking import apply_report, incoming
from infra.carriers.webhooks import SignedCarrierWebhooks, sign
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import held_for, owed_to, rows_of, ship, timeline
from tests.sales import a_sale, the_lines, the_order

S = ShipmentStatus


def a_report(number: str, status: ShipmentStatus, at: datetime, external_id: str | None = None) -> CarrierReport:
    return CarrierReport(external_id or uuid4().hex, "dhl", number, status, "Berlin", at)


async def report(container: Container, *reports: CarrierReport) -> None:
    """As the webhook and its job would: stored, then worked, then worked once more."""
    for each in reports:
        await receive(incoming(each), db=container.ports.db)
        (row,) = await rows_of(
            container,
            "SELECT id FROM inbox_message WHERE source = 'carrier' AND external_id = :id",
            id=f"dhl:{each.external_id}",
        )
        for _ in range(2):
            await apply_report(row.id, db=container.ports.db)


async def shipment_status(container: Container, shipment_id: UUID) -> str:
    (row,) = await rows_of(container, "SELECT status FROM shipment WHERE id = :id", id=shipment_id)
    found: str = row.status
    return found


def a_number() -> str:
    return uuid4().hex.upper()


async def test_the_carriers_word_delivers_but_pays_nobody(fresh_container: Container, clock: FakeClock) -> None:
    sale, number = await a_sale(fresh_container), a_number()
    await ship(fresh_container, sale, carrier="DHL", tracking_number=number)
    await report(fresh_container, a_report(number, S.DELIVERED, clock.now()))
    order = await the_order(fresh_container, sale.order_id)
    assert (order.status, order.escrow) == (OrderStatus.DELIVERED, EscrowState.HELD)
    assert await complete_due_orders(db=fresh_container.ports.db, clock=clock) == 0
    clock.advance(days=14, minutes=1)
    assert await complete_due_orders(db=fresh_container.ports.db, clock=clock) == 1
    assert await owed_to(fresh_container, sale) > 0


async def test_a_back_dated_delivery_does_not_shorten_the_buyers_time(
    fresh_container: Container, clock: FakeClock
) -> None:
    sale, number = await a_sale(fresh_container), a_number()
    await ship(fresh_container, sale, carrier="DHL", tracking_number=number)
    await report(fresh_container, a_report(number, S.DELIVERED, clock.now() - timedelta(days=30)))
    assert await complete_due_orders(db=fresh_container.ports.db, clock=clock) == 0
    assert await held_for(fresh_container, sale) == 2_500


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_whatever_order_reports_come_in_the_latest_scan_counts(
    container: Container, order: tuple[int, ...]
) -> None:
    sale, number, now = await a_sale(container), a_number(), container.ports.clock.now()
    shipment_id = await ship(container, sale, carrier="DHL", tracking_number=number)
    scans = [
        a_report(number, S.IN_TRANSIT, now - timedelta(hours=3)),
        a_report(number, S.IN_TRANSIT, now - timedelta(hours=2)),
        a_report(number, S.DELIVERED, now - timedelta(hours=1)),
    ]
    await report(container, *(scans[index] for index in order))
    assert await shipment_status(container, shipment_id) == "delivered"
    assert (await the_order(container, sale.order_id)).status is OrderStatus.DELIVERED
    kinds = [kind for _, kind in await timeline(container, sale.order_id)]
    assert (kinds.count("tracking"), kinds.count("delivered")) == (3, 1)


async def test_a_report_that_comes_twice_is_written_once(container: Container) -> None:
    sale, number = await a_sale(container), a_number()
    await ship(container, sale, carrier="DHL", tracking_number=number)
    scan = a_report(number, S.IN_TRANSIT, container.ports.clock.now())
    assert await receive(incoming(scan), db=container.ports.db)
    assert not await receive(incoming(scan), db=container.ports.db)
    await report(container, scan, scan)
    assert [kind for _, kind in await timeline(container, sale.order_id)].count("tracking") == 1


async def test_an_order_in_two_parcels_is_delivered_with_the_last(container: Container) -> None:
    sale, one_number, other_number = await a_sale(container, items=2), a_number(), a_number()
    one, other = await the_lines(container, sale.order_id)
    await ship(container, sale, (one.id, 2), carrier="DHL", tracking_number=one_number)
    now = container.ports.clock.now()
    await report(container, a_report(one_number, S.DELIVERED, now))
    assert (await the_order(container, sale.order_id)).status is OrderStatus.PAID
    await ship(container, sale, (other.id, 2), carrier="DHL", tracking_number=other_number)
    assert (await the_order(container, sale.order_id)).status is OrderStatus.SHIPPED
    await report(container, a_report(other_number, S.DELIVERED, now))
    assert (await the_order(container, sale.order_id)).status is OrderStatus.DELIVERED


@pytest.mark.parametrize("status", [S.LOST, S.RETURNED])
async def test_a_parcel_gone_astray_stops_the_money(
    fresh_container: Container, clock: FakeClock, status: ShipmentStatus
) -> None:
    sale, number = await a_sale(fresh_container), a_number()
    await ship(fresh_container, sale, carrier="DHL", tracking_number=number)
    await report(fresh_container, a_report(number, status, clock.now()), a_report(number, status, clock.now()))
    clock.advance(days=90)
    assert await complete_due_orders(db=fresh_container.ports.db, clock=clock) == 0
    assert [kind for _, kind in await timeline(fresh_container, sale.order_id)].count("hold_opened") == 1


async def test_a_number_that_nobody_uses_is_left_alone(container: Container) -> None:
    await report(container, a_report(a_number(), S.DELIVERED, container.ports.clock.now()))


async def test_the_timeline_has_no_gap_under_concurrency(container: Container) -> None:
    """Twenty reports and a hand-in at once: the sequence is counted under the order's lock."""
    sale, number = await a_sale(container, items=2), a_number()
    one, other = await the_lines(container, sale.order_id)
    await ship(container, sale, (one.id, 2), carrier="DHL", tracking_number=number)
    now = container.ports.clock.now()
    await asyncio.gather(
        *(report(container, a_report(number, S.IN_TRANSIT, now)) for _ in range(20)),
        ship(container, sale, (other.id, 2)),
    )
    numbers = [sequence for sequence, _ in await timeline(container, sale.order_id)]
    assert numbers == list(range(1, 3 + 1 + 20 + 2 + 1))[: len(numbers)]
    assert len(numbers) == 25
    assert (await the_order(container, sale.order_id)).event_sequence == 25


BODY = b'{"id":"1","carrier":"DHL","tracking_number":"a1","status":"delivered","at":"2030-01-01T10:00:00+02:00"}'


def test_a_signed_report_is_read(clock: FakeClock) -> None:
    found = SignedCarrierWebhooks("secret", clock).parse_webhook(BODY, sign("secret", BODY, clock.now()))
    assert (found.carrier, found.tracking_number, found.status) == ("dhl", "A1", S.DELIVERED)
    assert found.at.isoformat() == "2030-01-01T08:00:00+00:00"


@pytest.mark.parametrize("signature", ["", "t=1", "t=x,v1=1", "v1=1", "t=²,v1=1", "garbage", "t=1,v1=ü"])
def test_an_unsigned_report_is_refused(clock: FakeClock, signature: str) -> None:
    with pytest.raises(ReportRefused):
        SignedCarrierWebhooks("secret", clock).parse_webhook(BODY, signature)


def test_another_secret_another_body_or_an_old_signature_is_refused(clock: FakeClock) -> None:
    webhooks, signature = SignedCarrierWebhooks("secret", clock), sign("secret", BODY, clock.now())
    with pytest.raises(ReportRefused, match="wrong"):
        webhooks.parse_webhook(BODY, sign("other", BODY, clock.now()))
    with pytest.raises(ReportRefused, match="wrong"):
        webhooks.parse_webhook(BODY.replace(b"delivered", b"lost"), signature)
    clock.advance(minutes=6)
    with pytest.raises(ReportRefused, match="too old"):
        webhooks.parse_webhook(BODY, signature)


@pytest.mark.parametrize("body", [b"", b"1", b"{}", BODY.replace(b"delivered", b"eaten"), BODY.replace(b"+02:00", b"")])
def test_a_signed_report_that_makes_no_sense_is_refused(clock: FakeClock, body: bytes) -> None:
    with pytest.raises(ReportRefused, match="not a scan"):
        SignedCarrierWebhooks("secret", clock).parse_webhook(body, sign("secret", body, clock.now()))
