"""A few child processes as one: started in order, restarted a bounded number of times, stopped in reverse order.

Invariant: what a supervisor started, it or its next incarnation on the same directory stops; a child is recorded with
its time of birth before anything waits for it, so a recycled process number is never mistaken for it.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from infra.processes.owned import OwnedProcess

RESTARTS_MAX: Final = 5
RESTART_WINDOW_SECONDS: Final = 60.0
FIRST_PAUSE_SECONDS: Final = 0.2
STOP_SECONDS_MAX: Final = 30.0


class ChildGaveUp(Exception):
    """A child ended more often than a passing fault explains."""

    def __init__(self, name: str, exit_code: int) -> None:
        super().__init__(f"the {name} ended {RESTARTS_MAX + 1} times within a minute, last with code {exit_code}")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run. The child writes to its owner's output; `stop_seconds` is its time to finish before it is killed."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    stop_seconds: float = STOP_SECONDS_MAX


class RecentEnds:
    """How often something has ended of late: more often than RESTARTS_MAX, a passing fault does not explain it."""

    def __init__(self) -> None:
        self._at: deque[float] = deque(maxlen=RESTARTS_MAX + 1)

    def add(self, now: float) -> int:
        """It ended at `now`, in seconds of a clock that never goes back. How often within the window, this included."""
        self._at.append(now)
        while now - self._at[0] > RESTART_WINDOW_SECONDS:
            self._at.popleft()
        return len(self._at)


@dataclass(slots=True)
class Child:
    plan: Plan
    process: OwnedProcess
    ends: RecentEnds = field(default_factory=RecentEnds)
    restart_at: float | None = None


class Supervisor:
    """`directory` keeps the record of running children; `report` gets one line whenever something happened to one.

    The pause before a child is started again doubles with each time, from `first_pause_seconds`.
    """

    def __init__(
        self, directory: Path, report: Callable[[str], None], *, first_pause_seconds: float = FIRST_PAUSE_SECONDS
    ) -> None:
        self._directory = directory
        self._report = report
        self._first_pause_seconds = first_pause_seconds
        self._children: list[Child] = []

    def stop_leftovers(self) -> None:
        """End what a killed supervisor left running in this directory."""
        records = sorted(self._directory.glob("*.child"))
        found = [process for process in map(recorded_process, records) if process is not None]
        for process in found:
            process.terminate()
        _, alive = psutil.wait_procs(found, timeout=5)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=5)
        for record in records:
            record.unlink(missing_ok=True)

    def start(self, plan: Plan) -> None:
        self._children.append(Child(plan, self._launch(plan)))

    def check(self) -> None:
        """Start again what has ended, after growing pauses. Raises ChildGaveUp for one that keeps ending."""
        now = time.monotonic()
        for child in self._children:
            exit_code = child.process.exit_code()
            if exit_code is None:
                continue
            if child.restart_at is None:
                child.restart_at = now + self._pause_after(child, exit_code, now)
            elif now >= child.restart_at:
                child.restart_at = None
                child.process = self._launch(child.plan)

    def _pause_after(self, child: Child, exit_code: int, now: float) -> float:
        ends = child.ends.add(now)
        if ends > RESTARTS_MAX:
            raise ChildGaveUp(child.plan.name, exit_code)
        self._report(f"the {child.plan.name} ended with code {exit_code} and is started again")
        pause: float = self._first_pause_seconds * 2 ** (ends - 1)
        return pause

    def running(self) -> dict[str, int]:
        """Name and process id of the children that run."""
        return {child.plan.name: child.process.pid for child in self._children if child.process.exit_code() is None}

    def stop(self) -> None:
        """Stop all, the last started first; each gets its time, then it is killed."""
        for child in reversed(self._children):
            child.process.stop(child.plan.stop_seconds)
            self._record(child.plan.name).unlink(missing_ok=True)
        self._children.clear()

    def kill(self) -> None:
        """End all at once."""
        for child in self._children:
            child.process.kill()

    def _launch(self, plan: Plan) -> OwnedProcess:
        process = OwnedProcess(plan.command, environment=plan.environment)
        try:
            born = psutil.Process(process.pid).create_time()
        except psutil.NoSuchProcess:
            return process
        self._record(plan.name).write_text(f"{process.pid} {born}")
        return process

    def _record(self, name: str) -> Path:
        return self._directory / f"{name}.child"


def recorded_process(record: Path) -> psutil.Process | None:
    """The process of a record, if it is still the same one."""
    try:
        pid, born = record.read_text().split()
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(born)) < 0.01
    except (ValueError, psutil.NoSuchProcess):
        return None
    return process if same else None
