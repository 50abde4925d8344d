"""How often somebody may try to sign in or to register, and that nobody can use these limits to shut another one out.

Invariant: an attempt is counted before the password is looked at, and given back only by success, so a thousand
guesses at once are no more guesses than a thousand in a row. Registration tells whether an address is taken, and both
cost a slow hash: neither is free to be repeated.

A stranger's wrong guesses count for the stranger: for the pair of e-mail address and network. Only the slow limit of
an address as a whole, against guesses from many networks, is shared, and it does not bind a client that signed in
before with the same device id (unguessable, so nobody else fills its count) or from the same network. An address
without an account is counted like one with an account that never signed in from there.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.shared.actor import Client
from domain.shared.database import Database, Query, Reads, Tx, table
from domain.users.errors import TooManyAttempts
from domain.users.model import AttemptWindow, ClientSignal, SignalKind, User

WINDOW_SECONDS: Final = 900
PER_ORIGIN_MAX: Final = 10
"""At one address from one network, or from one device that is known."""
PER_NETWORK_MAX: Final = 100
REGISTRATIONS_PER_NETWORK_MAX: Final = 50
"""A network may be an office or a mobile carrier behind one address."""
PER_ADDRESS_MAX: Final = 100
"""At one address from everywhere where it is not known; NIST SP 800-63B allows no more in a row."""
ADDRESS_WINDOW_SECONDS: Final = 6 * 3600
NETWORKS_MAX: Final = 1_024
"""Addresses whose network is remembered: clients ask again and again."""
ORIGINS_MAX: Final = 50
"""So many of the latest sign-ins are looked at."""

_windows, _signals, _users = table(AttemptWindow), table(ClientSignal), table(User)


@dataclass(frozen=True, slots=True)
class Limit:
    """`attempts_max` within the window. `clears`: success deletes the count, else it gives one attempt back."""

    key: str
    attempts_max: int
    window_seconds: int = WINDOW_SECONDS
    clears: bool = False


@dataclass(frozen=True, slots=True)
class _Origin:
    ip: str
    device_id: str


_ORIGINS = Query(
    select(_signals.c.ip, _signals.c.device_id)
    .join(_users, _users.c.id == _signals.c.user_id)
    .where(
        func.lower(_users.c.email) == func.lower(bindparam("email")),
        or_(_signals.c.kind == SignalKind.SIGNED_IN.value, _signals.c.kind == SignalKind.REGISTERED.value),
    )
    .order_by(_signals.c.id.desc())
    .limit(ORIGINS_MAX),
    _Origin,
)


async def sign_in_limits(reads: Reads, email: str, client: Client) -> tuple[Limit, ...]:
    """Which limits bind this client at this address, by whether it signed in there before."""
    origins = await reads.all(_ORIGINS, email=email)
    if client.device_id and any(origin.device_id == client.device_id for origin in origins):
        return (_limit("device", email, client.device_id, clears=True),)
    network = network_of(client.ip)
    limits = [_limit("pair", email, network, clears=True)]
    if network:
        limits.append(Limit(_key("network", network), PER_NETWORK_MAX))
    if not network or all(network_of(origin.ip) != network for origin in origins):
        limits.append(Limit(_key("address", email), PER_ADDRESS_MAX, ADDRESS_WINDOW_SECONDS))
    return tuple(limits)


def password_limits(user_id: UUID) -> tuple[Limit, ...]:
    """Of somebody who is signed in and proves their password: nobody else is counted there."""
    return (_limit("password", str(user_id), clears=True),)


async def count_attempt(db: Database, limits: Sequence[Limit]) -> None:
    """Counts one attempt. Raises TooManyAttempts; that attempt is counted as well."""

    async def step(tx: Tx) -> int:
        waits = [await _count(tx, limit) for limit in sorted(limits, key=lambda limit: limit.key)]
        return max(waits)

    # The refusal is raised outside: inside it would undo the counting.
    wait_seconds = await db.run(step)
    if wait_seconds:
        raise TooManyAttempts(wait_seconds)


async def count_registration(db: Database, ip: str) -> None:
    """The same for one attempt to register, which is never given back. Raises TooManyAttempts."""
    if ip:
        await count_attempt(db, [Limit(_key("registration", network_of(ip)), REGISTRATIONS_PER_NETWORK_MAX)])


async def forgive(tx: Tx, limits: Sequence[Limit]) -> None:
    """After success: the origin starts anew; what is shared with others gets this one attempt back."""
    for limit in sorted(limits, key=lambda limit: limit.key):
        one = _windows.c.key == limit.key
        if limit.clears:
            await tx.execute(delete(_windows).where(one))
        else:
            fewer = update(_windows).where(one, _windows.c.attempts > 0).values(attempts=_windows.c.attempts - 1)
            await tx.execute(fewer)


async def _count(tx: Tx, limit: Limit) -> int:
    """Seconds to wait, 0 when the attempt is within the limit."""
    window = timedelta(seconds=limit.window_seconds)
    over = _windows.c.began_at <= tx.now - window
    counted = await tx.execute(
        insert(_windows)
        .values(key=limit.key, began_at=tx.now, attempts=1)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "attempts": case((over, 1), else_=func.least(_windows.c.attempts + 1, limit.attempts_max + 1)),
                "began_at": case((over, tx.now), else_=_windows.c.began_at),
            },
        )
        .returning(_windows.c.attempts, _windows.c.began_at)
    )
    row = counted.one()
    if row.attempts <= limit.attempts_max:
        return 0
    left: timedelta = row.began_at + window - tx.now
    return max(1, round(left.total_seconds()))


def _limit(kind: str, *values: str, clears: bool) -> Limit:
    return Limit(_key(kind, *values), PER_ORIGIN_MAX, clears=clears)


def _key(kind: str, *values: str) -> str:
    # Lengths keep two values from being read as one another.
    parts = [kind, *(value.strip().lower() for value in values)]
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


@lru_cache(maxsize=NETWORKS_MAX)
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
