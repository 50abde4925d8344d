"""A whole product for a test module: servers, payment sandbox, API processes and workers, on loopback and free ports.

Everything is a process of its own, so that a test can kill any of them as a crash would. Whatever happened, `stop` ends
all of them.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from app.checking import check
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.migrate import migrate
from infra.processes.owned import OwnedProcess
from infra.redis.embedded import EmbeddedRedis
from infra.stripe.events import EVENTS
from tests.journeys.forked import ForkedProcess
from tests.sandbox_process import EmbeddedSandbox

READY_SECONDS_MAX: Final = 60.0
POLL_SECONDS: Final = 0.05
LOG_BYTES_SHOWN: Final = 8_000
KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH", "COVERAGE_PROCESS_START")
DATABASE: Final = "postgres"
T = TypeVar("T")
ROOT: Final = Path(__file__).resolve().parents[2]


class Part:
    """A process of the product, as the API or a worker: started on the same port as often as a test likes."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        port: int,
        environment: Mapping[str, str],
        directory: Path,
        forks: Path | None = None,
    ) -> None:
        self.name = name
        self.port = port
        self.log = directory / f"{name}.log"
        self._command = tuple(command)
        self._forks = forks
        self._environment = {**environment, "PORT": str(port), "WORKER_PORT": str(port)}
        self._process: OwnedProcess | ForkedProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self, **settings: str) -> None:
        """Begin, with some settings different this time; `wait` says when it answers."""
        environment = self._environment | settings
        if self._forks is not None:
            self._process = ForkedProcess(self._forks, self._command[-1], log=self.log, environment=environment)
            return
        self._process = OwnedProcess(self._command, log=self.log, environment=environment, directory=ROOT)

    def wait(self) -> None:
        """Until it says that it is ready."""
        process = self._process
        assert process is not None, f"{self.name} was not started"

        def ready() -> bool:
            assert process.exit_code() is None, f"{self.name} ended: {self.tail()}"
            return check(f"{self.url}/health/ready") is None

        wait_until(ready, f"{self.name} is ready")

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would: nothing is finished, nothing is said."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def request_stop(self) -> None:
        """Ask it to end, without waiting."""
        if self._process is not None:
            self._process.request_stop()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def tail(self) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[-LOG_BYTES_SHOWN:].decode(errors="replace")


class Product:
    """`apis` processes of the API and `workers` workers over one database, one Redis and one payment sandbox.

    Webhooks go to the last API, so that a test may kill the first. `durable` keeps PostgreSQL's fsync on, for tests
    that kill it. `settings` are environment variables. `forks` is where a `Forkery` listens; without it every process
    loads its code itself. All methods block.
    """

    def __init__(
        self,
        directory: Path,
        *,
        apis: int = 2,
        workers: int = 1,
        durable: bool = False,
        settings: Mapping[str, str] | None = None,
        forks: Path | None = None,
    ) -> None:
        self.directory = directory
        self._forks = forks
        self.settings = dict(settings or {})
        api_ports = [free_port() for _ in range(apis)]
        self.postgres = EmbeddedPostgres(directory / "postgres", fsync=durable)
        self.redis = EmbeddedRedis(directory / "redis")
        hook = f"http://127.0.0.1:{api_ports[-1]}/webhooks/payments"
        self.sandbox = EmbeddedSandbox(directory / "sandbox", webhook_url=hook, webhook_events=tuple(EVENTS))
        self.environment = {"PUBLIC_URL": f"http://127.0.0.1:{api_ports[-1]}", **self._environment()}
        self.apis = [self._part(f"api-{number}", "serve", port) for number, port in enumerate(api_ports)]
        self.workers = [self._part(f"worker-{number}", "worker", free_port()) for number in range(workers)]

    @property
    def parts(self) -> list[Part]:
        return [*self.apis, *self.workers]

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE)

    def start(self) -> None:
        """Until every part answers. Raises AssertionError with the log of one that does not."""
        try:
            with ThreadPoolExecutor(max_workers=3) as pool:
                starts = (self.redis.start, self.sandbox.start, self.postgres.start)
                for started in [pool.submit(start) for start in starts]:
                    started.result()
            asyncio.run(migrate(self.database_url))
            for part in self.parts:
                part.start()
            for part in self.parts:
                part.wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything that is still there; a part that has ended by itself is no fault here."""
        for part in self.parts:
            part.request_stop()
        for part in self.parts:
            part.stop()
        self.sandbox.stop()
        self.redis.stop()
        self.postgres.stop()

    def logs(self) -> dict[str, str]:
        """The end of each part's log, by its name."""
        return {part.name: part.tail() for part in self.parts}

    def _part(self, name: str, command: str, port: int) -> Part:
        program = (sys.executable, "-m", "app.cli", command)
        return Part(name, program, port, self.environment, self.directory, self._forks)

    def _environment(self) -> dict[str, str]:
        """Nothing of the machine's own settings gets in."""
        return {
            **{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
            "ENVIRONMENT": "test",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url(),
            "STRIPE_API_BASE": self.sandbox.url,
            "STORAGE_URL": f"file:{self.directory / 'files'}",
            "SHUTDOWN_SECONDS": "3",
            "PASSWORD_HASH_PASSES": "1",
            "PASSWORD_HASH_MEMORY_KIB": "8",
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
            **self.settings,
        }


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, seconds: float = READY_SECONDS_MAX) -> None:
    """Poll until `condition` is true; fail by name at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(POLL_SECONDS)


async def until(condition: Callable[[], Awaitable[T]], what: str, seconds: float = READY_SECONDS_MAX) -> T:
    """Ask until the answer is true, and give it; fail by name at the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"never happened: {what}"
        await asyncio.sleep(POLL_SECONDS)
    return answer
