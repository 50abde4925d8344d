"""Events with their handlers, and the sweeps, from the two tables that the worker runs."""

from dataclasses import fields

from app.jobs import CONCURRENCY, HANDLERS
from app.reference.loading import descendants, first_sentence
from app.schedule import SWEEPS
from domain.shared.events import Event

INTRODUCTION = """# Events and jobs

An event is recorded by the transaction that causes it; its commit enqueues one job for each handler. A handler may run
twice, late, or after later events, and does no harm then. What fails is tried again with growing pauses; what fails for
good waits as a dead letter (`market jobs dead`, `market jobs replay`).
"""


def events_document() -> str:
    return f"{INTRODUCTION}\n{events()}\n{lanes()}\n{sweeps()}"


def events() -> str:
    lines = ["## Events", "", "| event | what happened | carries | jobs (lane) |", "| --- | --- | --- | --- |"]
    own = {field.name for field in fields(Event)}
    for event in sorted((each for each in descendants(Event) if hasattr(each, "kind")), key=lambda each: each.kind):
        handlers = [f"`{each.name}` ({each.lane})" for each in HANDLERS if each.event is event]
        carried = ", ".join(f"`{field.name}`" for field in fields(event) if field.name not in own)
        meaning = first_sentence(event.__doc__) if not (event.__doc__ or "").startswith(event.__name__ + "(") else ""
        lines.append(f"| `{event.kind}` | {meaning} | {carried} | {', '.join(handlers) or 'hints only'} |")
    return "\n".join([*lines, ""])


def lanes() -> str:
    lines = ["## Lanes", "", "| lane | jobs at once, per worker |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {lane} | {most} |" for lane, most in CONCURRENCY.items()), ""])


def sweeps() -> str:
    """What every worker does again and again."""
    lines = ["## Sweeps", "", "| sweep | every | rows at once |", "| --- | --- | --- |"]
    lines += [f"| {sweep.name} | {sweep.every_seconds:g} s | {sweep.batch:,} |" for sweep in SWEEPS]
    return "\n".join([*lines, ""])
