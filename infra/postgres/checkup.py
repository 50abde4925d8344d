"""Facts about a PostgreSQL server and its job queue, for whoever asks whether they are well.

Invariant: only reads, each statement within STATEMENT_SECONDS, on one connection.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from infra.postgres.migrate import scripts

STATEMENT_SECONDS: Final = 4


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """`clock` is the server's; `oldest_transaction_seconds` of all open transactions, 0 without one."""

    version: int
    clock: datetime
    encoding: str
    fsync: bool
    connections_max: int
    connections: int
    wraparound_share: float
    oldest_transaction_seconds: float
    prepared_transactions: int
    is_superuser: bool
    is_replica: bool
    replay_lag_seconds: float


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """`oldest_waiting_seconds` of the jobs that could run now; `abandoned`: picked and without a sign of life."""

    waiting: int
    oldest_waiting_seconds: float
    dead: int
    abandoned: int
    notifies: bool


@dataclass(frozen=True, slots=True)
class Revisions:
    """`current` is None in a database that was never migrated; `known`: this code knows that revision."""

    current: str | None
    head: str
    known: bool


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=STATEMENT_SECONDS, command_timeout=STATEMENT_SECONDS)
    try:
        yield connection
    finally:
        connection.terminate()


_SERVER: Final = """
SELECT current_setting('server_version_num')::int / 10000 AS version, clock_timestamp() AS clock,
       current_setting('server_encoding') AS encoding, current_setting('fsync') = 'on' AS fsync,
       current_setting('max_connections')::int AS connections_max,
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       (SELECT max(age(datfrozenxid)) / 2147483648.0 FROM pg_database)::float AS wraparound_share,
       coalesce((SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity
                 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()), 0)::float
           AS oldest_transaction_seconds,
       (SELECT count(*)::int FROM pg_prepared_xacts) AS prepared_transactions,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
       pg_is_in_recovery() AS is_replica,
       coalesce(CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END, 0)::float
           AS replay_lag_seconds
"""

_QUEUE: Final = """
SELECT (count(*) FILTER (WHERE status = 'queued' AND execute_after <= clock_timestamp()))::int AS waiting,
       coalesce(max(extract(epoch FROM clock_timestamp() - execute_after))
                FILTER (WHERE status = 'queued' AND execute_after <= clock_timestamp()), 0)::float
           AS oldest_waiting_seconds,
       (count(*) FILTER (WHERE status = 'failed'))::int AS dead,
       (count(*) FILTER (WHERE status = 'picked' AND heartbeat < clock_timestamp() - interval '1 minute'))::int
           AS abandoned,
       EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'pgqueuer'::regclass AND NOT tgisinternal
               AND tgenabled <> 'D') AS notifies
FROM pgqueuer
"""


async def server_facts(connection: asyncpg.Connection) -> ServerFacts:
    record = await connection.fetchrow(_SERVER)
    assert record is not None
    return ServerFacts(**record)


async def queue_facts(connection: asyncpg.Connection) -> QueueFacts:
    record = await connection.fetchrow(_QUEUE)
    assert record is not None
    return QueueFacts(**record)


async def revisions(connection: asyncpg.Connection) -> Revisions:
    """Which migration the database stands at, and which this code expects."""
    steps = scripts()
    head = steps.get_current_head()
    assert head is not None
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return Revisions(None, head, known=True)
    current = await connection.fetchval("SELECT version_num FROM alembic_version")
    return Revisions(current, head, known=current is None or _knows(steps, current))


def _knows(steps: ScriptDirectory, revision: str) -> bool:
    try:
        return steps.get_revision(revision) is not None
    except CommandError:
        return False
