"""The examination on one screen: what is well in one line an area, what is not with what to do about it."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.doctor.findings import Area, Finding, Level, exit_code

MARKS: Final = {
    Level.WELL: "[green]well[/green]",
    Level.WARNING: "[yellow]warning[/yellow]",
    Level.FAULT: "[red]fault[/red]",
}
VERDICTS: Final = {
    0: "[green]all is well[/green]",
    1: "[yellow]it works, with warnings[/yellow]",
    2: "[red]it does not work as it should[/red]",
}


def screen(findings: Sequence[Finding], *, every: bool = False) -> RenderableType:
    """`every` shows what is well line by line too."""
    problems, sound = Table(box=None, padding=(0, 1), pad_edge=False), Table.grid(padding=(0, 1))
    for column in ("", "check", "seen", "what to do"):
        problems.add_column(column, overflow="fold", no_wrap=column == "")
    for area in Area:
        found = [finding for finding in findings if finding.area is area]
        for each in found:
            if every or each.level is not Level.WELL:
                row = (each.check, each.says, each.remedy)
                problems.add_row(MARKS[each.level], *(escape(words) for words in row))
        if not every and (well := [each for each in found if each.level is Level.WELL]):
            sound.add_row(MARKS[Level.WELL], f"[bold]{area}[/bold]", f"[dim]{escape(summary(well))}[/dim]")
    faults, warnings = (sum(each.level is level for each in findings) for level in (Level.FAULT, Level.WARNING))
    verdict = f"{VERDICTS[exit_code(findings)]}: {faults} faults, {warnings} warnings, {len(findings)} checks"
    return Group(*([problems] if problems.row_count else []), sound, Text.from_markup(f"\n{verdict}"))


def summary(sound: Sequence[Finding]) -> str:
    """What is well, in a line or two: names, and what was seen where it says something."""
    plain = {"none", "set", "clocks agree", "none waits"}
    parts = [each.check if each.says in plain else f"{each.check} ({each.says})" for each in sound]
    return ", ".join(parts)
