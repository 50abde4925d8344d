"""Looking at the jobs that failed for good and queueing them again, from outside a running process."""

from collections.abc import Sequence

import asyncpg

from infra.postgres.jobs import DEAD_LETTERS_MAX, DeadLetter, dead_letters, replay


async def list_dead_letters(url: str, limit: int) -> list[DeadLetter]:
    """The newest ones."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return await dead_letters(connection, limit)
    finally:
        await connection.close()


async def replay_dead_letters(url: str, ids: Sequence[int] | None) -> int:
    """Queue those with the given ids again, or all up to DEAD_LETTERS_MAX; the number that really were dead."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        known = {letter.id for letter in await dead_letters(connection, DEAD_LETTERS_MAX)}
        chosen = sorted(known if ids is None else known.intersection(ids))
        if chosen:
            await replay(connection, chosen)
        return len(chosen)
    finally:
        await connection.close()
