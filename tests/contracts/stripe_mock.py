"""Stripe's own mock server, which checks requests against Stripe's description of its API."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bin"
PACKAGE = "github.com/stripe/stripe-mock@v0.203.0"
INSTALL_SECONDS_MAX = 300
START_SECONDS_MAX = 30
STARTS_MAX = 5


class NotInstallable(Exception):
    """Why there is no stripe-mock on this machine."""


def program() -> Path:
    """The program, installed once into the project's cache. Raises NotInstallable."""
    installed = CACHE / "stripe-mock"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "stripe-mock.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists():
            _install()
    return installed


def _install() -> None:
    go = shutil.which("go")
    if go is None:
        raise NotInstallable("Go is not installed, and stripe-mock comes as Go source")
    done = subprocess.run(
        [go, "install", PACKAGE],
        env=os.environ | {"GOBIN": str(CACHE)},
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise NotInstallable(f"stripe-mock could not be installed: {done.stderr[-500:]}")


@contextmanager
def running(installed: Path) -> Iterator[str]:
    process, url = next(filter(None, (_started(installed) for _ in range(STARTS_MAX))))
    try:
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _started(installed: Path) -> tuple[subprocess.Popen[bytes], str] | None:
    """None when it ended at once: somebody else has taken the port between the look and the use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen(
        [str(installed), "-http-addr", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None:
        if _answers(f"http://{address}"):
            return process, f"http://{address}"
        if time.monotonic() > deadline:
            process.kill()
            process.wait(10)
    return None


def _answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=1, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
