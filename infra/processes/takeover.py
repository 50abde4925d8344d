"""Who may run servers on a directory, and what happens to those that a killed owner left behind.

At most one living process owns a directory: the kernel drops its lock when it ends, however it ends.
"""

import fcntl
import os
import signal
import time
from pathlib import Path

import psutil

from infra.processes.owned import EmbeddedServerFailed


class DirectoryLock:
    """An exclusive lock on a directory, held until released or until the process ends."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "owner.lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise EmbeddedServerFailed naming the process that has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise EmbeddedServerFailed(f"{self._path.parent} is in use by process {owner}") from None
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def stop_leftover(pid_file: Path, *, name: str, directory: Path, graceful: signal.Signals) -> None:
    """Stop the server that a killed owner left running in `directory`; forget a pid that is none.

    A process counts as that server only by its name and its working directory: after a reboot the number in
    an old pid file may belong to anything.
    """
    process = find_server(pid_file, name=name, directory=directory)
    if process is None:
        pid_file.unlink(missing_ok=True)
        return
    for stop_signal, patience_seconds in ((graceful, 15), (signal.SIGKILL, 5)):
        try:
            process.send_signal(stop_signal)
            process.wait(patience_seconds)
        except psutil.NoSuchProcess:
            break
        except psutil.TimeoutExpired:
            continue
        break
    wait_gone(pid_file, process)


def find_server(pid_file: Path, *, name: str, directory: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        is_ours = name in process.name() and Path(process.cwd()) == directory.resolve()
    except (FileNotFoundError, ValueError, IndexError, psutil.Error):
        return None
    return process if is_ours else None


def wait_gone(pid_file: Path, process: psutil.Process) -> None:
    deadline = time.monotonic() + 5
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            raise EmbeddedServerFailed(f"process {process.pid} of {pid_file} cannot be stopped")
        time.sleep(0.02)
