"""The chain: what was sealed cannot be changed, added to or taken away without its being seen."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from app.container import Container
from domain.ledger.posting import post
from domain.ledger.sealing import seal, verify
from domain.shared.database import Tx
from domain.shared.ids import new_id
from tests.domain.ledger.booking import a_capture, book, seal_all

INSERT_ANOTHER = (
    "INSERT INTO ledger_transaction SELECT gen_random_uuid(), kind, cause, order_id, reverses_id, effective_on,"
    " trace, created_at, xid FROM ledger_transaction"
)


async def tamper(container: Container, statement: str) -> None:
    """As somebody with the whole database in their hands would."""
    connection = await asyncpg.connect(container.settings.database_url)
    try:
        await connection.execute(f"SET session_replication_role = replica; {statement}")
    finally:
        await connection.close()


async def test_batches_are_linked_and_the_whole_verifies(fresh_container: Container) -> None:
    for _ in range(5):
        await book(fresh_container, a_capture(fresh_container, new_id()))
    assert await seal_all(fresh_container, 5) == 3
    assert await seal(db=fresh_container.ports.db) is None
    report = await verify(fresh_container.ports.db.primary)
    assert (report.links, report.transactions, report.broken_at) == (3, 5, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount_minor = amount_minor * 2",
        "UPDATE ledger_transaction SET cause = 'another'",
        "DELETE FROM entry; DELETE FROM ledger_transaction",
        "UPDATE ledger_seal SET digest = 'another' WHERE number = 1",
        "DELETE FROM ledger_seal WHERE number = 1",
        INSERT_ANOTHER,
    ],
)
async def test_tampering_is_seen(fresh_container: Container, statement: str) -> None:
    for _ in range(3):
        await book(fresh_container, a_capture(fresh_container, new_id()))
    await seal_all(fresh_container, 3)
    await tamper(fresh_container, statement)
    assert (await verify(fresh_container.ports.db.primary)).broken_at is not None


async def test_a_transaction_that_commits_late_is_sealed_in_its_place(fresh_container: Container) -> None:
    """The early one holds the horizon: nothing behind it may be sealed before it, or it would be missed for ever."""
    early, late = a_capture(fresh_container, new_id()), a_capture(fresh_container, new_id())
    began, finish = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx) -> None:
        await post(tx, early)
        began.set()
        await finish.wait()

    first = asyncio.create_task(fresh_container.ports.db.run(slow))
    await began.wait()
    # Accounts made by an open transaction would be waited for: the second uses other ones.
    other = replace(late, currency="USD")
    await book(fresh_container, other)
    assert await seal(db=fresh_container.ports.db) is None
    finish.set()
    await first
    await seal_all(fresh_container, 2)
    report = await verify(fresh_container.ports.db.primary)
    assert (report.transactions, report.broken_at) == (2, None)


async def test_two_sealers_make_one_chain(fresh_container: Container) -> None:
    for _ in range(6):
        await book(fresh_container, a_capture(fresh_container, new_id()))
    async with asyncio.timeout(30):
        while (await verify(fresh_container.ports.db.primary)).transactions < 6:
            await asyncio.gather(*(seal(db=fresh_container.ports.db, batch_max=1) for _ in range(4)))
    report = await verify(fresh_container.ports.db.primary)
    assert (report.links, report.broken_at) == (6, None)
