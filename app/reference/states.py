"""The state machines as Mermaid pictures and tables, drawn from the transition tables that the code obeys."""

from collections.abc import Iterator
from typing import Any

from app.reference.loading import domain_modules
from domain.shared.transitions import Step, TransitionTable

INTRODUCTION = """# State machines

What is not in these tables is refused (`ILLEGAL_TRANSITION`). An action in capitals is a word of `allowedActions`; a
step of the system without one follows from something else, or from the time that stands beside it.
"""


def states_document() -> str:
    return "\n".join([INTRODUCTION, *(section(machine) for machine in machines())])


def machines() -> list[TransitionTable[Any]]:
    """Every transition table of the domain, by noun."""
    found: dict[int, TransitionTable[Any]] = {}
    for module in domain_modules():
        for value in vars(module).values():
            if isinstance(value, TransitionTable):
                found[id(value)] = value
    return sorted(found.values(), key=lambda machine: machine.noun)


def section(machine: TransitionTable[Any]) -> str:
    lines = [f"## {machine.noun.replace('_', ' ').capitalize()}", "", "```mermaid", *picture(machine), "```", ""]
    lines += ["| from | to | who | action | by itself |", "| --- | --- | --- | --- | --- |"]
    for step in machine.steps:
        action = f"`{step.action}`" if step.action else ""
        lines.append(f"| {step.source.name} | {step.target.name} | {parties(step)} | {action} | {step.timer} |")
    return "\n".join([*lines, ""])


def picture(machine: TransitionTable[Any]) -> Iterator[str]:
    sources = list(dict.fromkeys(step.source for step in machine.steps))
    targets = list(dict.fromkeys(step.target for step in machine.steps))
    yield "stateDiagram-v2"
    # A thing begins in the first state of its table.
    yield f"    [*] --> {sources[0].name}"
    for step in machine.steps:
        yield f"    {step.source.name} --> {step.target.name}: {step.action or parties(step)}"
    for state in targets:
        if state not in sources:
            yield f"    {state.name} --> [*]"


def parties(step: Step[Any]) -> str:
    return ", ".join(sorted(party.value for party in step.parties))
