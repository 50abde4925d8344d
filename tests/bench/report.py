"""The numbers as a table, and what the machine did to them."""

import os
import platform
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.load import Measured

COLUMNS: Final = ("req/s", "p50 ms", "p99 ms")


@dataclass
class Comparison:
    """Runs of one scenario over so many connections: each round one of the product and one of the other."""

    name: str
    connections: int
    product: list[Measured] = field(default_factory=list)
    baseline: list[Measured] = field(default_factory=list)

    def ratio(self) -> float:
        """How many requests the product answers for each one of the other: median over the pairs."""
        pairs = zip(self.product, self.baseline, strict=True)
        return median(ours.per_second / theirs.per_second for ours, theirs in pairs if theirs.per_second)

    def row(self) -> list[str]:
        cells = [self.name, str(self.connections)]
        for runs in (self.product, self.baseline):
            cells += [f"{value:,.1f}" for value in medians(runs)] if runs else ["", "", ""]
        return [*cells, f"{self.ratio():.2f}" if self.baseline else ""]


def medians(runs: list[Measured]) -> tuple[float, float, float]:
    """(requests a second, p50, p99), each the median over the rounds."""
    return (
        median(run.per_second for run in runs),
        median(run.percentile(0.5) for run in runs),
        median(run.percentile(0.99) for run in runs),
    )


def print_comparisons(comparisons: list[Comparison], console: Console) -> None:
    table = Table(title="the product and a hand-written endpoint with the same SQL, medians over the rounds")
    table.add_column("what")
    table.add_column("conn.", justify="right")
    for who in ("product", "hand-written"):
        for column in COLUMNS:
            table.add_column(f"{who}\n{column}", justify="right")
    table.add_column("ratio of\nreq/s", justify="right")
    for comparison in comparisons:
        table.add_row(*comparison.row())
    console.print(table)


def print_machine(console: Console) -> None:
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    memory = psutil.virtual_memory().total / 2**30
    console.print(
        f"{platform.machine()}, {cores} cores, {memory:.0f} GB, Python {platform.python_version()}, load {load:.1f}.\n"
        "One process serves each side; PostgreSQL, Redis, the payment sandbox, the worker and the client share the same"
        " cores, so absolute numbers are lower bounds. The two sides take turns, so their ratio stands.",
        highlight=False,
    )
    if load > cores / 2:
        console.print(f"[yellow]something else keeps this machine busy (load {load:.1f}): the times are too long")


def print_faults(comparisons: list[Comparison], console: Console) -> int:
    """Answers that were no success, by scenario; how many."""
    count = 0
    for comparison in comparisons:
        for who, runs in (("product", comparison.product), ("hand-written", comparison.baseline)):
            bad = sum(run.bad_count for run in runs)
            count += bad
            if bad:
                example = next(run.bad[0] for run in runs if run.bad)[:300].decode(errors="replace")
                console.print(f"[red]{comparison.name}, {comparison.connections}, {who}: {bad} bad answers: {example}")
    return count
