"""What the doctor finds: one line for each thing looked at, and for what is wrong also what to do about it.

Invariant: a finding that is not well says what to do, and none carries a secret.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    WELL = "well"
    WARNING = "warning"
    FAULT = "fault"


EXIT_CODES = {Level.WELL: 0, Level.WARNING: 1, Level.FAULT: 2}


class Area(StrEnum):
    SETTINGS = "settings"
    KEYS = "keys"
    SERVERS = "servers"
    DATABASE = "database"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` names what was looked at, `says` is what was seen, `remedy` what to do."""

    area: Area
    check: str
    level: Level
    says: str
    remedy: str = ""

    def __post_init__(self) -> None:
        assert self.level is Level.WELL or self.remedy, f"{self.check}: a fault without a remedy"


def well(area: Area, check: str, says: str) -> Finding:
    return Finding(area, check, Level.WELL, says)


def warning(area: Area, check: str, says: str, remedy: str) -> Finding:
    return Finding(area, check, Level.WARNING, says, remedy)


def fault(area: Area, check: str, says: str, remedy: str) -> Finding:
    return Finding(area, check, Level.FAULT, says, remedy)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 when all is well, 1 with warnings, 2 with faults."""
    return max((EXIT_CODES[finding.level] for finding in findings), default=0)
