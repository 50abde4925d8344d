"""Documents written by hand name only settings, metrics, commands and files that there are."""

import re
from pathlib import Path

import pytest
import typer

from app.cli import app
from app.settings import Settings
from infra.telemetry.metrics import PrometheusMeasures

DOCS = Path(__file__).parents[2] / "docs"
RUNNING = DOCS / "running.md"


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def test_every_setting_named_is_a_setting() -> None:
    named = {span for span in spans(RUNNING.read_text()) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", span)}
    codes = {"PAYMENT_UNAVAILABLE"}
    assert len(named) > 15
    assert named - codes - {name.upper() for name in Settings.model_fields} == set()


def test_every_metric_named_is_measured_and_every_one_measured_is_named() -> None:
    named = set(re.findall(r"`(market_\w+)`", RUNNING.read_text()))
    exposed = re.findall(r"^# TYPE (market_\w+) ", PrometheusMeasures().exposition().decode(), re.MULTILINE)
    measured = {name for name in exposed if not name.endswith("_created")}
    assert named == measured


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_every_command_named_can_be_given(path: Path) -> None:
    named = {" ".join(words) for words in re.findall(r"`market ([a-z]+)( [a-z]+)?", path.read_text())}
    group = typer.main.get_command(app)
    known = set(getattr(group, "commands", {}))
    assert {words.split()[0] for words in named} - known == set()


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_every_link_within_the_repository_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []
