"""One PostgreSQL and one Redis for a test run; one migrated template database, copied for each worker.

The process that drives the run starts them (lazily when it also runs the tests itself) and stops them at the end.
All files of a run are in memory where there is enough: it makes and removes some hundred thousand, and file systems
are slow to give out again what was removed a moment ago.
"""

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil

from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.migrate import migrate
from infra.redis.embedded import EmbeddedRedis
from tests.journeys.forked import Forkery

TEMPLATE = "template_market"
SETTINGS = {
    "max_connections": "300",
    "shared_buffers": "256MB",
    "synchronous_commit": "off",
    # Hundreds of databases that live for one test each: visiting them in turn is all that it would do.
    "autovacuum": "off",
    "bgwriter_lru_maxpages": "0",
}
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of its own is made in it
MEMORY_BYTES_MIN = 8 * 1024**3
PREFIX = "market-test-"


def new_directory() -> Path:
    """For all files of this run. What killed runs left in memory is removed first."""
    if not IN_MEMORY.is_dir():
        return Path(tempfile.mkdtemp(prefix=PREFIX))
    for left in IN_MEMORY.glob(f"{PREFIX}[0-9]*-*"):
        if not psutil.pid_exists(int(left.name.removeprefix(PREFIX).partition("-")[0])):
            shutil.rmtree(left, ignore_errors=True)
    free = min(psutil.virtual_memory().available, shutil.disk_usage(IN_MEMORY).free)
    parent = IN_MEMORY if free >= MEMORY_BYTES_MIN else None
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))


@dataclass
class Servers:
    """Started on first use; `urls` is what the workers of a parallel run are told."""

    directory: Path = field(default_factory=new_directory)
    postgres: EmbeddedPostgres | None = None
    redis: EmbeddedRedis | None = None
    forkery: Forkery | None = None

    def start(self) -> "Urls":
        if self.postgres is None:
            self.postgres = EmbeddedPostgres(self.directory / "postgres", fsync=False, settings=SETTINGS)
            self.redis = EmbeddedRedis(self.directory / "redis")
            self.postgres.start()
            self.redis.start()
            asyncio.run(_make_template(self.postgres.url(), self.postgres.url(TEMPLATE)))
        assert self.redis is not None
        return Urls(postgres=self.postgres.url("{}"), redis=self.redis.url(0).removesuffix("0"))

    def forks(self) -> Path:
        """Where started markets get their processes. Does not wait until it can be asked."""
        if self.forkery is None:
            self.forkery = Forkery(self.directory)
        return self.forkery.address

    def stop(self) -> None:
        if self.forkery is not None:
            self.forkery.stop()
        if self.redis is not None:
            self.redis.stop()
        if self.postgres is not None:
            self.postgres.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass(frozen=True)
class Urls:
    postgres: str
    redis: str

    def database(self, name: str) -> str:
        return self.postgres.replace("{}", name).replace("%7B%7D", name)


async def _make_template(admin_url: str, template_url: str) -> None:
    connection = await asyncpg.connect(admin_url)
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await connection.close()
    await migrate(template_url)


async def copy_of_template(urls: Urls) -> str:
    """A fresh, migrated, empty database; its URL. Copied file by file: the log would hold every page once more."""
    name = f"market_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(urls.database("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    finally:
        await connection.close()
    return urls.database(name)
