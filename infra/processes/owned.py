"""Child processes that never outlive the process that started them.

A child started here is stopped when its owner stops it, and also when the owner is killed: a guard of one
shell line waits on a pipe whose other end only the owner holds, and passes the stop signal on when that end
closes.
"""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

LOG_BYTES_MAX = 8 * 1024 * 1024


class EmbeddedServerFailed(Exception):
    """An embedded server cannot run; the message is one line fit for the person who started it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OwnedProcess:
    """One child process with its log file, its stop signal and its guard.

    It has a session of its own, so Ctrl-C in a terminal reaches the owner only and the owner decides in which
    order things stop. `user` is a user id to run as (only root may choose another one).
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path | None = None,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        user: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._stop_signal = stop_signal
        output = open_log(log) if log is not None else None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the caller's own program
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env=dict(environment) if environment is not None else None,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        finally:
            if output is not None:
                output.close()
        self._guard = start_guard(self._process.pid, stop_signal)

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, None while it runs."""
        code = self._process.poll()
        if code is not None:
            self._dismiss_guard()
        return code

    def wait(self, timeout_seconds: float) -> int | None:
        """Wait for the end; None when it still runs after the time."""
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None
        return self.exit_code()

    def request_stop(self) -> None:
        """Send the stop signal without waiting, so that several children can stop at once."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)

    def stop(self, timeout_seconds: float = 15) -> None:
        """Stop it and wait; kill it when it has not ended in time."""
        self.request_stop()
        if self.wait(timeout_seconds) is None:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._dismiss_guard()

    def _dismiss_guard(self) -> None:
        if self._guard.poll() is None:
            self._guard.kill()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()


def start_guard(pid: int, stop_signal: signal.Signals) -> subprocess.Popen[bytes]:
    """Start the watcher that signals `pid` when this process is gone.

    The child stays a zombie until its owner reaps it, so the number cannot have gone to another process while
    the owner lives; the guard is dismissed as soon as the owner has reaped the child.
    """
    script = f'read -r _; kill -{stop_signal.name.removeprefix("SIG")} "$0" 2>/dev/null'
    return subprocess.Popen(  # noqa: S603 - constant script, numeric argument
        ["/bin/sh", "-c", script, str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def open_log(path: Path) -> IO[bytes]:
    """Open a log for appending; one that has grown too large begins anew."""
    oversized = path.exists() and path.stat().st_size > LOG_BYTES_MAX
    return path.open("wb" if oversized else "ab")
