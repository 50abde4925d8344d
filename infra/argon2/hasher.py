"""Passwords by argon2id, in threads: a hash takes tens of milliseconds of pure computing."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError


class Argon2PasswordHasher:
    """`domain.users.ports.PasswordHasher`. At most `threads` at once: each takes `memory_kib` of memory."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, threads: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="argon2")
        # Compared with when there is no such user, so that an unknown e-mail takes as long as a wrong password.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._hasher.hash, password)

    async def verify(self, password_hash: str, password: str) -> bool:
        known = bool(password_hash)
        verified = await asyncio.get_running_loop().run_in_executor(
            self._executor, self._matches, password_hash or self._nobody, password
        )
        return known and verified

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
