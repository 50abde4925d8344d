"""Settings that are each allowed and do not go together, or are unsafe in this place."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

from app.doctor.findings import Area, Finding, fault, warning, well
from app.settings import Settings
from app.settings_fields import is_loopback
from infra.stripe.client import TOTAL_SECONDS

LANE_CONNECTIONS: Final = 4
"""The lanes of a worker and its look at the queue."""
ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})


def setting_findings(settings: Settings) -> Iterator[Finding]:
    found = [*_times(settings), *_openness(settings), *_transport(settings)]
    yield from found
    if not found:
        yield well(Area.SETTINGS, "settings", f"{settings.environment}, no contradictions")


def connections_per_process(settings: Settings) -> int:
    """The most connections to PostgreSQL that one API or worker process opens."""
    transactions = 2 * settings.database_pool_size
    return transactions + settings.database_read_pool_size + settings.database_search_pool_size + LANE_CONNECTIONS


def _times(settings: Settings) -> Iterator[Finding]:
    if settings.lease_seconds <= TOTAL_SECONDS:
        yield fault(
            Area.SETTINGS,
            "LEASE_SECONDS",
            f"{settings.lease_seconds} s, while a call of the provider may take {TOTAL_SECONDS:.0f} s",
            f"set it above {TOTAL_SECONDS:.0f}: a second process takes purchases over that are still being worked",
        )
    if settings.reservation_seconds <= settings.lease_seconds:
        yield fault(
            Area.SETTINGS,
            "RESERVATION_SECONDS",
            f"{settings.reservation_seconds} s, not longer than LEASE_SECONDS ({settings.lease_seconds} s)",
            "set it to several leases: stock expires before a crashed purchase can be taken over",
        )
    if settings.is_production and settings.shutdown_seconds < settings.saga_wait_seconds:
        yield warning(
            Area.SETTINGS,
            "SHUTDOWN_SECONDS",
            f"{settings.shutdown_seconds} s, shorter than SAGA_WAIT_SECONDS ({settings.saga_wait_seconds:g} s)",
            "raise it: a stopping process cuts off buyers who wait for their checkout",
        )


def _openness(settings: Settings) -> Iterator[Finding]:
    if settings.is_production and settings.serves_graphiql:
        yield warning(
            Area.SETTINGS, "GRAPHIQL", "on in production, introspection too", "unset it unless the schema is public"
        )
    if settings.is_production and not settings.allowed_origins:
        yield warning(
            Area.SETTINGS, "ALLOWED_ORIGINS", "empty: no browser may call", "name the front-ends' origins, or ignore it"
        )
    if settings.is_production and settings.metrics_token is None:
        yield warning(
            Area.SETTINGS, "METRICS_TOKEN", "not set: /metrics is for this machine only", "set it for your collector"
        )
    if not settings.is_production and settings.is_exposed:
        yield warning(
            Area.SETTINGS,
            "HOST",
            f"{settings.host} or PUBLIC_URL is open to others, ENVIRONMENT is {settings.environment}",
            "set ENVIRONMENT=production, or HOST=127.0.0.1",
        )


def _transport(settings: Settings) -> Iterator[Finding]:
    """What goes over a network in the clear."""
    if settings.is_production and settings.opensearch_url is not None and not settings.opensearch_verify_tls:
        yield warning(
            Area.SETTINGS, "OPENSEARCH_VERIFY_TLS", "off in production", "turn it on with the cluster's authority"
        )
    database = urlsplit(settings.database_url)
    mode = parse_qs(database.query).get("sslmode", [""])[0]
    if settings.is_production and not is_loopback(database.hostname or "localhost") and mode not in ENCRYPTED:
        yield warning(
            Area.SETTINGS, "DATABASE_URL", "does not insist on TLS", "append ?sslmode=verify-full (or require)"
        )
    redis = urlsplit(settings.redis_url)
    if (
        settings.is_production
        and redis.scheme == "redis"
        and not is_loopback(redis.hostname or "")
        and not redis.password
    ):
        yield warning(
            Area.SETTINGS,
            "REDIS_URL",
            "has no password and no TLS",
            "use rediss://:password@host, or a private network",
        )
