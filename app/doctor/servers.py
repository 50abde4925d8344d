"""The servers that the program stands on: do they answer, are they the right ones, do their clocks agree."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
from redis.asyncio import Redis

from app.container import mail_server, object_storage
from app.doctor.contradictions import connections_per_process
from app.doctor.findings import Area, Finding, fault, warning, well
from app.settings import Settings
from domain.media.ports import upload_key
from domain.shared.clock import SystemClock
from domain.shared.ids import new_id
from infra.mail.smtp import SmtpMailSender
from infra.postgres.checkup import ServerFacts, connected, revisions, server_facts

POSTGRES_VERSION: Final = 18
REDIS_VERSION: Final = (6, 2)
OPENSEARCH_VERSION: Final = 3
SKEW_WARNING_SECONDS: Final = 2.0
SKEW_FAULT_SECONDS: Final = 30.0
LAG_WARNING_SECONDS: Final = 10.0
TRANSACTION_WARNING_SECONDS: Final = 300.0
WRAPAROUND_WARNING: Final = 0.5
ANSWER_SECONDS: Final = 4.0
PROVIDER: Final = "https://api.stripe.com"


def skew(check: str, theirs: datetime, before: datetime, after: datetime) -> Finding:
    """A server's clock against ours, taken as right anywhere between question and answer."""
    if before <= theirs <= after:
        return well(Area.SERVERS, check, "clocks agree")
    seconds = min(abs((theirs - before).total_seconds()), abs((theirs - after).total_seconds()))
    says = f"its clock is {seconds:.1f} s {'behind' if theirs < before else 'ahead of'} ours"
    if seconds > SKEW_FAULT_SECONDS:
        return fault(Area.SERVERS, check, says, "run NTP on both: tokens, leases and expiries are judged by clocks")
    if seconds > SKEW_WARNING_SECONDS:
        return warning(Area.SERVERS, check, says, "run NTP on both machines")
    return well(Area.SERVERS, check, "clocks agree")


async def postgres(settings: Settings) -> AsyncIterator[Finding]:
    """The primary and its migrations; a server that does not answer raises."""
    async with connected(settings.database_url) as connection:
        before = datetime.now(UTC)
        facts = await server_facts(connection)
        yield skew("PostgreSQL clock", facts.clock, before, datetime.now(UTC))
        for finding in judged(facts, settings):
            yield finding
        steps = await revisions(connection)
    if steps.current is None:
        yield fault(Area.DATABASE, "migrations", "the database is empty", "run `market migrate`")
    elif not steps.known:
        # It works, or nobody could go back to the release before; but it should not last.
        yield warning(
            Area.DATABASE,
            "migrations",
            f"the database stands at {steps.current}, which this code does not know",
            f"run the newer release that migrated it, unless you went back (this one knows up to {steps.head})",
        )
    elif steps.current != steps.head:
        yield fault(
            Area.DATABASE,
            "migrations",
            f"the database stands at {steps.current}, this code at {steps.head}",
            "run `market migrate`",
        )
    else:
        yield well(Area.DATABASE, "migrations", steps.head)


def judged(facts: ServerFacts, settings: Settings) -> list[Finding]:
    """What is wrong with a primary; one finding that says so when nothing is."""
    needed, area, found = connections_per_process(settings), Area.DATABASE, []
    if facts.version < POSTGRES_VERSION:
        found.append(
            fault(area, "PostgreSQL", f"version {facts.version}", f"upgrade it to {POSTGRES_VERSION} or newer")
        )
    if facts.encoding != "UTF8":
        found.append(fault(area, "PostgreSQL", f"encoding {facts.encoding}", "create the database with ENCODING UTF8"))
    if facts.is_replica:
        found.append(fault(area, "PostgreSQL", "DATABASE_URL is a replica", "set it to the primary"))
    if not facts.fsync:
        found.append(warning(area, "PostgreSQL", "fsync is off", "turn it on: a power cut would lose paid orders"))
    if facts.is_superuser and settings.is_production:
        found.append(warning(area, "PostgreSQL", "we are superuser", "give the program a role of its own"))
    if facts.connections_max < 2 * needed:
        says = f"max_connections {facts.connections_max}; one process may open {needed}, and there are API and worker"
        found.append(warning(area, "connections", says, "raise max_connections, or lower DATABASE_*POOL_SIZE"))
    if facts.oldest_transaction_seconds > TRANSACTION_WARNING_SECONDS:
        minutes = facts.oldest_transaction_seconds / 60
        remedy = "end it (pg_stat_activity): live feeds and the ledger's seals wait for it"
        found.append(warning(area, "open transactions", f"the oldest is {minutes:.0f} minutes old", remedy))
    if facts.prepared_transactions:
        remedy = "COMMIT PREPARED or ROLLBACK PREPARED them: live feeds wait for them"
        found.append(warning(area, "prepared transactions", f"{facts.prepared_transactions} are open", remedy))
    if facts.wraparound_share > WRAPAROUND_WARNING:
        share = f"{facts.wraparound_share:.0%} of the transaction ids are used up"
        found.append(fault(area, "wraparound", share, "run VACUUM FREEZE and mend autovacuum before writes stop"))
    used = f"{facts.connections} of {facts.connections_max} connections"
    return found or [well(area, "PostgreSQL", f"version {facts.version}, {used}")]


async def replica(settings: Settings) -> AsyncIterator[Finding]:
    if settings.database_read_url is None or settings.database_read_url == settings.database_url:
        yield well(Area.DATABASE, "replica", "none set, reads go to the primary")
        return
    async with connected(settings.database_read_url) as connection:
        facts = await server_facts(connection)
    if facts.is_replica and facts.replay_lag_seconds > LAG_WARNING_SECONDS:
        says = f"{facts.replay_lag_seconds:.0f} s behind the primary"
        yield warning(
            Area.DATABASE, "replica", says, "look at its load and its network; unset DATABASE_READ_URL till then"
        )
    else:
        yield well(
            Area.DATABASE, "replica", f"{facts.replay_lag_seconds:.1f} s behind" if facts.is_replica else "a primary"
        )


async def redis(settings: Settings) -> AsyncIterator[Finding]:
    client = Redis.from_url(
        settings.redis_url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, max_connections=1
    )
    try:
        before = datetime.now(UTC)
        seconds, microseconds = await client.time()
        after = datetime.now(UTC)
        facts = await client.info()
    finally:
        await client.aclose()
    yield skew("Redis clock", datetime.fromtimestamp(seconds + microseconds / 1e6, UTC), before, after)
    version = str(facts["redis_version"])
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < REDIS_VERSION:
        yield fault(Area.SERVERS, "Redis", f"version {version}", "upgrade it to 6.2 or newer")
    elif facts.get("role") == "slave":
        yield fault(
            Area.SERVERS, "Redis", "REDIS_URL is a replica", "set it to the master: carts and hints are written"
        )
    elif facts.get("maxmemory", 0) and facts["used_memory"] > 0.9 * facts["maxmemory"]:
        yield warning(Area.SERVERS, "Redis", "over 90 % of maxmemory is used", "raise maxmemory")
    else:
        yield well(Area.SERVERS, "Redis", f"version {version}")


async def payments(settings: Settings) -> AsyncIterator[Finding]:
    """The provider answers, takes our key, and its clock agrees (it refuses signatures by the clock)."""
    check, base = "payment provider", settings.stripe_api_base or PROVIDER
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=settings.stripe_api_base is None) as client:
        before = datetime.now(UTC).replace(microsecond=0)
        key = settings.stripe_api_key.get_secret_value()
        answer = await client.get(f"{base}/v1/balance", headers={"authorization": f"Bearer {key}"})
    if answer.status_code in {401, 403}:
        yield fault(Area.SERVERS, check, f"refuses our key ({answer.status_code})", "set STRIPE_API_KEY to a valid one")
    elif answer.is_error:
        yield fault(Area.SERVERS, check, f"answers {answer.status_code}", f"look at its status page, or at {base}")
    else:
        yield well(Area.SERVERS, check, "the sandbox" if settings.stripe_api_base else "takes our key")
    if date := answer.headers.get("date"):
        yield skew("payment provider's clock", parsedate_to_datetime(date), before, datetime.now(UTC))


async def opensearch(settings: Settings) -> AsyncIterator[Finding]:
    if settings.opensearch_url is None:
        yield well(Area.SERVERS, "OpenSearch", "not set, PostgreSQL answers searches")
        return
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, verify=settings.opensearch_verify_tls) as client:
        about = (await client.get(settings.opensearch_url)).raise_for_status().json()
        health = (await client.get(f"{settings.opensearch_url.rstrip('/')}/_cluster/health")).raise_for_status().json()
    version, status = str(about["version"]["number"]), str(health["status"])
    if int(version.split(".", maxsplit=1)[0]) < OPENSEARCH_VERSION:
        yield fault(Area.SERVERS, "OpenSearch", f"version {version}", f"upgrade it to {OPENSEARCH_VERSION}")
    elif status == "red":
        yield fault(Area.SERVERS, "OpenSearch", "the cluster is red", "look at _cluster/allocation/explain")
    else:
        yield well(Area.SERVERS, "OpenSearch", f"version {version}, {status}")


async def storage(settings: Settings) -> AsyncIterator[Finding]:
    """A small file is stored, read back and taken away."""
    files = object_storage(settings, SystemClock())
    key, content = upload_key("doctor", new_id()), b"well"
    await files.put(key, content, content_type="text/plain")
    try:
        same = await files.read(key, bytes_max=len(content)) == content
    finally:
        await files.delete(key)
    if not same:
        yield fault(Area.SERVERS, "storage", "gives back another file", "look at what stands between us and it")
    elif settings.is_production and settings.storage_url.startswith("file:"):
        remedy = "set it to a bucket, unless every process mounts that directory"
        yield warning(Area.SERVERS, "storage", "a directory in production", remedy)
    else:
        yield well(Area.SERVERS, "storage", "a directory" if settings.storage_url.startswith("file:") else "a bucket")


async def mail(settings: Settings) -> AsyncIterator[Finding]:
    """The mail server greets us, encrypted and signed in as the settings say; nothing is sent."""
    server = mail_server(settings)
    if server is None or settings.mail_off:
        kept = settings.mailbox_directory is not None and not settings.mail_off
        yield well(Area.SERVERS, "mail", "a directory, shown at /mailbox" if kept else "none is sent")
        return
    await SmtpMailSender(server).greet()
    yield well(Area.SERVERS, "mail", f"greets us, {server.security.value}")
