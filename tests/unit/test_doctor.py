"""The doctor names each fault, says what to do about it, and never shows a secret."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.doctor.contradictions import setting_findings
from app.doctor.findings import Area, Finding, Level, exit_code, fault, warning, well
from app.doctor.keys import key_findings
from app.doctor.place import remember_environment, settings_of_place
from app.doctor.screen import screen
from app.doctor.servers import judged as judged_server
from app.doctor.servers import skew
from app.doctor.visit import visit
from app.doctor.work import PATIENCE, judged_backlog, span
from app.doctor.work import judged as judged_queue
from app.settings import Settings, SettingsRefused
from app.settings_fields import Environment
from domain.backoffice.backlog_reads import Backlog, Waiting
from infra.postgres.checkup import QueueFacts, ServerFacts

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECRET = "correct horse battery staple, 40 bytes long"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # said, not bound
SOUND: dict[str, Any] = {
    "environment": Environment.PRODUCTION,
    "database_url": "postgresql://app:word@db/market?sslmode=verify-full",
    "redis_url": "rediss://:word@redis:6379/0",
    "public_url": "https://market.example",
    "allowed_origins": "https://shop.example",
    "stripe_api_key": "sk_live_1234567890",
    "stripe_webhook_secret": "whsec_1234567890",
    "carrier_webhook_secret": SECRET,
    "jwt_secret": SECRET,
    "metrics_token": SECRET,
    "host": EVERYWHERE,
    "storage_url": "s3://market-files",
    "media_url": "https://media.market.example",
    "smtp_host": "mail.example",
    "mail_from": "Market <no-reply@market.example>",
}
LOCAL: dict[str, Any] = {
    "database_url": "postgresql://127.0.0.1/market",
    "redis_url": "redis://127.0.0.1",
    "stripe_api_base": "http://127.0.0.1:12111",
}
OPEN: dict[str, Any] = {"host": EVERYWHERE, "allow_exposed_development": True}
SERVER = ServerFacts(
    version=18,
    clock=NOW,
    encoding="UTF8",
    fsync=True,
    connections_max=300,
    connections=10,
    wraparound_share=0.01,
    oldest_transaction_seconds=1,
    prepared_transactions=0,
    is_superuser=False,
    is_replica=False,
    replay_lag_seconds=0,
)
QUEUE = QueueFacts(waiting=3, oldest_waiting_seconds=1, dead=0, abandoned=0, notifies=False)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def of_settings(place: dict[str, Any], **more: Any) -> dict[str, Finding]:
    """What is not well in a place, by check."""
    settings = Settings(**{**place, **more})
    found = [*setting_findings(settings), *key_findings(settings)]
    return {finding.check: finding for finding in found if finding.level is not Level.WELL}


def test_sound_places_have_no_faults() -> None:
    assert of_settings(SOUND) == {}
    assert of_settings(LOCAL) == {}


@pytest.mark.parametrize(
    ("place", "changes", "check", "level"),
    [
        (LOCAL, {"jwt_secret": "short"}, "JWT_SECRET", Level.FAULT),
        (SOUND, {"jwt_secret": "x" * 40}, "JWT_SECRET", Level.WARNING),
        (LOCAL, OPEN, "JWT_SECRET", Level.FAULT),
        (LOCAL, OPEN, "HOST", Level.WARNING),
        (LOCAL, OPEN, "CARRIER_WEBHOOK_SECRET", Level.FAULT),
        (SOUND, {"carrier_webhook_secret": "carrier_1"}, "CARRIER_WEBHOOK_SECRET", Level.WARNING),
        (LOCAL, {"stripe_api_key": "sk_live_1234567890"}, "STRIPE_API_KEY", Level.FAULT),
        (SOUND, {"stripe_api_key": "sk_test_1234567890"}, "STRIPE_API_KEY", Level.WARNING),
        (SOUND, {"stripe_api_key": "pk_live_1234567890"}, "STRIPE_API_KEY", Level.FAULT),
        (SOUND, {"stripe_api_key": "hunter2"}, "STRIPE_API_KEY", Level.FAULT),
        (LOCAL, {"stripe_api_base": None}, "STRIPE_API_KEY", Level.FAULT),
        (LOCAL, {"stripe_api_base": None}, "STRIPE_WEBHOOK_SECRET", Level.FAULT),
        (SOUND, {"stripe_webhook_secret": "hunter2"}, "STRIPE_WEBHOOK_SECRET", Level.FAULT),
        (LOCAL, {"lease_seconds": 20}, "LEASE_SECONDS", Level.FAULT),
        (LOCAL, {"reservation_seconds": 30}, "RESERVATION_SECONDS", Level.FAULT),
        (SOUND, {"shutdown_seconds": 3}, "SHUTDOWN_SECONDS", Level.WARNING),
        (SOUND, {"graphiql": True}, "GRAPHIQL", Level.WARNING),
        (SOUND, {"allowed_origins": ""}, "ALLOWED_ORIGINS", Level.WARNING),
        (SOUND, {"metrics_token": None}, "METRICS_TOKEN", Level.WARNING),
        (
            SOUND,
            {"opensearch_url": "https://search:9200", "opensearch_verify_tls": False},
            "OPENSEARCH_VERIFY_TLS",
            Level.WARNING,
        ),
        (SOUND, {"database_url": "postgresql://app:word@db/market"}, "DATABASE_URL", Level.WARNING),
        (SOUND, {"redis_url": "redis://redis:6379/0"}, "REDIS_URL", Level.WARNING),
    ],
)
def test_each_fault_of_the_settings_is_named(
    place: dict[str, Any], changes: dict[str, Any], check: str, level: Level
) -> None:
    found = of_settings(place, **changes)
    assert found[check].level is level
    assert found[check].remedy


def test_no_finding_shows_a_secret() -> None:
    words = ("hunter2-hunter2", "hunter3", "hunter4-word")
    found = of_settings(
        LOCAL,
        **OPEN,
        jwt_secret=words[0],
        stripe_webhook_secret=words[1],
        carrier_webhook_secret=words[2],
        database_url="postgresql://app:hunter5@db/market",
    )
    said = " ".join(f"{finding.says} {finding.remedy}" for finding in found.values())
    assert len(found) >= 3
    assert "hunter" not in said


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, Level.WELL), (1.9, Level.WELL), (-5, Level.WARNING), (31, Level.FAULT)]
)
def test_a_clock_that_is_off_is_noticed(seconds: float, level: Level) -> None:
    finding = skew("clock", NOW + timedelta(seconds=seconds), NOW, NOW)
    assert finding.level is level
    if seconds:
        assert ("behind" in finding.says) is (seconds < 0 and level is not Level.WELL)


@pytest.mark.parametrize(
    ("changes", "words", "level"),
    [
        ({"version": 15}, "version 15", Level.FAULT),
        ({"encoding": "SQL_ASCII"}, "SQL_ASCII", Level.FAULT),
        ({"is_replica": True}, "replica", Level.FAULT),
        ({"fsync": False}, "fsync", Level.WARNING),
        ({"is_superuser": True}, "superuser", Level.WARNING),
        ({"connections_max": 60}, "max_connections 60", Level.WARNING),
        ({"oldest_transaction_seconds": 900.0}, "15 minutes", Level.WARNING),
        ({"prepared_transactions": 2}, "2 are open", Level.WARNING),
        ({"wraparound_share": 0.8}, "80%", Level.FAULT),
    ],
)
def test_each_fault_of_a_database_server_is_named(changes: dict[str, Any], words: str, level: Level) -> None:
    facts = {name: getattr(SERVER, name) for name in ServerFacts.__dataclass_fields__} | changes
    (found,) = judged_server(ServerFacts(**facts), Settings(**SOUND))
    assert (found.level, words in found.says) == (level, True)


def test_a_sound_database_server_is_well() -> None:
    assert [finding.level for finding in judged_server(SERVER, Settings(**SOUND))] == [Level.WELL]


@pytest.mark.parametrize(
    ("changes", "check", "level"),
    [
        ({}, "jobs", Level.WELL),
        ({"waiting": 9_000}, "jobs", Level.WELL),
        ({"oldest_waiting_seconds": 45.0}, "jobs", Level.WARNING),
        ({"oldest_waiting_seconds": 4_000.0}, "jobs", Level.FAULT),
        ({"dead": 2}, "dead letters", Level.WARNING),
        ({"abandoned": 1}, "running jobs", Level.WARNING),
        ({"notifies": True}, "job notifications", Level.FAULT),
    ],
)
def test_each_fault_of_the_queue_is_named(changes: dict[str, Any], check: str, level: Level) -> None:
    facts = {name: getattr(QUEUE, name) for name in QueueFacts.__dataclass_fields__} | changes
    found = {finding.check: finding for finding in judged_queue(QueueFacts(**facts))}
    assert found[check].level is level


@pytest.mark.parametrize("backlog", list(Backlog))
def test_every_backlog_has_its_patience(backlog: Backlog) -> None:
    patience = PATIENCE[backlog]

    def level(seconds: float) -> Level:
        return judged_backlog(backlog, Waiting(1, NOW - timedelta(seconds=seconds)), NOW).level

    assert judged_backlog(backlog, Waiting(0, None), NOW).level is Level.WELL
    assert level(patience.warning_seconds - 1) is Level.WELL
    assert level(patience.warning_seconds + 1) is Level.WARNING
    assert level(patience.fault_seconds + 1) is Level.FAULT


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (119, "119 s"), (600, "10 min"), (9_000, "2.5 h"), (259_200, "3.0 days")]
)
def test_spans_read_as_people_say_them(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_the_exit_code_is_that_of_the_gravest() -> None:
    sound = well(Area.KEYS, "a", "set")
    mild, grave = warning(Area.KEYS, "b", "odd", "mend it"), fault(Area.WORK, "c", "late", "hurry")
    assert [exit_code(found) for found in ([sound], [sound, mild], [mild, grave, sound], [])] == [0, 1, 2, 0]


def test_the_screen_tells_each_fault_with_its_remedy_and_sums_up_what_is_well() -> None:
    console = Console(width=120, record=True, file=StringIO())
    sound = [well(Area.SERVERS, f"server {number}", "clocks agree") for number in range(20)]
    console.print(screen([*sound, fault(Area.WORK, "jobs", "[1] waits", "start a worker")]))
    shown = console.export_text()
    assert "jobs" in shown
    assert "[1] waits" in shown
    assert "start a worker" in shown
    assert "1 faults, 0 warnings, 21 checks" in shown
    assert len(shown.splitlines()) < 12


def test_the_data_directory_speaks_where_the_environment_is_silent(
    tmp_path: Path, no_settings: pytest.MonkeyPatch
) -> None:
    remember_environment(
        tmp_path, {"DATABASE_URL": "postgresql://here/a", "REDIS_URL": "redis://here", "PYTHONUNBUFFERED": "1"}
    )
    assert settings_of_place(tmp_path).database_url == "postgresql://here/a"
    assert (tmp_path / "environment.json").stat().st_mode & 0o077 == 0
    no_settings.setenv("REDIS_URL", "redis://there")
    assert settings_of_place(tmp_path).redis_url == "redis://there"
    no_settings.setenv("DATABASE_URL", "postgresql://there/b")
    assert settings_of_place(tmp_path).database_url == "postgresql://there/b"
    assert json.loads((tmp_path / "environment.json").read_text())["PYTHONUNBUFFERED"] == "1"


def test_no_place_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="market dev"):
        settings_of_place(tmp_path)


async def test_settings_that_are_refused_are_findings_of_their_own(no_settings: pytest.MonkeyPatch) -> None:
    no_settings.setenv("ENVIRONMENT", "production")
    no_settings.setenv("DATABASE_URL", "postgresql://127.0.0.1:9/market")
    no_settings.setenv("REDIS_URL", "redis://127.0.0.1:9")
    found = await visit(Path("nowhere"))
    assert exit_code(found) == 2
    assert {"JWT_SECRET is the development default", "STRIPE_API_KEY is the sandbox key"} <= {
        finding.says for finding in found
    }
