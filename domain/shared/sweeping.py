"""How a sweep works through what it found: one after another, so that one that fails keeps no other waiting.

Invariant: no fault is swallowed. All are kept until everybody had their turn, and then raised together; the schedule
logs and counts them.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

AWAY_MAX: Final = 3
"""After so many answers that never came in one sweep, the other side is taken to be down: the rest waits."""


async def one_by_one(
    ids: Sequence[UUID], work: Callable[[UUID], Awaitable[object]], *, away: type[Exception] | None = None
) -> None:
    """Calls `work` for each of the ids of a bounded batch.

    `away`: the fault that says that an outside party does not answer; AWAY_MAX of them end the batch, any other fault
    concerns its own id only. Raises ExceptionGroup with every fault, each noting the id that it is about.
    """
    faults: list[Exception] = []
    unanswered = 0
    for id_ in ids:
        try:
            await work(id_)
        except Exception as fault:  # noqa: BLE001  # raised below, when the others had their turn
            fault.add_note(f"while sweeping {id_}")
            faults.append(fault)
            unanswered += away is not None and isinstance(fault, away)
        if unanswered == AWAY_MAX:
            break
    if faults:
        raise ExceptionGroup(f"{len(faults)} of {len(ids)} could not be worked", faults)
