"""The whole product on one machine with nothing installed: embedded servers, payment sandbox, API, worker.

Invariant: one launcher per data directory. Whatever ended the last one, the next start first ends what it left
running, and the data is kept.
"""

import hashlib
import os
import signal
import socket
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from app.checking import check
from app.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from app.doctor.place import remember_environment
from infra.postgres.embedded import EmbeddedPostgres
from infra.processes.owned import EmbeddedServerFailed, OwnedProcess
from infra.processes.supervisor import RESTARTS_MAX, ChildGaveUp, Plan, RecentEnds, Supervisor
from infra.processes.takeover import DirectoryLock
from infra.redis.embedded import EmbeddedRedis
from infra.stripe.events import EVENTS

READY_SECONDS_MAX: Final = 90.0
LOOK_SECONDS: Final = 0.1
PREPARATIONS: Final = ("migrate", "seed")
PROCESSES: Final[Mapping[str, str]] = {"API": "serve", "worker": "worker"}
"""Child -> command. The API comes first and the others when it is ready: they would only slow its start down."""
DATABASE: Final = "postgres"
WEBHOOK_SECRET: Final = "whsec_sandbox"  # noqa: S105 - the sandbox's own
ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class DevOptions:
    """`data` holds everything that is kept; `seed` fills an empty database with the demo catalogue."""

    data: Path = Path(".data")
    host: str = "127.0.0.1"
    port: int = 8000
    sandbox_port: int = 12111
    seed: bool = True

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{self.host}:{self.sandbox_port}"


class DevFailed(Exception):
    """Why the product cannot run here, in one line."""


def run(options: DevOptions, *, console: Console | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; the exit code. Nothing is left running afterwards."""
    console = console or Console(stderr=False)
    stop = stop_on_signals()
    try:
        with ExitStack() as stack:
            launcher = Launcher(options, console, stop, stack)
            launcher.start()
            launcher.watch()
    except (DevFailed, EmbeddedServerFailed, ChildGaveUp) as error:
        console.print(f"[red]cannot run:[/red] {error}", highlight=False, soft_wrap=True)
        return 1
    return 0


class Launcher:
    """One run. What is started is put on the stack, so it is stopped in reverse order however the run ends."""

    def __init__(self, options: DevOptions, console: Console, stop: threading.Event, stack: ExitStack) -> None:
        self._options = options
        self._data = options.data.absolute()
        self._console = console
        self._stop = stop
        self._stack = stack
        self._servers: list[tuple[str, EmbeddedPostgres | EmbeddedRedis]] = []
        self._server_ends: defaultdict[str, RecentEnds] = defaultdict(RecentEnds)
        self._environment: dict[str, str] = {}
        self._supervisor = Supervisor(self._data, self._say)

    def start(self) -> None:
        """Raises DevFailed, EmbeddedServerFailed or ChildGaveUp; returns early when a stop is asked for."""
        began = time.monotonic()
        self._take_directory()
        for port in (self._options.port, self._options.sandbox_port):
            require_free_port(self._options.host, port)
        self._choose_servers()
        self._environment = self._child_environment()
        self._stack.callback(self._supervisor.stop)
        if "STRIPE_API_BASE" in self._environment:
            self._supervisor.start(self._sandbox())
        if self._is_prepared():
            # Loading its code takes the API longer than the servers take to start.
            self._start_child("API")
            self._start_servers()
        else:
            self._start_servers()
            self._prepare()
            self._start_child("API")
        if self._wait_for("API", f"{self._options.url}/health/ready"):
            for name in PROCESSES:
                if name != "API":
                    self._start_child(name)
            self._console.print(welcome(self._options, time.monotonic() - began))

    def watch(self) -> None:
        """Keep everything running until a stop is asked for."""
        while not self._stop.wait(LOOK_SECONDS):
            self._look_after()
        self._say("stopping ...")

    def _look_after(self) -> None:
        for name, server in self._servers:
            if not server.is_running():
                if self._server_ends[name].add(time.monotonic()) > RESTARTS_MAX:
                    raise DevFailed(f"{name} keeps ending; its log: {server.log}")
                self._say(f"{name} ended and is started again")
                server.stop()
                server.start()
        self._supervisor.check()

    def _take_directory(self) -> None:
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            lock = DirectoryLock(self._data)
            lock.acquire()
        except OSError as error:
            raise DevFailed(f"{self._data} cannot be used: {error.strerror}") from error
        self._stack.callback(lock.release)
        self._supervisor.stop_leftovers()

    def _choose_servers(self) -> None:
        """PostgreSQL and Redis of our own, unless the environment names others."""
        if "DATABASE_URL" not in os.environ:
            self._servers.append(("PostgreSQL", EmbeddedPostgres(self._data / "postgres")))
        if "REDIS_URL" not in os.environ:
            self._servers.append(("Redis", EmbeddedRedis(self._data / "redis", appendonly=True)))
        for _, server in self._servers:
            self._stack.callback(server.stop)

    def _start_servers(self) -> None:
        with ThreadPoolExecutor(max_workers=2) as pool:
            for started in [pool.submit(server.start) for _, server in self._servers]:
                started.result()

    def _start_child(self, name: str) -> None:
        if not self._stop.is_set():
            self._supervisor.start(Plan(name=name, command=market(PROCESSES[name]), environment=self._environment))

    def _child_environment(self) -> dict[str, str]:
        chosen = {
            "ENVIRONMENT": "development",
            "HOST": self._options.host,
            "PORT": str(self._options.port),
            "PUBLIC_URL": self._options.url,
            "PYTHONUNBUFFERED": "1",
            # One machine for everything: whoever waits for an answer goes first.
            "WORKER_NICENESS": "5",
            "SHUTDOWN_SECONDS": os.environ.get("SHUTDOWN_SECONDS", "3"),
        }
        for _, server in self._servers:
            if isinstance(server, EmbeddedPostgres):
                chosen["DATABASE_URL"] = server.url(DATABASE)
            else:
                chosen["REDIS_URL"] = server.url()
        if "STORAGE_URL" not in os.environ:
            chosen["STORAGE_URL"] = f"file:{self._data / 'files'}"
        if "STRIPE_API_KEY" not in os.environ:
            chosen |= {"STRIPE_API_BASE": self._options.sandbox_url, "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET}
        if "SMTP_HOST" not in os.environ:
            chosen["MAILBOX_DIRECTORY"] = str(self._data / "mailbox")
        remember_environment(self._data, chosen)
        return {**os.environ, **chosen}

    def _sandbox(self) -> Plan:
        command = [sys.executable, "-m", "infra.sandbox", "--host", self._options.host]
        command += ["--port", str(self._options.sandbox_port), "--data", str(self._data / "sandbox.sqlite")]
        command += ["--webhook-url", f"{self._options.url}/webhooks/payments", "--webhook-secret", WEBHOOK_SECRET]
        command += ["--webhook-events", *EVENTS]
        return Plan(name="sandbox", command=tuple(command), environment=self._environment, stop_seconds=5)

    @property
    def _marker(self) -> Path:
        """Beside the data it speaks of, so that it goes with them."""
        return self._data / "postgres" / "prepared"

    def _is_prepared(self) -> bool:
        """The last run on these data migrated and seeded them with this very code."""
        if "DATABASE_URL" in os.environ or not self._options.seed:
            return False
        return self._marker.exists() and self._marker.read_text() == code_fingerprint()

    def _prepare(self) -> None:
        for command in PREPARATIONS:
            if command == "seed" and not (self._options.seed and self._sandbox_is_ready()):
                continue
            if self._stop.is_set() or not self._finished(command):
                return
        if "DATABASE_URL" not in os.environ and self._options.seed:
            self._marker.write_text(code_fingerprint())

    def _sandbox_is_ready(self) -> bool:
        if "STRIPE_API_BASE" not in self._environment:
            return True
        return self._wait_for("sandbox", f"{self._options.sandbox_url}/_sandbox/health")

    def _finished(self, command: str) -> bool:
        """Run one command to its end; False when a stop was asked for meanwhile."""
        process = OwnedProcess(market(command), environment=self._environment)
        while (exit_code := process.exit_code()) is None:
            if self._stop.wait(LOOK_SECONDS):
                process.stop()
                return False
        if exit_code != 0:
            raise DevFailed(f"`market {command}` ended with code {exit_code}")
        return True

    def _wait_for(self, name: str, url: str) -> bool:
        """Until the address answers; False when a stop was asked for meanwhile."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while (fault := check(url)) is not None:
            if self._stop.wait(LOOK_SECONDS):
                return False
            if time.monotonic() > deadline:
                raise DevFailed(f"the {name} was not ready after {READY_SECONDS_MAX:.0f} seconds: {fault}")
            self._look_after()
        return True

    def _say(self, line: str) -> None:
        self._console.print(f"[dim]market:[/dim] {line}", highlight=False)


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C, SIGTERM and a closed terminal set."""
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    return stop


def market(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "app.cli", command)


def require_free_port(host: str, port: int) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DevFailed(f"port {port} on {host} cannot be used: {error.strerror}") from error


def code_fingerprint() -> str:
    """Changes whenever a migration or the demo data changes."""
    digest = hashlib.sha256()
    for pattern in ("infra/postgres/migrations/**/*.py", "app/demo/*.py", "app/seed.py"):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def welcome(options: DevOptions, seconds: float) -> Panel:
    table = Table.grid(padding=(0, 2))
    accounts = DEMO_ACCOUNTS if options.seed else ()
    rows = [
        ("GraphQL and GraphiQL", f"{options.url}/graphql"),
        ("health, metrics", f"{options.url}/health/ready  {options.url}/metrics"),
        ("mails", f"{options.url}/mailbox"),
        ("payment sandbox", options.sandbox_url),
        ("data", f"{options.data}  (commands beside it: market doctor --data {options.data})"),
        ("", ""),
        *((account.role, f"{account.email}  {DEMO_PASSWORD}") for account in accounts),
        ("", ""),
        ("stop", "Ctrl-C"),
    ]
    for label, value in rows:
        table.add_row(f"[bold]{label}[/bold]", value)
    return Panel(table, title=f"the marketplace runs (started in {seconds:.1f} s)", expand=False)
