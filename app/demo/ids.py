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
    milliseconds = _BEGINNING + number
    return UUID(int=milliseconds << 80 | 7 << 76 | (digest >> 62 & 0xFFF) << 64 | 2 << 62 | digest & ((1 << 62) - 1))


def draws(kind: str, number: int) -> random.Random:
    """Draws of one thing, independent of all others."""
    return random.Random(f"{kind}:{number}")  # noqa: S311  # demo data, no secret
