"""The database that the migrations make is the one that the models describe."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from infra.postgres.connections import sqlalchemy_url
from infra.postgres.metadata import METADATA
from infra.postgres.migrate import ours
from tests.servers import Urls, copy_of_template


def differences(connection: Connection) -> list[Any]:
    """What the models say and the migrated database lacks, or the other way round."""
    context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
    found: list[Any] = compare_metadata(context, METADATA)
    return found


async def test_models_and_migrations_agree(urls: Urls) -> None:
    engine = create_async_engine(sqlalchemy_url(await copy_of_template(urls)))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
