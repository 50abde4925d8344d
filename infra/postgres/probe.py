"""Whether PostgreSQL answers, asked on a connection of its own.

A pool whose connections are all at work is a busy database, not one that is down; taking every instance out of
rotation under load would end the service.
"""

import asyncpg


class PostgresProbe:
    """Call it to ask; raises when there is no answer. One connection, kept between calls."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None

    async def __call__(self) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url, timeout=5)
        try:
            await self._connection.fetchval("SELECT 1")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
