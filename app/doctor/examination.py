"""All checks at once, each with a time limit: a server that hangs costs its own line and no other's.

Invariant: whatever a check raises becomes a finding; the examination itself never fails.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

import httpx

from app.doctor import servers, work
from app.doctor.contradictions import setting_findings
from app.doctor.findings import Area, Finding, Level, fault
from app.doctor.keys import key_findings
from app.settings import Settings

CHECK_SECONDS: Final = 6.0
WORDS_MAX: Final = 140


@dataclass(frozen=True, slots=True)
class Check:
    """`remedy` is for when it raises; `required`: without it the program does not work at all."""

    area: Area
    name: str
    look: Callable[[Settings], AsyncIterator[Finding]]
    remedy: str
    required: bool = True


START: Final = "start it, or mend {}; on a developer's machine `market dev` brings one along"
CHECKS: Final = (
    Check(Area.DATABASE, "PostgreSQL", servers.postgres, START.format("DATABASE_URL")),
    Check(Area.DATABASE, "replica", servers.replica, "start it, or unset DATABASE_READ_URL"),
    Check(Area.SERVERS, "Redis", servers.redis, START.format("REDIS_URL"), required=False),
    Check(
        Area.SERVERS, "payment provider", servers.payments, "look at its status page and at the way out", required=False
    ),
    Check(Area.SERVERS, "OpenSearch", servers.opensearch, "start it, or unset OPENSEARCH_URL", required=False),
    Check(Area.SERVERS, "storage", servers.storage, "mend STORAGE_URL, its rights or its credentials", required=False),
    Check(Area.SERVERS, "mail", servers.mail, "mend the SMTP settings; until then mails wait", required=False),
    Check(Area.WORK, "jobs", work.jobs, "see PostgreSQL and migrations"),
    Check(Area.WORK, "backlogs", work.backlogs, "see PostgreSQL and migrations"),
)


async def examine(settings: Settings, *, seconds: float = CHECK_SECONDS) -> list[Finding]:
    """Everything that is to be said, by area and the gravest first."""
    found = [*setting_findings(settings), *key_findings(settings)]
    for outcome in await asyncio.gather(*(_within(check, settings, seconds) for check in CHECKS)):
        found += outcome
    areas, levels = list(Area), (Level.FAULT, Level.WARNING, Level.WELL)
    return sorted(found, key=lambda each: (areas.index(each.area), levels.index(each.level)))


async def _within(check: Check, settings: Settings, seconds: float) -> list[Finding]:
    found: list[Finding] = []

    async def collect() -> None:
        async for finding in check.look(settings):
            found.append(finding)  # noqa: PERF401  # what was found before a fault stays

    (outcome,) = await asyncio.gather(asyncio.wait_for(collect(), seconds), return_exceptions=True)
    if isinstance(outcome, BaseException):
        level = fault if check.required else _degraded
        found.append(level(check.area, check.name, complaint(outcome, seconds), check.remedy))
    return found


def _degraded(area: Area, check: str, says: str, remedy: str) -> Finding:
    """Without it the API still answers, as the table of outages says."""
    return Finding(area, check, Level.WARNING, says, remedy)


def complaint(error: BaseException, seconds: float) -> str:
    """One line; libraries put addresses into their messages, passwords they leave out."""
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    if isinstance(error, httpx.HTTPStatusError):
        # Its own words hold the address, which may hold a password.
        return f"answers {error.response.status_code}"
    words = (str(error).splitlines() or [""])[0][:WORDS_MAX]
    return f"{type(error).__name__}: {words}".rstrip(": ")
