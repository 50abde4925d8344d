"""The payment sandbox as a process that belongs to this one, on a loopback port.

When `start` returns, it answers. Its file outlives it: started again on the same file, it knows everything.
"""

import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from infra.processes.owned import EmbeddedServerFailed, OwnedProcess

START_SECONDS_MAX = 30
POLL_SECONDS = 0.05


class EmbeddedSandbox:
    """A payment sandbox over `directory`; `port` stays the same over restarts of this object.

    All methods block; from a coroutine call them through `asyncio.to_thread`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        webhook_url: str | None = None,
        webhook_secret: str = "whsec_sandbox",
        webhook_events: Sequence[str] = ("*",),
        port: int | None = None,
    ) -> None:
        self._directory = directory.absolute()
        self._log = self._directory / "sandbox.log"
        self._webhook_url = webhook_url
        self._webhook_secret = webhook_secret
        self._webhook_events = webhook_events
        self._port = port or free_port()
        self._process: OwnedProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start and wait until it answers. Raises EmbeddedServerFailed with one line."""
        self._directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "infra.sandbox", "--port", str(self._port)]
        command += ["--data", str(self._directory / "sandbox.sqlite"), "--webhook-secret", self._webhook_secret]
        if self._webhook_url is not None:
            command += ["--webhook-url", self._webhook_url, "--webhook-events", *self._webhook_events]
        root = Path(__file__).resolve().parents[1]
        self._process = OwnedProcess(command, log=self._log, directory=root)
        try:
            self._wait_until_answering()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End it as a crash would, for tests of recovery."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_answering(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        process = self._process
        while process is not None and process.exit_code() is None and time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/_sandbox/health", timeout=1, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(POLL_SECONDS)
        raise EmbeddedServerFailed(f"the payment sandbox did not start on port {self._port} (log: {self._log})")


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
