"""What a process needs, as parts that its readiness looks at; only PostgreSQL decides."""

from contextlib import AsyncExitStack
from functools import partial

from app.container import object_storage
from app.health import Part
from app.settings import Settings
from domain.shared.clock import SystemClock
from infra.http.probe import HttpProbe
from infra.postgres.probe import PostgresProbe
from infra.redis.probe import RedisProbe

PROVIDER_URL = "https://api.stripe.com"
PROVIDER_REMEMBERED_SECONDS = 15.0
FILES_REMEMBERED_SECONDS = 15.0
ASKED_FOR = "uploads/probe/none"
"""That nothing lies there is an answer too."""


def open_parts(settings: Settings, stack: AsyncExitStack) -> list[Part]:
    """Probes with connections of their own, closed with the stack."""
    postgres = PostgresProbe(settings.database_url)
    redis = RedisProbe(settings.redis_url)
    provider = HttpProbe(settings.stripe_api_base or PROVIDER_URL)
    storage = object_storage(settings, SystemClock())
    stack.callback(postgres.close)
    stack.push_async_callback(redis.aclose)
    stack.push_async_callback(provider.aclose)
    parts = [
        Part("postgres", True, postgres),
        Part("redis", False, redis),
        Part("payments", False, provider, PROVIDER_REMEMBERED_SECONDS),
        Part("files", False, partial(storage.head, ASKED_FOR), FILES_REMEMBERED_SECONDS),
    ]
    if settings.opensearch_url is not None:
        search = HttpProbe(settings.opensearch_url, verify=settings.opensearch_verify_tls)
        stack.push_async_callback(search.aclose)
        parts.append(Part("search", False, search))
    return parts
