"""What makes the outside world misbehave on demand: latency, failures, unreliable webhooks, another time.

Switches are kept in the same file as the objects, so a restarted sandbox goes on misbehaving as it was told.
"""

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FAULTS_MAX = 100
LATENCY_MAX_SECONDS = 120.0


class _Switch(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(_Switch):
    """Fail the next `times` requests whose method and path match.

    `when`: before the effect, or after it (the effect happens, its answer is lost).
    `status`: the answer instead; 0 closes the connection without one.
    `remembered`: the failing answer is stored under the idempotency key and replayed, as Stripe does with a
    500 of its own; otherwise the key goes on as if the request had never arrived (before) or had been
    answered (after).
    """

    path: str = Field(default="*", max_length=200)
    method: Literal["GET", "POST", "DELETE", "*"] = "POST"
    when: Literal["before", "after"] = "before"
    status: Literal[0, 429, 500, 502, 503, 504] = 500
    times: int = Field(default=1, ge=1, le=1_000_000)
    remembered: bool = False

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Latency(_Switch):
    """Matching requests wait before anything is done, or with their answer after everything is done.

    A client that gives up early does not stop the effect.
    """

    path: str = Field(default="*", max_length=200)
    when: Literal["before", "after"] = "before"
    seconds: float = Field(ge=0, le=LATENCY_MAX_SECONDS)


class Webhooks(_Switch):
    """How deliveries go wrong. `drop_next` and `duplicate` count deliveries and extra copies of each."""

    paused: bool = False
    delay_seconds: float = Field(default=0.0, ge=0, le=86_400)
    duplicate: int = Field(default=0, ge=0, le=10)
    drop_next: int = Field(default=0, ge=0, le=1_000_000)
    out_of_order: bool = False
    url: str | None = Field(default=None, max_length=2_000)
    """Another address than the one the sandbox was started with."""


class Switches(_Switch):
    latency: tuple[Latency, ...] = Field(default=(), max_length=FAULTS_MAX)
    faults: tuple[Fault, ...] = Field(default=(), max_length=FAULTS_MAX)
    webhooks: Webhooks = Webhooks()
    clock_offset_seconds: float = Field(default=0.0, ge=-3.2e9, le=3.2e9)
    settlement_seconds: int = Field(default=0, ge=0, le=31_536_000)
    """How long captured money stays pending in the platform's balance."""
    payout_seconds: int = Field(default=0, ge=0, le=31_536_000)
    """How long a payout travels to the bank."""

    def latency_of(self, path: str, when: str) -> float:
        matching = (one for one in self.latency if one.when == when and fnmatchcase(path, one.path))
        return max((one.seconds for one in matching), default=0.0)

    def fault_for(self, method: str, path: str, when: str) -> Fault | None:
        return next((one for one in self.faults if one.when == when and one.matches(method, path)), None)

    def spent(self, fault: Fault) -> "Switches":
        """These switches after that fault struck once."""
        left = fault.model_copy(update={"times": fault.times - 1})
        position = self.faults.index(fault)
        remaining = (left,) if left.times else ()
        faults = (*self.faults[:position], *remaining, *self.faults[position + 1 :])
        return self.model_copy(update={"faults": faults})
