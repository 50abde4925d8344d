"""Everything that may differ between two places where the program runs: one field, one environment variable."""

import re
from email.utils import parseaddr
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from infra.mail.security import SmtpSecurity

DEVELOPMENT_JWT_SECRET = "development-only-secret-of-32-bytes!"  # noqa: S105 - refused in production
SANDBOX_API_KEY = "sk_test_sandbox"
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105 - refused in production
SANDBOX_CARRIER_SECRET = "carrier_sandbox"  # noqa: S105 - refused in production
DEVELOPMENT_STORAGE_URL = "file:.data/files"
DEVELOPMENT_MAIL_FROM = "Marketplace <no-reply@localhost>"
JWT_SECRET_BYTES_MIN = 32


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"
    TEST = "test"


class LogFormat(StrEnum):
    JSON = "json"
    CONSOLE = "console"


class Fields(BaseSettings):
    """A field's environment variable has its name in capitals. `Settings` refuses what does not go together."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="Where this runs. Production refuses insecure values; only test accepts a clock offset.",
    )

    # Where it is reached
    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port that the API listens on.")
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Address under which clients reach the API; https in production."
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Browser origins that may call the API and open sockets, separated by commas."
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses of proxies whose forwarding headers name the client, separated by commas.",
    )
    graphiql: bool | None = Field(
        None,
        description="Serve the GraphiQL page and introspection; by default everywhere but in production.",
    )
    allow_exposed_development: bool = Field(
        False,
        description="Let a place that is not production be reached from other machines though it has the development "
        "secrets; for containers whose ports only you reach.",
    )
    shutdown_seconds: int = Field(
        20, ge=1, le=300, description="How long a stopping process drains requests, jobs and purchases."
    )

    # Servers
    database_url: str = Field(repr=False, description="PostgreSQL 18, `postgresql://user:password@host/database`.")
    database_read_url: str | None = Field(
        None,
        repr=False,
        description="A replica for reads that nothing is decided on; by default the primary.",
    )
    database_pool_size: int = Field(8, ge=1, le=200, description="Connections per process for transactions.")
    database_read_pool_size: int = Field(12, ge=1, le=200, description="Connections per process for reads.")
    database_search_pool_size: int = Field(6, ge=1, le=200, description="Connections per process for searches.")
    redis_url: str = Field(repr=False, description="Redis 6.2 or later, `redis://host:6379/0`.")
    redis_pool_size: int = Field(50, ge=1, le=1000, description="Connections per process to Redis.")
    redis_answer_seconds: float = Field(
        0.1, gt=0, le=5, description="How long Redis is waited for before the answer is made without it."
    )
    opensearch_url: str | None = Field(
        None, repr=False, description="OpenSearch 3, watched by readiness; PostgreSQL answers the searches."
    )
    search_remembered_seconds: float = Field(
        3, ge=0, le=60, description="How long the counts of one and the same search are remembered."
    )
    opensearch_verify_tls: bool = Field(
        True, description="Check OpenSearch's certificate; off only where its network is private."
    )

    # Files
    storage_url: str = Field(
        DEVELOPMENT_STORAGE_URL,
        description="Where files are kept: `file:<directory>` (shared by all processes), `s3://bucket/folder`, "
        "`gs://...` or `az://account/container`; credentials come from the cloud's usual variables.",
    )
    storage_endpoint: str | None = Field(
        None, description="Another server that speaks S3, as `https://minio.example.com`; for `s3://` only."
    )
    media_url: str | None = Field(
        None,
        description="Address under which pictures are served, as that of a CDN; by default `PUBLIC_URL` and `/media`.",
    )

    # Money
    stripe_api_key: SecretStr = Field(SecretStr(SANDBOX_API_KEY), description="Secret key of the payment provider.")
    stripe_api_base: str | None = Field(
        None, description="Address of a payment sandbox instead of the provider; refused in production."
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(SANDBOX_WEBHOOK_SECRET), description="Secret that signs the provider's webhooks."
    )
    carrier_webhook_secret: SecretStr = Field(
        SecretStr(SANDBOX_CARRIER_SECRET), description="Secret that signs the carriers' reports on parcels."
    )
    commission_ppm: int = Field(
        150_000, ge=0, le=1_000_000, description="Commission on item net, in parts per million."
    )
    rates_cache_seconds: float = Field(
        2, ge=0, le=60, description="How long shipping and tax rates are remembered before they are read again."
    )

    # Mail
    mail_off: bool = Field(
        False, description="Send no mail at all. Production has to say so, or else name an SMTP_HOST."
    )
    smtp_host: str | None = Field(None, description="Mail server; without it mail goes to MAILBOX_DIRECTORY, if any.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port: 587 for STARTTLS, 465 for TLS.")
    smtp_security: SmtpSecurity = Field(
        SmtpSecurity.STARTTLS,
        description="`starttls`, `tls`, or `none` (in production only without a user name). Certificates are checked.",
    )
    smtp_ca_file: str | None = Field(None, description="Certificates to trust instead of the system's.")
    smtp_username: str | None = Field(None, description="Whom to sign in as; by default nobody.")
    smtp_password: SecretStr | None = Field(None, description="Their password.")
    smtp_timeout_seconds: float = Field(10, gt=0, le=30, description="How long the mail server may take to answer.")
    mail_from: str = Field(
        DEVELOPMENT_MAIL_FROM, description="Sender of all mail; its domain also stands in Message-IDs."
    )
    mailbox_directory: Path | None = Field(
        None, description="For development: mail is put there and shown at `/mailbox`; refused in production."
    )
    site_url: str | None = Field(
        None,
        description="Front-end that links in mails lead to; by default PUBLIC_URL. Paths: `docs/notifications.md`.",
    )

    # Trust
    jwt_secret: SecretStr = Field(
        SecretStr(DEVELOPMENT_JWT_SECRET), description="Secret that signs access tokens; at least 32 bytes."
    )
    storage_secret: SecretStr | None = Field(
        None,
        description="Secret that signs addresses of files in a directory, at least 32 bytes; by default a key of its "
        "own made from JWT_SECRET, which changes with it.",
    )
    password_hash_passes: int = Field(
        3, ge=1, le=20, description="Passes of argon2id over its memory for a password; counts for new passwords."
    )
    password_hash_memory_kib: int = Field(
        65_536,
        ge=8,
        le=1_048_576,
        description="Memory of argon2id for a password, in KiB; two passwords at once are worked on in a process.",
    )
    auto_approve_trusted_sellers: bool = Field(
        True, description="Publish listings of sellers in good standing without a moderator."
    )

    # Purchase
    reservation_seconds: int = Field(
        600, ge=5, le=86_400, description="How long a checkout holds its stock until it is authorized."
    )
    lease_seconds: int = Field(
        30,
        ge=1,
        le=600,
        description="How long one process owns a purchase's step before another may take over.",
    )
    saga_wait_seconds: float = Field(
        8, ge=0, le=25, description="How long `checkout` waits for an outcome before it answers PROCESSING."
    )

    # What a client may ask
    cost_capacity: int = Field(
        200_000, ge=10_000, description="Static cost that a client (user, or address) may spend at once."
    )
    cost_refill_per_second: float = Field(
        10_000, gt=0, description="Static cost that a client's budget regains every second."
    )
    client_sockets_max: int = Field(
        50, ge=1, description="WebSockets that a client (user, or address) may have open in one process."
    )
    client_subscriptions_max: int = Field(
        500,
        ge=1,
        description="Operations that a client may run at once on its sockets and event streams in one process.",
    )

    trusted_documents: Path | None = Field(
        None,
        description="Manifest of registered operations as a client's build writes it (JSON), or a folder of them. "
        "Partners execute nothing else.",
    )
    trusted_documents_only: bool = Field(
        False, description="Everybody executes registered operations only, not partners alone."
    )

    # What it tells
    log_format: LogFormat | None = Field(
        None, description="`json` or `console`; by default json in production and console elsewhere."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="OpenTelemetry collector (OTLP over HTTP); without it no spans are made."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for `/metrics`; without it only this machine may read them."
    )
    worker_niceness: int = Field(
        0, ge=0, le=19, description="How much the worker gives way to other processes of its machine, as of `nice`."
    )
    worker_port: int | None = Field(
        None, ge=1, le=65535, description="Port on which a worker shows its health and metrics; by default none."
    )
    clock_offset_seconds: float = Field(
        0, description="Shifts the program's clock; accepted in the test environment only."
    )

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def is_exposed(self) -> bool:
        """Others than this machine get in: by the address listened on, or through a proxy that clients are sent to."""
        return not (is_loopback(self.host) and is_loopback(urlsplit(self.public_url).hostname or ""))

    @property
    def serves_graphiql(self) -> bool:
        return self.graphiql if self.graphiql is not None else not self.is_production

    @property
    def log_as(self) -> LogFormat:
        return self.log_format or (LogFormat.JSON if self.is_production else LogFormat.CONSOLE)

    @property
    def metrics_secret(self) -> str | None:
        return self.metrics_token.get_secret_value() if self.metrics_token is not None else None

    @property
    def pictures_url(self) -> str:
        return self.media_url or f"{self.public_url.rstrip('/')}/media"

    @property
    def read_url(self) -> str:
        return self.database_read_url or self.database_url

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def split_origins(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        return value

    @field_validator("database_url", "database_read_url")
    @classmethod
    def plain_scheme(cls, value: str | None) -> str | None:
        """Accept the spellings in use and hand out the one that asyncpg knows."""
        if value is None:
            return None
        scheme, separator, rest = value.partition("://")
        if not separator or scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
            raise ValueError("must begin with postgresql://")
        return f"postgresql://{rest}"

    @field_validator("storage_url")
    @classmethod
    def known_storage(cls, value: str) -> str:
        if not re.fullmatch(r"(file:|(s3a?|gs|az|azure|abfss?)://).+", value):
            raise ValueError("must begin with file:, s3://, gs:// or az://")
        return value

    @property
    def links_url(self) -> str:
        return (self.site_url or self.public_url).rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def an_address(cls, value: str) -> str:
        name, at, domain = parseaddr(value)[1].rpartition("@")
        if not name or not at or not domain or not value.isprintable():
            raise ValueError("must be an address, as `Marketplace <no-reply@market.example>`")
        return value

    @field_validator("log_level")
    @classmethod
    def known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()


def is_loopback(host: str) -> bool:
    """Only this machine reaches it. A name other than `localhost` may mean anything, and an empty one means all."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
