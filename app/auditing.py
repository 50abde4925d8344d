"""Auditing the books from outside: the chain hashed again, and every currency summed."""

from collections import Counter

from app.container import open_container
from app.jobs import handlers_of
from app.settings import Settings
from domain.ledger.reads import trial_balance
from domain.ledger.sealing import verify


async def audit(settings: Settings) -> tuple[bool, str]:
    """Whether the books are sound, and one line that says so."""
    async with open_container(settings, handlers_of=handlers_of()) as container:
        primary = container.ports.db.primary
        sums: Counter[str] = Counter()
        for total in await trial_balance(primary):
            sums[total.currency] += total.total_minor
        off = [f"{currency} is off by {minor}" for currency, minor in sorted(sums.items()) if minor]
        report = await verify(primary)
    if report.broken_at is not None:
        off.append(f"link {report.broken_at} of the chain is broken")
    sound = f"sound: {report.transactions} transactions in {report.links} links, every currency sums to zero"
    return not off, "; ".join(off) or sound
