"""Passwords by argon2id, in threads: a hash takes tens of milliseconds of pure computing."""

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION

from domain.shared.errors import Busy

T = TypeVar("T")


class Argon2PasswordHasher:
    """`domain.users.ports.PasswordHasher`. At most `threads` at once: each goes `passes` times
    over `memory_kib` of memory.

    Over `waiting_max` more are refused as Busy: a crowd that waits longer than its clients do helps nobody.
    """

    def __init__(self, *, passes: int = 3, memory_kib: int = 65_536, threads: int = 2, waiting_max: int = 200) -> None:
        self._waiting_max = waiting_max
        self._waiting = 0
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="argon2")
        # Compared with when there is no such user, so that an unknown e-mail takes as long as a wrong password.
        self._nobody = hash_of_nothing(self._hasher)

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str, password: str) -> bool:
        known = bool(password_hash)
        verified = await self._in_thread(self._matches, password_hash or self._nobody, password)
        return known and verified

    async def _in_thread(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= self._waiting_max:
            raise Busy()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)
        finally:
            self._waiting -= 1

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


def hash_of_nothing(hasher: PasswordHasher) -> str:
    """As `hasher` writes one, of random bytes: comparing is the same work, and nothing was hashed to make it."""
    salt, digest = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"
