"""The doctor on real servers: what is down, hangs, stands at another migration, or leaves work lying about."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.container import Container
from app.doctor.examination import examine
from app.doctor.findings import Finding, Level, exit_code
from app.settings import Settings
from domain.backoffice.backlog_reads import Backlog, waiting
from domain.catalog.model import ListingChange
from domain.checkout.model import Checkout, CheckoutState
from domain.inbox.receiving import Incoming, receive
from domain.ledger.sealing import seal
from domain.notifications.model import DeliveryState, MailDelivery
from domain.orders.holds import place_hold
from domain.orders.model import HoldKind, Order, OrderStatus
from domain.payments.events import ProviderMessageReceived
from domain.payments.model import Refund
from domain.shared.actor import SYSTEM
from domain.shared.database import Tx
from domain.shared.ids import new_id
from tests.conftest import FakeClock, settings_for
from tests.contracts.serving import serving
from tests.horizon import settle
from tests.mail_server import LOOPBACK, mail_server
from tests.makers import change
from tests.sales import a_sale
from tests.servers import Urls, copy_of_template
from tests.told import tell, told_to


def provider(status: int = 200) -> Starlette:
    """What the doctor asks of a payment provider and of OpenSearch."""

    async def balance(request: Request) -> Response:
        assert request.headers["authorization"].startswith("Bearer sk_test_")
        return JSONResponse({"object": "balance"}, status)

    async def about(_: Request) -> Response:
        return JSONResponse({"version": {"number": "3.7.0" if status == 200 else "1.3.0"}})

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "green"})

    return Starlette(routes=[Route("/v1/balance", balance), Route("/", about), Route("/_cluster/health", health)])


async def findings(settings: Settings, *, seconds: float = 6.0) -> dict[str, Finding]:
    return {finding.check: finding for finding in await examine(settings, seconds=seconds)}


async def test_a_sound_place_is_well(urls: Urls, redis_url: str) -> None:
    url = await copy_of_template(urls)
    with serving(lambda _: provider()) as base:
        settings = settings_for(url, redis_url, stripe_api_base=base, opensearch_url=base)
        found = await examine(settings)
    faults = [finding for finding in found if finding.level is not Level.WELL]
    # The tests' own server runs without fsync.
    assert [(finding.check, finding.says) for finding in faults] == [("PostgreSQL", "fsync is off")]
    assert {backlog.value for backlog in Backlog} <= {finding.check for finding in found}
    assert exit_code(found) == 1


async def test_servers_that_are_away_are_told_apart_by_what_they_are_needed_for() -> None:
    settings = settings_for(
        "postgresql://app:hunter2@127.0.0.1:9/market",
        "redis://:hunter2@127.0.0.1:9/0",
        stripe_api_base="http://127.0.0.1:9",
        opensearch_url="http://admin:hunter2@127.0.0.1:9",
    )
    found = await findings(settings)
    levels = {check: found[check].level for check in ("PostgreSQL", "jobs", "Redis", "payment provider", "OpenSearch")}
    assert levels == {
        "PostgreSQL": Level.FAULT,
        "jobs": Level.FAULT,
        "Redis": Level.WARNING,
        "payment provider": Level.WARNING,
        "OpenSearch": Level.WARNING,
    }
    assert not any("hunter2" in f"{finding.says} {finding.remedy}" for finding in found.values())


async def test_a_storage_that_takes_nothing_is_a_warning(urls: Urls, redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the directory ought to be")
    settings = settings_for(await copy_of_template(urls), redis_url, storage_url=f"file:{tmp_path}/taken")
    assert (await findings(settings))["storage"].level is Level.WARNING
    settings = settings_for(await copy_of_template(urls), redis_url, storage_url=f"file:{tmp_path}/files")
    assert (await findings(settings))["storage"].says == "a directory"
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


@asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """A port that takes connections and says nothing."""
    stop = asyncio.Event()

    async def keep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stop.wait()
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        stop.set()
        server.close()
        await server.wait_closed()


async def test_a_server_that_hangs_costs_its_own_line_only(urls: Urls, redis_url: str) -> None:
    url = await copy_of_template(urls)
    async with silence() as port:
        address = f"http://127.0.0.1:{port}"
        settings = settings_for(url, redis_url, stripe_api_base=address, opensearch_url=address)
        found = await findings(settings, seconds=3.0)
    assert found["payment provider"].says == found["OpenSearch"].says == "no answer within 3 s"
    assert found["migrations"].level is Level.WELL
    assert found["Redis"].level is Level.WELL


async def test_a_refused_key_and_an_old_search_server_are_faults(urls: Urls, redis_url: str) -> None:
    url = await copy_of_template(urls)
    with serving(lambda _: provider(401)) as base:
        found = await findings(settings_for(url, redis_url, stripe_api_base=base, opensearch_url=base))
    assert found["payment provider"].says == "refuses our key (401)"
    assert found["OpenSearch"].says == "version 1.3.0"
    assert found["payment provider"].level is found["OpenSearch"].level is Level.FAULT


@pytest.mark.parametrize(
    ("statement", "level", "words", "remedy"),
    [
        ("DROP TABLE alembic_version", Level.FAULT, "empty", "market migrate"),
        ("UPDATE alembic_version SET version_num = '0001'", Level.FAULT, "stands at 0001", "market migrate"),
        ("UPDATE alembic_version SET version_num = 'later'", Level.WARNING, "does not know", "newer release"),
    ],
)
async def test_a_database_behind_is_a_fault_and_one_ahead_a_warning(
    statement: str, level: Level, words: str, remedy: str, urls: Urls, redis_url: str
) -> None:
    url = await copy_of_template(urls)
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
    found = (await findings(settings_for(url, redis_url)))["migrations"]
    assert found.level is level
    assert words in found.says
    assert remedy in found.remedy


async def test_a_mail_server_is_greeted_and_its_absence_is_a_warning(urls: Urls, redis_url: str) -> None:
    url = await copy_of_template(urls)
    assert (await findings(settings_for(url, redis_url)))["mail"].says == "none is sent"
    async with mail_server() as server:
        reach = {"smtp_host": LOOPBACK, "smtp_port": server.port, "smtp_security": "none"}
        found = (await findings(settings_for(url, redis_url, **reach)))["mail"]
        assert (found.level, found.says) == (Level.WELL, "greets us, none")
        assert server.mails == []
    assert (await findings(settings_for(url, redis_url, **reach)))["mail"].level is Level.WARNING


async def test_jobs_that_wait_died_or_were_left_are_seen(urls: Urls, redis_url: str) -> None:
    url = await copy_of_template(urls)
    connection = await asyncpg.connect(url)
    await connection.execute(
        """
        INSERT INTO pgqueuer (priority, status, entrypoint, execute_after, heartbeat) VALUES
            (0, 'queued', 'show_stock', now() - interval '1 hour', now()),
            (0, 'queued', 'show_stock', now() + interval '1 hour', now()),
            (0, 'failed', 'show_stock', now(), now()),
            (0, 'picked', 'show_stock', now(), now() - interval '5 minutes');
        ALTER TABLE pgqueuer ENABLE TRIGGER tg_pgqueuer_changed;
        """
    )
    await connection.close()
    found = await findings(settings_for(url, redis_url))
    assert found["jobs"].says == "1 wait, the oldest for 60 min"
    assert found["jobs"].level is Level.FAULT
    assert found["dead letters"].says == "1 failed for good"
    assert found["running jobs"].level is Level.WARNING
    assert found["job notifications"].level is Level.FAULT


async def test_each_backlog_finds_what_waits_and_only_that(fresh_container: Container, clock: FakeClock) -> None:
    container, db = fresh_container, fresh_container.ports.db
    sale, other = await a_sale(container), await a_sale(container)
    await receive(Incoming(ProviderMessageReceived, "payments", f"evt_{uuid4().hex}", "charge.refunded", "re_1"), db=db)
    await settle(container)  # a seal goes up to the oldest open transaction
    await seal(db=db)
    await change(container, Order, sale.order_id, status=OrderStatus.DELIVERED, release_due_at=clock.now())
    late = {"status": OrderStatus.SHIPPED, "release_due_at": clock.now()}
    await change(container, Order, other.order_id, **late)

    async def quarrel(tx: Tx) -> None:
        (order,) = await tx.lock(Order, [other.order_id])
        await place_hold(tx, order, kind=HoldKind.DISPUTE, cause_id=new_id(), actor=SYSTEM)
        await tx.add(
            Refund(
                id=new_id(), payment_id=sale.payment_id, order_id=sale.order_id, amount_minor=100, currency="EUR",
                cause="test", created_at=tx.now,
            ),
            ListingChange(listing_id=sale.items[0].listing_id, at=tx.now),
        )  # fmt: skip

    await db.run(quarrel)
    lease = clock.now() + timedelta(seconds=30)
    await change(container, Checkout, sale.checkout_id, state=CheckoutState.CAPTURING, lease_until=lease)
    await change(container, Checkout, other.checkout_id, state=CheckoutState.IN_REVIEW, expires_at=lease)

    await tell(container, other.order_id)
    (first, *_) = await told_to(container, other.buyer.user())
    await change(container, MailDelivery, first.id, state=DeliveryState.DEAD, ended_at=clock.now())

    async def counts(now: datetime) -> dict[Backlog, int]:
        return {backlog: (await waiting(db.primary, backlog, now=now)).count for backlog in Backlog}

    later = await counts(clock.now() + timedelta(hours=1))
    assert later.pop(Backlog.UNINDEXED_CHANGES) >= 1
    assert later == {
        Backlog.ABANDONED_CHECKOUTS: 1,
        Backlog.UNEXPIRED_CHECKOUTS: 1,
        Backlog.UNSEALED_LEDGER: 0,
        Backlog.UNWORKED_INBOX: 1,
        Backlog.PENDING_REFUNDS: 1,
        Backlog.UNRELEASED_ORDERS: 1,
        Backlog.UNSENT_MAILS: 2,
        Backlog.DEAD_MAILS: 1,
    }
    now = await counts(datetime.now(UTC))
    assert (now[Backlog.ABANDONED_CHECKOUTS], now[Backlog.UNEXPIRED_CHECKOUTS]) == (0, 0)
    await a_sale(container)
    assert (await counts(clock.now() + timedelta(hours=1)))[Backlog.UNSEALED_LEDGER] >= 1
