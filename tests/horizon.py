"""Waiting for the horizon: what goes by commit order looks only at what is older than every open transaction of the
server, and a parallel test's database is on the same one."""

import sqlalchemy as sa

from app.container import Container
from tests.journeys.running import until

SECONDS_MAX = 60.0
_SNAPSHOT = sa.func.pg_current_snapshot()


async def settle(container: Container) -> None:
    """Until all that is committed by now is older than every transaction that is still open, anywhere."""
    reads = container.ports.db.primary
    next_xid = str(await reads.scalar(sa.select(sa.cast(sa.func.pg_snapshot_xmax(_SNAPSHOT), sa.Text))))

    async def passed() -> bool:
        oldest = sa.select(sa.cast(sa.func.pg_snapshot_xmin(_SNAPSHOT), sa.Text))
        return int(str(await reads.scalar(oldest))) >= int(next_xid)

    await until(passed, "every transaction that was open has ended", SECONDS_MAX)
