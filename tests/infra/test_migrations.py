"""The database that the migrations make is the one that the models describe."""

from infra.postgres.migrate import differences
from tests.servers import Urls, copy_of_template


async def test_models_and_migrations_agree(urls: Urls) -> None:
    assert await differences(await copy_of_template(urls)) == []
