"""The asking side of `forking`: a process that somebody else has forked, held like an `OwnedProcess`."""

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from infra.processes.owned import OwnedProcess

ROOT: Final = Path(__file__).resolve().parents[2]
LOAD_SECONDS_MAX: Final = 90.0
POLL_SECONDS: Final = 0.02
KILL_SECONDS_MAX: Final = 30.0


class Forkery:
    """The process that forks, started at once and ready some seconds later."""

    def __init__(self, directory: Path) -> None:
        self.address = directory / "forks"
        self._process = OwnedProcess(
            (sys.executable, "-m", "tests.journeys.forking", str(self.address)),
            log=directory / "forks.log",
            environment={**os.environ, "PYTHONUNBUFFERED": "1"},
            directory=ROOT,
        )

    def stop(self) -> None:
        self._process.stop()


class ForkedProcess:
    """`market <command>` with its log and environment. It ends when whoever made this ends."""

    def __init__(self, address: Path, command: str, *, log: Path, environment: Mapping[str, str]) -> None:
        request = {"command": command, "environment": dict(environment), "log": str(log), "directory": str(ROOT)}
        self._connection = connected(address)
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        self._answers = self._connection.makefile("rb")
        self._exit_code: int | None = None
        self.pid = int(self._answers.readline())

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, None while it runs."""
        return self.wait(0)

    def wait(self, timeout_seconds: float) -> int | None:
        """Wait for the end; None when it still runs after the time."""
        if self._exit_code is None and select.select([self._connection], [], [], timeout_seconds)[0]:
            self._exit_code = int(self._answers.readline() or -signal.SIGKILL)
            self._answers.close()
            self._connection.close()
        return self._exit_code

    def request_stop(self) -> None:
        """Ask it to end, without waiting."""
        self._signal(signal.SIGTERM)

    def stop(self, timeout_seconds: float = 15) -> None:
        """Stop it and wait; kill it when it has not ended in time."""
        self.request_stop()
        if self.wait(timeout_seconds) is None:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._signal(signal.SIGKILL)
        assert self.wait(KILL_SECONDS_MAX) is not None

    def _signal(self, number: signal.Signals) -> None:
        if self.exit_code() is None:
            with suppress(ConnectionError):  # it has ended in this moment
                self._connection.sendall(bytes([number]))


def connected(address: Path) -> socket.socket:
    """To the process that forks, which may still be loading."""
    deadline = time.monotonic() + LOAD_SECONDS_MAX
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(address))
        except OSError:
            connection.close()
            assert time.monotonic() < deadline, f"nobody forks at {address}"
            time.sleep(POLL_SECONDS)
        else:
            return connection
