"""What PostgreSQL itself refuses, with no code of ours between: the last word about money."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from app.container import Container
from domain.shared.ids import new_id
from tests.domain.ledger.booking import a_capture, book

HEADER = """
INSERT INTO ledger_transaction (id, kind, cause, effective_on, trace, created_at)
VALUES ($1, 'capture', 't', $2, '', now())
"""
ENTRY = """
INSERT INTO entry (id, transaction_id, account_id, amount_minor, currency) VALUES ($1, $2, $3, $4, $5)
"""
ACCOUNT = "INSERT INTO account (id, kind, owner_id, currency, created_at) VALUES ($1, 'seller:payable', $2, $3, now())"


@pytest.fixture
async def database(container: Container) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(container.settings.database_url)
    yield connection
    await connection.close()


async def an_account(database: asyncpg.Connection, currency: str = "EUR") -> UUID:
    account_id = new_id()
    await database.execute(ACCOUNT, account_id, new_id(), currency)
    return account_id


async def write(database: asyncpg.Connection, transaction_id: UUID, *entries: tuple[UUID, int, str]) -> None:
    async with database.transaction():
        await database.execute(HEADER, transaction_id, date(2030, 1, 1))
        for account_id, amount_minor, currency in entries:
            await database.execute(ENTRY, new_id(), transaction_id, account_id, amount_minor, currency)


async def test_a_balanced_transaction_is_taken(database: asyncpg.Connection) -> None:
    one, other, transaction_id = await an_account(database), await an_account(database), new_id()
    await write(database, transaction_id, (one, 100, "EUR"), (other, -100, "EUR"))
    assert await database.fetchval("SELECT count(*) FROM entry WHERE transaction_id = $1", transaction_id) == 2


async def test_an_unbalanced_transaction_is_refused_at_its_commit(database: asyncpg.Connection) -> None:
    one, other, transaction_id = await an_account(database), await an_account(database), new_id()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="sum to zero"):
        await write(database, transaction_id, (one, 100, "EUR"), (other, -99, "EUR"))
    assert await database.fetchval("SELECT count(*) FROM ledger_transaction WHERE id = $1", transaction_id) == 0


async def test_currencies_do_not_balance_each_other(database: asyncpg.Connection) -> None:
    euros, dollars = await an_account(database), await an_account(database, "USD")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="sum to zero"):
        await write(database, new_id(), (euros, 100, "EUR"), (dollars, -100, "USD"))


async def test_an_entry_has_the_currency_of_its_account(database: asyncpg.Connection) -> None:
    euros = await an_account(database)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="currency of its account"):
        await write(database, new_id(), (euros, 100, "USD"))


async def test_a_transaction_without_entries_is_refused(database: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="has entries"):
        await write(database, new_id())


async def test_entries_cannot_be_slipped_under_an_older_header(database: asyncpg.Connection) -> None:
    one, other, transaction_id = await an_account(database), await an_account(database), new_id()
    await write(database, transaction_id, (one, 100, "EUR"), (other, -100, "EUR"))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never later"):
        await database.execute(ENTRY, new_id(), transaction_id, one, 5, "EUR")


@pytest.mark.parametrize("table", ["entry", "ledger_transaction", "ledger_seal"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_history_is_not_deleted(database: asyncpg.Connection, table: str, change: str) -> None:
    one, other = await an_account(database), await an_account(database)
    await write(database, new_id(), (one, 100, "EUR"), (other, -100, "EUR"))
    if table == "ledger_seal":
        await database.execute(
            "INSERT INTO ledger_seal SELECT coalesce(max(number), 1000000) + 1, '1', $1, 0, '', now() FROM ledger_seal",
            new_id(),
        )
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await database.execute(change.format(table))


@pytest.mark.parametrize(
    "change", ["UPDATE entry SET amount_minor = amount_minor * 2", "UPDATE ledger_transaction SET cause = 'another'"]
)
async def test_history_is_not_changed(database: asyncpg.Connection, change: str) -> None:
    one, other = await an_account(database), await an_account(database)
    await write(database, new_id(), (one, 100, "EUR"), (other, -100, "EUR"))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await database.execute(change)


async def test_escrow_below_zero_is_refused_by_the_database_too(
    container: Container, database: asyncpg.Connection
) -> None:
    order_id = new_id()
    await book(container, a_capture(container, order_id))
    with pytest.raises(asyncpg.CheckViolationError, match="ck_balance_floor"):
        await database.execute("UPDATE balance SET amount_minor = amount_minor - 1001 WHERE order_id = $1", order_id)
