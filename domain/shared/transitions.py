"""State machines as tables: (from, to, who). Anything that is not in the table raises."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from domain.shared.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)


class Party(StrEnum):
    """Who may make a step, as a role towards the thing."""

    BUYER = "buyer"
    SELLER = "seller"
    ADMIN = "admin"
    SYSTEM = "system"
    PROVIDER = "provider"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One legal step. `action` is the word that clients see in `allowedActions` (`PUBLISH`); timers have none."""

    source: S
    target: S
    parties: frozenset[Party]
    action: str = ""
    timer: str = ""


class TransitionTable(Generic[S]):
    """All legal steps of one machine. Tests walk it exhaustively; the documentation is drawn from it."""

    def __init__(self, noun: str, steps: Iterable[Step[S]]) -> None:
        self.noun = noun
        self.steps = tuple(steps)
        self._by_pair = {(step.source, step.target): step for step in self.steps}
        assert len(self._by_pair) == len(self.steps), f"{noun}: a step stands twice in the table"

    def check(self, current: S, target: S, party: Party) -> Step[S]:
        """The step, or IllegalTransition when there is none or it is not for this party."""
        step = self._by_pair.get((current, target))
        if step is None or party not in step.parties:
            raise IllegalTransition(self.noun, current.value, target.value)
        return step

    def allows(self, current: S, target: S, party: Party) -> bool:
        step = self._by_pair.get((current, target))
        return step is not None and party in step.parties

    def actions(self, current: S, party: Party) -> tuple[str, ...]:
        """What this party may do now, in the table's order, each once."""
        found = (step.action for step in self.steps if step.source == current and party in step.parties)
        return tuple(dict.fromkeys(action for action in found if action))


def step(source: S, target: S, *parties: Party, action: str = "", timer: str = "") -> Step[S]:
    return Step(source, target, frozenset(parties), action, timer)
