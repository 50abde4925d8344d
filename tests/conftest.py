"""Fixtures of the whole suite: servers, a database per worker, the wired product, a clock that tests set.

Tests never clean up: they make their own users and sellers and assert on those. Whole-table invariants and sweeps take
`fresh_container`, a database of their own.
"""

import gc
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from app.container import Container, open_container
from app.jobs import handlers_of
from app.settings import Settings
from app.settings_fields import Environment
from tests.counting import SqlCounter
from tests.servers import Servers, Urls, copy_of_template

# What counts is whether the answer is right; how long it takes, the machine decides.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("suite")

_servers = pytest.StashKey[Servers]()
_files = tempfile.TemporaryDirectory(prefix="market-files-")
FILES = _files.name
"""Where this process's containers keep files; keys are unique, so they may share it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        servers = config.stash[_servers] = Servers()
        # Whoever begins a run closes the directory that all runs share to others, and PostgreSQL runs as somebody else.
        config.option.basetemp = config.option.basetemp or servers.directory / "tests"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    servers = node.config.stash[_servers]
    node.workerinput["forks"] = str(servers.forks())
    urls = servers.start()
    node.workerinput["urls"] = (urls.postgres, urls.redis)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a parallel run the journeys go first, which wait more than they work: begun last, they would be waited for.
    Then the modules with the most tests."""
    if hasattr(config, "workerinput"):
        sizes = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.path.parent.name != "journeys", -sizes[item.path], item.path))


def pytest_collection() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """All code and all tests stay to the end: no collection need go through them again."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _servers in config.stash:
        config.stash[_servers].stop()
    _files.cleanup()


@pytest.fixture(scope="session")
def urls(request: pytest.FixtureRequest) -> Urls:
    given = getattr(request.config, "workerinput", None)
    return Urls(*given["urls"]) if given else request.config.stash[_servers].start()


@pytest.fixture(scope="session")
def forks(request: pytest.FixtureRequest) -> Path:
    """Where started markets get their processes."""
    given = getattr(request.config, "workerinput", None)
    return Path(given["forks"]) if given else request.config.stash[_servers].forks()


class FakeClock:
    """The real time, moved on by hand: `clock.advance(days=14)`."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return self.shifted(datetime.now(UTC))

    def shifted(self, instant: datetime) -> datetime:
        return instant + self._offset

    def advance(self, **span: float) -> None:
        self._offset += timedelta(**span)


@pytest.fixture(scope="session")
def redis_url(urls: Urls, worker_number: int) -> str:
    return f"{urls.redis}{worker_number + 1}"


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    given = getattr(request.config, "workerinput", None)
    return int(given["workerid"].removeprefix("gw")) if given else 0


def settings_for(database_url: str, redis_url: str, **more: Any) -> Settings:
    return Settings(
        environment=Environment.TEST,
        database_url=database_url,
        redis_url=redis_url,
        database_pool_size=10,
        database_read_pool_size=10,
        database_search_pool_size=5,
        # The work of a hash protects passwords that were stolen; these tests make and check hundreds.
        password_hash_passes=1,
        password_hash_memory_kib=8,
        rates_cache_seconds=0,
        search_remembered_seconds=0,
        # A busy machine is no absent Redis.
        redis_answer_seconds=5,
        **{"storage_url": f"file:{FILES}", **more},
    )


@pytest.fixture(scope="session")
def count_sql() -> SqlCounter:
    """What `container` reads: `with count_sql() as seen: ...`, then compare `len(seen)` for short and long lists."""
    return SqlCounter()


@pytest.fixture(scope="session")
async def container(urls: Urls, redis_url: str, count_sql: SqlCounter) -> AsyncIterator[Container]:
    """The wired product on this worker's database, with the real clock."""
    database_url = await copy_of_template(urls)
    async with open_container(
        settings_for(database_url, redis_url), handlers_of=handlers_of(), observe_sql=count_sql.observe
    ) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def fresh_container(urls: Urls, redis_url: str, clock: FakeClock) -> AsyncIterator[Container]:
    """The wired product on an empty database of its own, with the test's clock."""
    database_url = await copy_of_template(urls)
    async with open_container(settings_for(database_url, redis_url), handlers_of=handlers_of(), clock=clock) as made:
        yield made


@pytest.fixture
async def counted(urls: Urls, redis_url: str) -> AsyncIterator[tuple[Container, list[str]]]:
    """The wired product, and the texts of all statements that go through its read doors."""
    statements: list[str] = []
    settings = settings_for(await copy_of_template(urls), redis_url)
    async with open_container(settings, handlers_of=handlers_of(), observe_sql=statements.append) as made:
        yield made, statements
