"""A crowd at the sign-in waits in a queue of bounded length; nobody learns there who has an account."""

import asyncio

import argon2

from domain.shared.errors import Busy
from infra.argon2.hasher import Argon2PasswordHasher, hash_of_nothing


async def test_who_would_wait_behind_too_many_is_refused_at_once() -> None:
    hasher = Argon2PasswordHasher(passes=1, memory_kib=8, threads=1, waiting_max=3)
    try:
        answers = await asyncio.gather(*(hasher.hash("a password") for _ in range(5)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [str, str, str, Busy, Busy]
        assert await hasher.verify(str(answers[0]), "a password")
        assert not await hasher.verify(str(answers[0]), "another")
        assert not await hasher.verify("", "a password")
    finally:
        hasher.close()


async def test_a_password_is_hashed_with_the_work_that_was_asked_for() -> None:
    hasher = Argon2PasswordHasher()
    try:
        made = argon2.extract_parameters(await hasher.hash("a password"))
    finally:
        hasher.close()
    assert made == argon2.Parameters(
        type=argon2.Type.ID, version=19, salt_len=16, hash_len=32, time_cost=3, memory_cost=65_536, parallelism=1
    )


def test_comparing_with_the_hash_of_nobody_is_the_work_of_a_real_one() -> None:
    hasher = argon2.PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)
    nothing = hash_of_nothing(hasher)
    assert argon2.extract_parameters(nothing) == argon2.extract_parameters(hasher.hash("a password"))
    assert len(nothing) == len(hasher.hash("a password"))
    assert not hasher.check_needs_rehash(nothing)
    assert hash_of_nothing(hasher) != nothing
