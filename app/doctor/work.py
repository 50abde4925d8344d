"""Work that waits: jobs, dead letters, purchases, seals, messages, refunds, completions, search, mails."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.doctor.findings import Area, Finding, Level, fault, warning, well
from app.settings import Settings
from domain.backoffice.backlog_reads import COUNTED_MAX, Backlog, Waiting, waiting
from domain.notifications.marking import RETENTION
from infra.postgres.checkup import QueueFacts, connected, queue_facts
from infra.postgres.pools import open_pool
from infra.postgres.reads import PoolReads

NO_WORKER: Final = "start a worker (`market worker`), or look at its log"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the oldest of a backlog may wait before it is worth a warning, and before it is a fault."""

    warning_seconds: float
    fault_seconds: float
    remedy: str


JOBS: Final = Patience(30, 600, NO_WORKER)
PATIENCE: Final = {
    Backlog.ABANDONED_CHECKOUTS: Patience(60, 600, f"{NO_WORKER}: `abandoned checkouts` takes them over"),
    Backlog.UNEXPIRED_CHECKOUTS: Patience(120, 900, f"{NO_WORKER}: they hold stock that others could buy"),
    Backlog.UNSEALED_LEDGER: Patience(120, 3_600, f"{NO_WORKER}; a transaction left open holds the seals back too"),
    Backlog.UNWORKED_INBOX: Patience(120, 3_600, "look at the dead jobs (`market jobs dead`), then replay them"),
    Backlog.PENDING_REFUNDS: Patience(3_600, 86_400, "look at the provider's status and at the dead jobs"),
    Backlog.UNRELEASED_ORDERS: Patience(900, 86_400, f"{NO_WORKER}: sellers wait for their money"),
    Backlog.UNINDEXED_CHANGES: Patience(30, 900, f"{NO_WORKER}; `market reindex` builds the index anew"),
    Backlog.UNSENT_MAILS: Patience(900, 86_400, f"{NO_WORKER}, and at the mail server"),
    Backlog.DEAD_MAILS: Patience(0, RETENTION.total_seconds(), "`admin { mails(state: DEAD) }` says why; `retryMail`"),
}


async def jobs(settings: Settings) -> AsyncIterator[Finding]:
    async with connected(settings.database_url) as connection:
        facts = await queue_facts(connection)
    for finding in judged(facts):
        yield finding


def judged(facts: QueueFacts) -> list[Finding]:
    says = (
        f"{facts.waiting} wait, the oldest for {span(facts.oldest_waiting_seconds)}" if facts.waiting else "none waits"
    )
    found = [by_age("jobs", says, facts.oldest_waiting_seconds, JOBS)]
    if facts.dead:
        remedy = "`market jobs dead` lists them, `market jobs replay` queues them again"
        found.append(warning(Area.WORK, "dead letters", f"{facts.dead} failed for good", remedy))
    if facts.abandoned:
        says = f"{facts.abandoned} without a sign of life for a minute"
        found.append(warning(Area.WORK, "running jobs", says, NO_WORKER))
    if facts.notifies:
        remedy = "ALTER TABLE pgqueuer DISABLE TRIGGER tg_pgqueuer_changed: it serialises all commits"
        found.append(fault(Area.WORK, "job notifications", "the queue's NOTIFY trigger is on", remedy))
    return found


async def backlogs(settings: Settings) -> AsyncIterator[Finding]:
    pool = await open_pool(settings.database_url, 1)
    try:
        now = datetime.now(UTC)
        for backlog in Backlog:
            yield judged_backlog(backlog, await waiting(PoolReads(pool), backlog, now=now), now)
    finally:
        pool.terminate()


def judged_backlog(backlog: Backlog, found: Waiting, now: datetime) -> Finding:
    if found.oldest_at is None:
        return well(Area.WORK, backlog.value, "none")
    seconds = (now - found.oldest_at).total_seconds()
    count = f"{found.count:,} or more" if found.count >= COUNTED_MAX else str(found.count)
    return by_age(backlog.value, f"{count}, the oldest for {span(seconds)}", seconds, PATIENCE[backlog])


def by_age(check: str, says: str, seconds: float, patience: Patience) -> Finding:
    if seconds > patience.fault_seconds:
        return fault(Area.WORK, check, says, patience.remedy)
    if seconds > patience.warning_seconds:
        return warning(Area.WORK, check, says, patience.remedy)
    return Finding(Area.WORK, check, Level.WELL, says)


def span(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`, `2.1 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
