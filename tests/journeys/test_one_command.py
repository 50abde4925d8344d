"""One command runs everything, keeps the data, and comes back cleanly however it ended."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import psutil
import pytest

from app.checking import check
from app.settings import Settings

READY_SECONDS: Final = 100
ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")


class FakeUser:
    """Somebody in a terminal: starts the product, looks at it, presses Ctrl-C or pulls the plug."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port, self.sandbox_port = free_port(), free_port()
        self.output = data.with_suffix(".out")
        self._process: subprocess.Popen[bytes] | None = None

    def starts(self) -> None:
        command = [sys.executable, "-m", "app.cli", "dev", "--no-seed", "--data", str(self.data)]
        command += ["--port", str(self.port), "--sandbox-port", str(self.sandbox_port)]
        hidden = {name.upper() for name in Settings.model_fields}
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, env={**environment, "COLUMNS": "200"}
            )

    def sees(self, text: str, seconds: float = READY_SECONDS) -> None:
        assert self._process is not None
        deadline = time.monotonic() + seconds
        while text not in self.screen():
            assert self._process.poll() is None or text in self.screen(), self.screen()
            assert time.monotonic() < deadline, self.screen()
            time.sleep(0.05)

    def screen(self) -> str:
        return ANSI.sub("", self.output.read_text())

    def sends(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def waits_for_the_end(self) -> int:
        assert self._process is not None
        return self._process.wait(60)

    def leaves(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)

    def asks(self, path: str = "/health/ready") -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5)

    def family(self) -> dict[str, psutil.Process]:
        """What the launcher runs, by the word that tells it apart."""
        assert self._process is not None
        found: dict[str, psutil.Process] = {}
        for process in psutil.Process(self._process.pid).children(recursive=True):
            try:
                words = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            for name in ("app.cli serve", "app.cli worker", "infra.sandbox", "redis-server", "bin/postgres"):
                if name in words:
                    found.setdefault(name, process)
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


def answers(user: FakeUser) -> bool:
    return check(f"http://127.0.0.1:{user.port}/health/ready") is None


@pytest.fixture
def user(tmp_path: Path) -> Iterator[FakeUser]:
    made = FakeUser(tmp_path / "data")
    yield made
    made.leaves()


PARTS: Final = {"app.cli serve", "app.cli worker", "infra.sandbox", "redis-server", "bin/postgres"}


@pytest.mark.timeout(300)
def test_it_answers_mends_itself_and_leaves_nothing_behind(user: FakeUser, tmp_path: Path) -> None:
    user.starts()
    user.sees("the marketplace runs")
    assert user.asks().json()["parts"] == {"postgres": "up", "redis": "up", "payments": "up", "files": "up"}

    second = FakeUser(user.data)
    second.output = tmp_path / "second.out"
    second.starts()
    assert second.waits_for_the_end() == 1, second.screen()
    assert re.fullmatch(r"cannot run: \S+ is in use by process \d+\n", second.screen())

    for part, said in (
        ("bin/postgres", "PostgreSQL ended"),
        ("redis-server", "Redis ended"),
        ("infra.sandbox", "the sandbox ended"),
        ("app.cli serve", "the API ended"),
    ):
        user.family()[part].kill()
        user.sees(said)
        wait_for(lambda: set(user.family()) >= PARTS and answers(user))

    family = user.family()
    user.sends(signal.SIGINT)
    assert user.waits_for_the_end() == 0, user.screen()
    assert not any(process.is_running() for process in family.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_stop_is_obeyed_while_it_still_starts(user: FakeUser, ending: signal.Signals) -> None:
    user.starts()
    wait_for(lambda: "bin/postgres" in user.family())
    family = user.family()
    user.sends(ending)
    assert user.waits_for_the_end() == 0, user.screen()
    assert not any(process.is_running() for process in family.values())


@pytest.mark.timeout(300)
def test_after_a_kill_the_next_start_takes_over(user: FakeUser) -> None:
    user.starts()
    user.sees("the marketplace runs")
    before = user.family()
    user.sends(signal.SIGKILL)
    user.waits_for_the_end()
    user.starts()
    user.sees("the marketplace runs")
    assert answers(user)
    wait_for(lambda: not any(process.is_running() for process in before.values()))
    user.sends(signal.SIGTERM)
    assert user.waits_for_the_end() == 0, user.screen()


@pytest.mark.timeout(300)
def test_a_port_in_use_is_one_line(user: FakeUser) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", user.port))
        taken.listen()
        user.starts()
        assert user.waits_for_the_end() == 1, user.screen()
    assert user.screen() == f"cannot run: port {user.port} on 127.0.0.1 cannot be used: Address already in use\n"


@pytest.mark.timeout(300)
def test_a_broken_data_directory_is_one_line(user: FakeUser) -> None:
    broken = user.data / "postgres" / "data"
    broken.mkdir(parents=True)
    (broken / "PG_VERSION").write_text("12\n")
    user.starts()
    assert user.waits_for_the_end() == 1, user.screen()
    (line,) = [line for line in user.screen().splitlines() if "cannot run" in line]
    assert "PostgreSQL did not start" in line


@pytest.mark.timeout(300)
def test_a_data_directory_that_is_a_file_is_one_line(user: FakeUser) -> None:
    user.data.write_text("")
    user.starts()
    assert user.waits_for_the_end() == 1, user.screen()
    assert re.fullmatch(r"cannot run: \S+ cannot be used: .*\n", user.screen())
