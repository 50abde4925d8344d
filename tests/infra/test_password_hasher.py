"""A crowd at the sign-in waits in a queue of bounded length."""

import asyncio

from domain.shared.errors import Busy
from infra.argon2.hasher import Argon2PasswordHasher


async def test_who_would_wait_behind_too_many_is_refused_at_once() -> None:
    hasher = Argon2PasswordHasher(time_cost=1, memory_kib=8, threads=1, waiting_max=3)
    try:
        answers = await asyncio.gather(*(hasher.hash("a password") for _ in range(5)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [str, str, str, Busy, Busy]
        assert await hasher.verify(str(answers[0]), "a password")
        assert not await hasher.verify(str(answers[0]), "another")
        assert not await hasher.verify("", "a password")
    finally:
        hasher.close()
