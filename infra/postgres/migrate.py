"""Bring a database to the newest schema.

Invariant: one at a time. An advisory lock makes a second process wait and then find nothing left to do.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from infra.postgres.connections import sqlalchemy_url

T = TypeVar("T")

_LOCK: Final = 7_316_001
_SCRIPTS: Final = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """PgQueuer owns its tables; everything else in the schema is ours."""
    return not (kind == "table" and name is not None and name.startswith("pgqueuer"))


def scripts() -> ScriptDirectory:
    """All revisions that this code knows."""
    return ScriptDirectory.from_config(_config())


async def migrate(url: str) -> None:
    """Upgrade to the newest revision. Each revision is all or nothing."""

    def upgrade(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        command.upgrade(_config(connection), "head")
        connection.commit()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})

    await _on_connection(url, upgrade)


async def _on_connection(url: str, action: Callable[[Connection], T]) -> T:
    engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(action)
    finally:
        await engine.dispose()
