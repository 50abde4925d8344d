"""One running product per test module, shared by its tests; its logs are shown when one of them fails."""

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.journeys.client import new_http
from tests.journeys.market import Market
from tests.journeys.provider import Provider
from tests.journeys.running import Product

_running = pytest.StashKey[Product]()


@pytest.fixture(scope="module")
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, forks: Path) -> Iterator[Product]:
    """Two API processes and a worker; a module asks for another shape by its `PRODUCT` dictionary."""
    wanted: dict[str, Any] = getattr(request.module, "PRODUCT", {})
    directory = Path(tmp_path_factory.mktemp("product"))
    settings = {"MAILBOX_DIRECTORY": str(directory / "mailbox"), **wanted.get("settings", {})}
    made = Product(directory, **{**wanted, "settings": settings}, forks=forks)
    request.node.stash[_running] = made
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def market(product: Product) -> AsyncIterator[Market]:
    provider = Provider(product.sandbox.url)
    database = await asyncpg.create_pool(product.database_url, min_size=1, max_size=4)
    async with new_http() as http:
        yield Market(product, provider, database, http)
    await provider.behave()
    await provider.aclose()
    await database.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    module = item.getparent(pytest.Module)
    if report.failed and module is not None and (made := module.stash.get(_running, None)) is not None:
        report.sections += [(f"log of {name}", log) for name, log in made.logs().items()]
    return report
