"""Children are restarted when they die, given up when they keep dying, and never left behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from infra.processes.owned import OwnedProcess
from infra.processes.supervisor import (
    RESTART_WINDOW_SECONDS,
    RESTARTS_MAX,
    ChildGaveUp,
    Plan,
    RecentEnds,
    Supervisor,
    recorded_process,
)

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def plan(name: str = "sleeper", command: tuple[str, ...] = SLEEPER, stop_seconds: float = 10) -> Plan:
    return Plan(name=name, command=command, environment=dict(os.environ), stop_seconds=stop_seconds)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, said.append)
    yield made
    made.stop()


def test_a_child_that_dies_is_reported_and_started_again(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(plan())
    first = supervisor.running()["sleeper"]
    os.kill(first, signal.SIGKILL)

    def replaced() -> bool:
        supervisor.check()
        return supervisor.running().get("sleeper", first) != first

    wait_for(replaced)
    assert said == ["the sleeper ended with code -9 and is started again"]


def test_a_child_that_keeps_dying_is_given_up(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(tmp_path, said.append, first_pause_seconds=0.005)
    supervisor.start(plan("broken", (sys.executable, "-c", "raise SystemExit(3)")))

    def check_for_ever() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            supervisor.check()
            time.sleep(0.02)

    with pytest.raises(ChildGaveUp, match="the broken ended 6 times within a minute, last with code 3"):
        check_for_ever()
    assert len(said) == RESTARTS_MAX


def test_only_ends_within_the_window_count() -> None:
    rare = RecentEnds()
    assert [rare.add(day * 86_400.0) for day in range(RESTARTS_MAX * 2)] == [1] * RESTARTS_MAX * 2
    often = RecentEnds()
    for count in range(1, RESTARTS_MAX + 2):
        assert often.add(count * 1.0) == count
    assert often.add(RESTART_WINDOW_SECONDS + RESTARTS_MAX) == 3


def test_stopping_leaves_nothing_behind(tmp_path: Path, supervisor: Supervisor) -> None:
    for name in ("one", "two"):
        supervisor.start(plan(name))
    processes = [psutil.Process(pid) for pid in supervisor.running().values()]
    supervisor.stop()
    assert not any(process.is_running() for process in processes)
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    deaf = OwnedProcess(STUBBORN, log=log)
    wait_for(lambda: log.read_bytes() == b"deaf\n")
    deaf.stop(timeout_seconds=0.2)
    assert deaf.exit_code() == -signal.SIGKILL


def test_the_next_supervisor_ends_what_a_killed_one_left(tmp_path: Path, said: list[str]) -> None:
    orphan = OwnedProcess(SLEEPER)
    process = psutil.Process(orphan.pid)
    (tmp_path / "sleeper.child").write_text(f"{process.pid} {process.create_time()}")
    Supervisor(tmp_path, said.append).stop_leftovers()
    assert orphan.wait(10) is not None
    assert list(tmp_path.iterdir()) == []


def test_a_record_whose_number_was_recycled_names_nobody(tmp_path: Path, said: list[str]) -> None:
    innocent = OwnedProcess(SLEEPER)
    record = tmp_path / "sleeper.child"
    record.write_text(f"{innocent.pid} {psutil.Process(innocent.pid).create_time() - 3600}")
    assert recorded_process(record) is None
    Supervisor(tmp_path, said.append).stop_leftovers()
    assert innocent.exit_code() is None
    innocent.stop()


@pytest.mark.parametrize("content", ["", "nonsense", "1", "99999999 1.0"])
def test_a_torn_record_names_nobody(tmp_path: Path, content: str) -> None:
    record = tmp_path / "torn.child"
    record.write_text(content)
    assert recorded_process(record) is None
