"""Pools of driver connections for single statements and short transactions.

Invariant: nothing that is done on these connections outlasts its transaction (no session settings, no LISTEN, no
session locks), so there is nothing to reset when one is given back: a round trip less for every read.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg

from infra.postgres.connections import STATEMENTS_CACHED_MAX, set_json_codec

SECONDS_MAX: Final = 10
"""For a connection, and for a statement."""
IDLE_SECONDS_MAX: Final = 300


class UnchangedConnection(asyncpg.Connection):
    def get_reset_query(self) -> str:
        return ""

    async def reset(self, *, timeout: float | None = None) -> None:
        """Of what asyncpg looks at, a transaction that was left open is all that there could be."""
        if self.is_in_transaction():
            await super().reset(timeout=timeout)


async def open_pool(
    url: str, size: int, server_settings: Mapping[str, str] | None = None, *, filled: bool = False
) -> asyncpg.Pool:
    """A pool whose connections speak the shared codecs. The caller closes it.

    `filled`: all of them are opened now and stay open, so that nobody who asks waits for one.
    """
    return await asyncpg.create_pool(
        url,
        min_size=size if filled else 1,
        max_size=size,
        max_inactive_connection_lifetime=0 if filled else IDLE_SECONDS_MAX,
        init=set_json_codec,
        command_timeout=SECONDS_MAX,
        timeout=SECONDS_MAX,
        statement_cache_size=STATEMENTS_CACHED_MAX,
        server_settings=dict(server_settings or {}),
        connection_class=UnchangedConnection,
    )
