"""What about users is kept for a time only, and removed when that is over.

Invariant: a used refresh token stays as long as it could have been used, so that its second coming is noticed.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, select

from domain.shared.database import Database, Tx, table
from domain.shared.policy import Policy
from domain.users.attempts import ADDRESS_WINDOW_SECONDS
from domain.users.model import AttemptWindow, ClientSignal, RefreshToken, UserSession

BATCH_MAX: Final = 1_000
SESSION_RETENTION_SECONDS: Final = 90 * 24 * 3600
"""So long after its end a session can still be looked up."""

_windows = table(AttemptWindow)
_signals = table(ClientSignal)
_tokens = table(RefreshToken)
_sessions = table(UserSession)


async def sweep_users(db: Database, policy: Policy) -> int:
    """Removes at most BATCH_MAX rows of each kind; how many in all. Call again while there are any."""
    steps = (_sweep_attempts, _sweep_signals, _sweep_tokens, _sweep_sessions)
    removed = 0
    for sweep in steps:

        async def step(tx: Tx, sweep: Any = sweep) -> int:
            return int(await sweep(tx, policy))

        removed += await db.run(step)
    return removed


async def _sweep_attempts(tx: Tx, _policy: Policy) -> int:
    return await _remove(tx, _windows, _windows.c.began_at <= tx.now - timedelta(seconds=ADDRESS_WINDOW_SECONDS))


async def _sweep_signals(tx: Tx, _policy: Policy) -> int:
    return await _remove(tx, _signals, _signals.c.expires_at <= tx.now)


async def _sweep_tokens(tx: Tx, policy: Policy) -> int:
    return await _remove(tx, _tokens, _tokens.c.issued_at <= tx.now - timedelta(seconds=policy.refresh_token_seconds))


async def _sweep_sessions(tx: Tx, _policy: Policy) -> int:
    """After their tokens, which are gone by then: a session outlives its last token."""
    return await _remove(
        tx,
        _sessions,
        _sessions.c.expires_at <= tx.now - timedelta(seconds=SESSION_RETENTION_SECONDS),
        ~select(_tokens.c.digest).where(_tokens.c.session_id == _sessions.c.id).exists(),
    )


async def _remove(tx: Tx, rows: Table, *conditions: ColumnElement[bool]) -> int:
    (key,) = rows.primary_key.columns
    chosen = select(key).where(*conditions).limit(BATCH_MAX).with_for_update(skip_locked=True)
    return int((await tx.execute(delete(rows).where(key.in_(chosen)))).rowcount)
