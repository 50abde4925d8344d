"""Ids and choices of the demo data: the same number gives the same id and the same draw in every run.

Invariant: what a run finds by these ids it does not write again, so seeding twice changes nothing.
"""

import hashlib
import random
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

_BEGINNING: Final = int(datetime(2025, 1, 6, tzinfo=UTC).timestamp() * 1000)


def demo_id(kind: str, number: int, part: int = 0) -> UUID:
    """A UUIDv7 whose time rises with `number` and whose random bits come from a hash of what it names."""
    digest = int.from_bytes(hashlib.sha256(f"{kind}:{number}:{part}".encode()).digest()[:10])
    return _uuid7(_BEGINNING + number, digest)


def timed_id(at: datetime, kind: str, number: int, part: int = 0) -> UUID:
    """The same for what happened at a time that its id must tell: lists by id are lists by time."""
    digest = int.from_bytes(hashlib.sha256(f"{kind}:{number}:{part}".encode()).digest()[:10])
    return _uuid7(int(at.timestamp() * 1000), digest)


def _uuid7(milliseconds: int, digest: int) -> UUID:
    return UUID(int=milliseconds << 80 | 7 << 76 | (digest >> 62 & 0xFFF) << 64 | 2 << 62 | digest & ((1 << 62) - 1))


def draws(kind: str, number: int) -> random.Random:
    """Draws of one thing, independent of all others."""
    return random.Random(f"{kind}:{number}")  # noqa: S311  # demo data, no secret
