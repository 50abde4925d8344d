"""Databases from before accounts and balances had ids that follow from what they are go on booking after `migrate`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from app.container import Container, open_container
from app.jobs import handlers_of
from domain.ledger.posting import post
from domain.ledger.reads import escrow_by_orders, payable_of, trial_balance
from domain.ledger.recipes import refund
from domain.ledger.sealing import ChainReport, verify
from domain.shared.ids import new_id
from infra.postgres import migrate as migrations
from infra.postgres.connections import sqlalchemy_url
from infra.postgres.migrate import migrate
from tests.conftest import settings_for
from tests.domain.ledger.booking import seal_all
from tests.domain.ledger.test_sealing import tamper
from tests.servers import Urls

BEFORE = "0023"
ORDER, SELLER = new_id(), new_id()
_HEADER = """
INSERT INTO ledger_transaction (id, kind, cause, order_id, effective_on, trace, created_at)
VALUES ($1, $2, 'test', $3, '2026-01-02', '', now())
"""
_ENTRIES = """
INSERT INTO entry (id, transaction_id, account_id, order_id, amount_minor, currency)
SELECT gen_random_uuid(), $1, account_id, $2, amount_minor, 'EUR'
FROM unnest($3::uuid[], $4::bigint[]) AS given (account_id, amount_minor)
"""


@dataclass(frozen=True)
class Old:
    """A database of the revision before, with 25.00 captured for an order and 5.00 of them the seller's by now."""

    url: str
    container: Container

    async def migrate(self) -> None:
        await migrate(self.url)

    async def chain(self) -> ChainReport:
        return await verify(self.container.ports.db.primary)


def _to_the_revision_before(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, BEFORE)
    connection.commit()


async def _books_of_old(url: str) -> None:
    accounts: dict[str, UUID] = {}
    connection = await asyncpg.connect(url)
    for kind, owner_id in (
        ("provider:clearing", None),
        ("escrow", None),
        ("seller:payable", SELLER),
        ("platform:loss", None),
    ):
        accounts[kind] = uuid4()
        statement = "INSERT INTO account (id, kind, owner_id, currency, created_at) VALUES ($1, $2, $3, 'EUR', now())"
        await connection.execute(statement, accounts[kind], kind, owner_id)
    clearing, escrow, payable, _ = accounts.values()
    for kind, booked in (
        ("capture", {clearing: 2_500, escrow: -2_500}),
        ("release", {escrow: 500, payable: -500}),
    ):
        header_id = uuid4()
        async with connection.transaction():
            await connection.execute(_HEADER, header_id, kind, ORDER)
            await connection.execute(_ENTRIES, header_id, ORDER, list(booked), list(booked.values()))
    for account, order_id, amount_minor, floor_minor in ((escrow, ORDER, 2_000, 0), (payable, None, 500, None)):
        statement = (
            "INSERT INTO balance (id, account_id, order_id, amount_minor, floor_minor) VALUES ($1, $2, $3, $4, $5)"
        )
        await connection.execute(statement, uuid4(), account, order_id, amount_minor, floor_minor)
    await connection.close()


@pytest.fixture
async def old(urls: Urls, redis_url: str) -> AsyncIterator[Old]:
    name = f"market_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(urls.database("postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = urls.database(name)
    engine = create_async_engine(sqlalchemy_url(url))
    async with engine.connect() as sync:
        await sync.run_sync(_to_the_revision_before)
    await engine.dispose()
    await _books_of_old(url)
    async with open_container(settings_for(url, redis_url), handlers_of=handlers_of()) as container:
        yield Old(url, container)


async def give_back(container: Container, amount_minor: int) -> bool:
    posting = refund(
        refund_id=new_id(),
        order_id=ORDER,
        amount_minor=amount_minor,
        currency="EUR",
        on=container.ports.clock.now().date(),
    )
    return await container.ports.db.run(lambda tx: post(tx, posting))


async def test_old_books_are_gone_on_with(old: Old) -> None:
    with pytest.raises(IntegrityError):
        await give_back(old.container, 300)
    await old.migrate()
    assert await give_back(old.container, 300)
    reads = old.container.ports.db.primary
    assert await escrow_by_orders(reads, [ORDER]) == {ORDER: 1_700}
    assert [money.amount_minor for money in await payable_of(reads, SELLER)] == [500]
    assert {line.kind: (line.entries, line.total_minor) for line in await trial_balance(reads)} == {
        "provider:clearing": (2, 2_200),
        "escrow": (3, -1_700),
        "seller:payable": (1, -500),
    }


async def test_the_chain_stays_whole_and_what_comes_after_is_sealed_to_it(old: Old) -> None:
    assert await seal_all(old.container, 2) == 1
    await old.migrate()
    assert await old.chain() == ChainReport(links=1, transactions=2, broken_at=None)
    await give_back(old.container, 300)
    assert await seal_all(old.container, 1) == 1
    assert await old.chain() == ChainReport(links=2, transactions=3, broken_at=None)


async def test_a_chain_that_was_broken_before_stays_broken(old: Old) -> None:
    await seal_all(old.container, 2)
    await tamper(old.container, "UPDATE ledger_transaction SET cause = 'another'")
    await old.migrate()
    assert (await old.chain()).broken_at == 1


async def test_history_is_as_unchangeable_afterwards_as_before(old: Old) -> None:
    await seal_all(old.container, 2)
    await old.migrate()
    connection = await asyncpg.connect(old.url)
    for statement in (
        "UPDATE entry SET amount_minor = amount_minor * 2",
        "UPDATE ledger_seal SET digest = ''",
        "DELETE FROM entry",
        "TRUNCATE entry",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(statement)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await connection.execute("DELETE FROM account")
    await connection.close()
