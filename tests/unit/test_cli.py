"""The command line reads the settings, calls what it names, and fails with one line."""

import logging
from collections.abc import Iterator
from errno import ECONNREFUSED, ENOENT
from importlib import import_module
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from app.cli import FUNCTIONS, app, reason_of
from app.doctor.place import remember_environment
from app.settings import Settings

runner = CliRunner()


@pytest.fixture(autouse=True)
def logging_is_put_back() -> Iterator[None]:
    """Commands set up the logging of their process, which here is the tests'."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which no setting is set."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("target", sorted(FUNCTIONS.values()))
def test_every_function_that_is_named_exists(target: str) -> None:
    module, _, function = target.partition(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("command", [["serve"], ["migrate"], ["worker"]])
def test_without_settings_a_command_says_in_one_line_what_is_missing(
    command: list[str], no_settings: pytest.MonkeyPatch
) -> None:
    result = runner.invoke(app, command)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["cannot start: DATABASE_URL is not set; REDIS_URL is not set"]


BESIDE = (["jobs", "dead"], ["jobs", "replay", "--all"], ["audit"], ["export", "listings.csv", "--seller", "a"])


@pytest.mark.parametrize("command", BESIDE)
def test_where_nothing_runs_a_command_says_so_in_one_line(
    command: list[str], no_settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_settings.chdir(tmp_path)
    result = runner.invoke(app, command)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("cannot start: nothing runs on .data (`market dev` would)")


@pytest.mark.parametrize("command", BESIDE)
def test_beside_market_dev_a_command_needs_no_settings(
    command: list[str], no_settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its servers are away here, which only a command that knows them can find."""
    for data in (tmp_path / ".data", tmp_path / "elsewhere"):
        data.mkdir()
        url = {"DATABASE_URL": "postgresql://app:hunter2@127.0.0.1:9/market", "REDIS_URL": "redis://127.0.0.1:9"}
        remember_environment(data, url)
    no_settings.chdir(tmp_path)
    assert_it_looks_for_its_servers(command)
    (tmp_path / ".data").rename(tmp_path / "gone")
    assert_it_looks_for_its_servers([*command, "--data", str(tmp_path / "elsewhere")])


def assert_it_looks_for_its_servers(command: list[str]) -> None:
    result = runner.invoke(app, command)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert not line.startswith("cannot start")


def test_a_file_that_is_not_there_is_named() -> None:
    missing = FileNotFoundError(ENOENT, "No such file or directory", "lamps.csv")
    assert reason_of(missing) == "lamps.csv: No such file or directory"
    assert reason_of(ConnectionRefusedError(ECONNREFUSED, "Connection refused")) == "Connection refused"
    assert reason_of(OSError("several at once")) == "several at once"


def test_a_database_that_is_away_is_one_line(no_settings: pytest.MonkeyPatch) -> None:
    no_settings.setenv("DATABASE_URL", "postgresql://app:hunter2@127.0.0.1:9/market")
    no_settings.setenv("REDIS_URL", "redis://127.0.0.1:9")
    result = runner.invoke(app, ["jobs", "dead"])
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_replay_wants_ids_or_all(no_settings: pytest.MonkeyPatch) -> None:
    assert runner.invoke(app, ["jobs", "replay"]).exit_code == 2
    assert runner.invoke(app, ["jobs", "replay", "1", "--all"]).exit_code == 2


def test_the_printed_schema_ends_with_one_newline(no_settings: pytest.MonkeyPatch) -> None:
    printed = runner.invoke(app, ["export-schema"]).stdout
    assert printed.endswith("}\n")
    assert "type Query" in printed


def test_production_is_not_seeded(no_settings: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://127.0.0.1:9/market",
        "REDIS_URL": "redis://127.0.0.1:9",
        "PUBLIC_URL": "https://market.example",
        "STRIPE_API_KEY": "sk_live_1",
        "STRIPE_WEBHOOK_SECRET": "whsec_1",
        "CARRIER_WEBHOOK_SECRET": "carrier_1",
        "STORAGE_URL": "s3://pictures/market",
        "JWT_SECRET": "x" * 32,
        "MAIL_OFF": "true",
    }.items():
        no_settings.setenv(name, value)
    result = runner.invoke(app, ["seed"])
    assert result.exit_code == 1
    assert "production is not seeded" in result.stderr
