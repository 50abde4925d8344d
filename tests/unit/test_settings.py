"""A place is described by its environment alone, and production never starts with a developer's secrets."""

from pathlib import Path

import pytest

from app.settings import Settings, SettingsRefused, load_settings
from app.settings_fields import LogFormat
from app.settings_table import with_settings_table

README = Path(__file__).parents[2] / "README.md"

SOUND = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://app:word@db/market",
    "REDIS_URL": "redis://redis:6379/0",
    "PUBLIC_URL": "https://market.example",
    "ALLOWED_ORIGINS": "https://shop.example, https://admin.example/",
    "STRIPE_API_KEY": "sk_live_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "CARRIER_WEBHOOK_SECRET": "carrier_1",
    "JWT_SECRET": "x" * 32,
    "STORAGE_URL": "s3://pictures/market",
    "SMTP_HOST": "mail.example",
    "SMTP_USERNAME": "market",
    "SMTP_PASSWORD": "a-secret-for-mail",
    "MAIL_FROM": "Market <no-reply@market.example>",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which no setting is set."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def put(environment: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        environment.setenv(name, value)


def test_a_sound_production_environment_is_accepted(environment: pytest.MonkeyPatch) -> None:
    put(environment, **SOUND)
    settings = load_settings()
    assert settings.is_production
    assert settings.allowed_origins == ("https://shop.example", "https://admin.example")
    assert settings.log_as is LogFormat.JSON
    assert not settings.serves_graphiql
    assert settings.read_url == settings.database_url


def test_every_insecure_value_is_named_in_one_line(environment: pytest.MonkeyPatch) -> None:
    put(
        environment,
        ENVIRONMENT="production",
        DATABASE_URL="postgresql://db/market",
        REDIS_URL="redis://redis",
        ALLOWED_ORIGINS="*",
        STRIPE_API_BASE="http://127.0.0.1:1",
        CLOCK_OFFSET_SECONDS="5",
    )
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    message = str(refused.value)
    assert "\n" not in message
    for name in (
        "JWT_SECRET",
        "STRIPE_API_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "CARRIER_WEBHOOK_SECRET",
        "STRIPE_API_BASE",
        "PUBLIC_URL",
        "ALLOWED_ORIGINS",
        "STORAGE_URL",
        "MEDIA_URL",
        "CLOCK_OFFSET_SECONDS",
    ):
        assert name in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWT_SECRET", "short"),
        ("STRIPE_API_KEY", "sk_test_sandbox"),
        ("STRIPE_API_BASE", "https://sandbox.example"),
        ("PUBLIC_URL", "http://market.example"),
        ("ALLOWED_ORIGINS", "https://shop.example,http://evil.example"),
        ("CLOCK_OFFSET_SECONDS", "1"),
        ("STORAGE_URL", "file:.data/files"),
        ("STORAGE_URL", "ftp://files.example/market"),
        ("MEDIA_URL", "http://cdn.example"),
        ("SMTP_HOST", ""),
        ("MAIL_FROM", ""),
        ("MAILBOX_DIRECTORY", "mailbox"),
        ("SMTP_PASSWORD", ""),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@b.example\nBcc: c@d.example"),
    ],
)
def test_one_insecure_value_is_enough(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    put(environment, **{**SOUND, name: value})
    with pytest.raises(SettingsRefused, match=name):
        load_settings()


@pytest.mark.parametrize(
    "place",
    [
        {"HOST": "0.0.0.0"},  # noqa: S104  # said, not bound
        {"HOST": "::"},
        {"HOST": "10.0.0.7", "ENVIRONMENT": "test"},
        {"PUBLIC_URL": "https://market.example"},
    ],
)
def test_a_forgotten_production_does_not_start(environment: pytest.MonkeyPatch, place: dict[str, str]) -> None:
    put(environment, DATABASE_URL="postgresql://db/market", REDIS_URL="redis://redis", **place)
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    message = str(refused.value)
    assert "\n" not in message
    assert "set ENVIRONMENT=production" in message
    for name in ("JWT_SECRET", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "CARRIER_WEBHOOK_SECRET"):
        assert name in message
    put(environment, ALLOW_EXPOSED_DEVELOPMENT="true")
    assert load_settings().is_exposed, "said to be meant, as for a container of one's own"


def test_a_single_secret_that_everybody_knows_is_enough_to_be_refused(environment: pytest.MonkeyPatch) -> None:
    sound = {**SOUND, "ENVIRONMENT": "development", "HOST": "0.0.0.0"}  # noqa: S104  # said, not bound
    put(environment, **sound)
    assert load_settings().is_exposed
    put(environment, STRIPE_API_KEY="sk_test_sandbox")
    with pytest.raises(SettingsRefused, match="STRIPE_API_KEY is the sandbox key"):
        load_settings()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_a_developers_machine_needs_no_secrets(environment: pytest.MonkeyPatch, host: str) -> None:
    put(environment, DATABASE_URL="postgresql://db/market", REDIS_URL="redis://redis", HOST=host)
    assert not load_settings().is_exposed


def test_missing_and_malformed_values_are_named_together_and_not_shown(
    environment: pytest.MonkeyPatch,
) -> None:
    put(environment, DATABASE_URL="mysql://root:hunter2@db", PORT="70000", LOG_LEVEL="LOUD")
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    message = str(refused.value)
    assert "REDIS_URL is not set" in message
    assert "DATABASE_URL must begin with postgresql://" in message
    assert "PORT" in message
    assert "LOG_LEVEL" in message
    assert "hunter2" not in message


def test_secrets_are_not_printed(environment: pytest.MonkeyPatch) -> None:
    put(environment, **SOUND)
    shown = repr(load_settings())
    assert "app:word" not in shown
    assert "a-secret-for-mail" not in shown
    assert "sk_live_1" not in shown
    assert "x" * 32 not in shown


def test_production_without_a_mail_server_has_to_say_so(environment: pytest.MonkeyPatch) -> None:
    put(environment, **{**SOUND, "SMTP_HOST": "", "SMTP_USERNAME": "", "MAIL_FROM": "", "MAIL_OFF": "true"})
    assert load_settings().mail_off


def test_a_mail_password_never_goes_in_the_clear(environment: pytest.MonkeyPatch) -> None:
    put(environment, **SOUND, SMTP_SECURITY="none")
    with pytest.raises(SettingsRefused, match="SMTP_SECURITY"):
        load_settings()
    put(environment, SMTP_USERNAME="")
    assert load_settings().smtp_host == "mail.example"


def test_links_lead_to_the_site_or_else_to_the_api(environment: pytest.MonkeyPatch) -> None:
    put(environment, **SOUND)
    assert load_settings().links_url == "https://market.example"
    put(environment, SITE_URL="https://shop.example/")
    assert load_settings().links_url == "https://shop.example"


def test_the_clock_moves_in_the_test_environment_only(environment: pytest.MonkeyPatch) -> None:
    put(environment, DATABASE_URL="postgres://db/market", REDIS_URL="redis://redis", CLOCK_OFFSET_SECONDS="60")
    with pytest.raises(SettingsRefused, match="CLOCK_OFFSET_SECONDS"):
        load_settings()
    put(environment, ENVIRONMENT="test")
    settings = load_settings()
    assert settings.clock_offset_seconds == 60
    assert settings.database_url == "postgresql://db/market"


@pytest.mark.parametrize(
    ("passes", "memory_kib", "sound"),
    [(3, 65_536, True), (5, 7_168, True), (2, 19_456, True), (1, 8, False), (20, 7_000, False), (1, 19_456, False)],
)
def test_passwords_are_hashed_cheaply_in_the_test_environment_only(
    environment: pytest.MonkeyPatch, passes: int, memory_kib: int, sound: bool
) -> None:
    put(environment, PASSWORD_HASH_PASSES=str(passes), PASSWORD_HASH_MEMORY_KIB=str(memory_kib))
    for place in ("production", "development"):
        put(environment, **{**SOUND, "ENVIRONMENT": place})
        if sound:
            assert load_settings().password_hash_passes == passes
        else:
            with pytest.raises(SettingsRefused, match=r"PASSWORD_HASH_MEMORY_KIB=\d+ .* too weak"):
                load_settings()
    put(environment, ENVIRONMENT="test")
    assert load_settings().password_hash_memory_kib == memory_kib


def test_every_setting_says_what_it_is() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undescribed == []


def test_the_readme_shows_the_settings_as_they_are() -> None:
    document = README.read_text()
    assert document == with_settings_table(document), "run `market settings --write README.md`"
