"""How often somebody may try to sign in, per e-mail address and per network, and register, per network.

Invariant: an attempt is counted before the password is looked at, and given back only by success, so a thousand
guesses at once are no more guesses than a thousand in a row. Registration tells whether an address is taken, and both
cost a slow hash: neither is free to be repeated.
"""

import hashlib
import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import case, delete, func, update
from sqlalchemy.dialects.postgresql import insert

from domain.shared.database import Database, Tx, table
from domain.users.errors import TooManyAttempts
from domain.users.model import AttemptWindow

WINDOW_SECONDS: Final = 900
PER_EMAIL_MAX: Final = 10
PER_NETWORK_MAX: Final = 100
REGISTRATIONS_PER_NETWORK_MAX: Final = 50
"""A network may be an office or a mobile carrier behind one address."""

_windows = table(AttemptWindow)


async def count_attempt(db: Database, email: str, ip: str) -> None:
    """Counts one attempt. Raises TooManyAttempts; that attempt is counted as well."""
    await _within(db, _limits(email, ip))


async def count_registration(db: Database, ip: str) -> None:
    """The same for one attempt to register, which is never given back. Raises TooManyAttempts."""
    if ip:
        await _within(db, {_key("registration", network_of(ip)): REGISTRATIONS_PER_NETWORK_MAX})


async def _within(db: Database, limits: Mapping[str, int]) -> None:
    async def step(tx: Tx) -> int:
        waits = [await _count(tx, key, maximum) for key, maximum in sorted(limits.items())]
        return max(waits)

    # The refusal is raised outside: inside it would undo the counting.
    wait_seconds = await db.run(step)
    if wait_seconds:
        raise TooManyAttempts(wait_seconds)


async def forgive(tx: Tx, email: str, ip: str) -> None:
    """After success: the address starts anew, the network gets this one attempt back."""
    for key in sorted(_limits(email, ip)):
        one = _windows.c.key == key
        if key == _key("email", email):
            await tx.execute(delete(_windows).where(one))
        else:
            fewer = update(_windows).where(one, _windows.c.attempts > 0).values(attempts=_windows.c.attempts - 1)
            await tx.execute(fewer)


async def _count(tx: Tx, key: str, maximum: int) -> int:
    """Seconds to wait, 0 when the attempt is within the limit."""
    over = _windows.c.began_at <= tx.now - timedelta(seconds=WINDOW_SECONDS)
    counted = await tx.execute(
        insert(_windows)
        .values(key=key, began_at=tx.now, attempts=1)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "attempts": case((over, 1), else_=func.least(_windows.c.attempts + 1, maximum + 1)),
                "began_at": case((over, tx.now), else_=_windows.c.began_at),
            },
        )
        .returning(_windows.c.attempts, _windows.c.began_at)
    )
    row = counted.one()
    if row.attempts <= maximum:
        return 0
    left: timedelta = row.began_at + timedelta(seconds=WINDOW_SECONDS) - tx.now
    return max(1, round(left.total_seconds()))


def _limits(email: str, ip: str) -> dict[str, int]:
    limits = {_key("email", email): PER_EMAIL_MAX}
    if ip:
        limits[_key("network", network_of(ip))] = PER_NETWORK_MAX
    return limits


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value.strip().lower()}".encode()).hexdigest()


def network_of(ip: str) -> str:
    """An IPv4 address by itself; of IPv6 the /64, all of which one customer has."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
