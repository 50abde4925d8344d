"""Hints reach every process that listens, survive a dead Redis, and never hold anyone up.

The promise to readers: after a commit they are woken, or their poll comes; nothing is lost but time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline, PubSub

from domain.shared.feeds import follow
from domain.shared.ids import new_id
from infra.redis.embedded import EmbeddedRedis
from infra.redis.hints import RedisHints, RedisHintStream, hints_over, open_redis_hints

LONG = 20.0


@pytest.fixture
async def two_processes(redis_url: str) -> AsyncIterator[tuple[RedisHints, RedisHints]]:
    async with open_redis_hints(redis_url) as one, open_redis_hints(redis_url) as other:
        yield one, other


async def woken(stream: RedisHintStream, within_seconds: float = LONG) -> None:
    """The stream's flag goes up before the deadline; the wait itself is longer, so it cannot be the timeout."""
    async with asyncio.timeout(within_seconds):
        await stream.wait(within_seconds * 10)


async def test_a_hint_reaches_a_listener_in_another_process(two_processes: tuple[RedisHints, RedisHints]) -> None:
    one, other = two_processes
    topic = f"order:{new_id()}"
    async with other.listen([topic]) as stream:
        await woken(stream)  # the confirmation of the subscription
        one.publish([topic])
        await woken(stream)


async def test_a_hint_for_another_topic_wakes_nobody(two_processes: tuple[RedisHints, RedisHints]) -> None:
    one, other = two_processes
    mine, theirs = f"order:{new_id()}", f"order:{new_id()}"
    async with other.listen([mine]) as stream, other.listen([theirs]) as witness:
        await woken(stream)
        await woken(witness)
        one.publish([theirs])
        await woken(witness)  # the hint has come through, so a wrong wake-up would have happened too
        with pytest.raises(TimeoutError):
            await woken(stream, 0.05)


async def test_publishing_to_a_dead_redis_neither_waits_nor_raises(tmp_path: Path) -> None:
    async with open_redis_hints(f"unix://{tmp_path}/nobody.sock") as hints, hints.listen(["order:1"]) as stream:
        for _ in range(3):
            hints.publish(["order:1"])
        await woken(stream)  # a listener of the same process needs no Redis


async def test_listeners_are_woken_when_redis_is_back(tmp_path: Path) -> None:
    redis = EmbeddedRedis(tmp_path / "redis")
    await asyncio.to_thread(redis.start)
    try:
        async with (
            open_redis_hints(redis.url()) as one,
            open_redis_hints(redis.url()) as other,
            one.listen(["order:1"]) as stream,
        ):
            await woken(stream)
            await asyncio.to_thread(redis.kill)
            other.publish(["order:1"])
            await asyncio.to_thread(redis.start)
            await woken(stream)
            async with asyncio.timeout(LONG):
                heard = asyncio.create_task(stream.wait(LONG * 10))
                while not heard.done():
                    other.publish(["order:1"])  # the sender finds its old connection dead once, and drops that hint
                    await asyncio.wait({heard}, timeout=0.05)
    finally:
        await asyncio.to_thread(redis.stop)


class FakeFaultyRedis(Redis):
    """A real client whose first subscriptions and first sending fail as none should."""

    faults_left = 2
    sends_left = 1

    def pubsub(self, **options: object) -> PubSub:
        if self.faults_left:
            self.faults_left -= 1
            raise LookupError("nobody expects this")
        return super().pubsub(**options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        if self.sends_left:
            self.sends_left -= 1
            raise LookupError("nobody expects this either")
        return super().pipeline(transaction, shard_hint)


async def test_hints_are_sent_after_a_fault_that_is_not_of_redis(
    redis_url: str, two_processes: tuple[RedisHints, RedisHints], caplog: pytest.LogCaptureFixture
) -> None:
    topic = f"order:{new_id()}"
    async with (
        hints_over(FakeFaultyRedis.from_url(redis_url, decode_responses=True)) as hints,
        two_processes[0].listen([topic]) as stream,
        asyncio.timeout(LONG),
    ):
        await woken(stream)
        heard = asyncio.create_task(stream.wait(LONG * 10))
        while not heard.done():
            hints.publish([topic])
            await asyncio.wait({heard}, timeout=0.05)
    assert faults(caplog, "lost because of a fault") == 1


async def test_hints_are_received_after_faults_that_are_not_of_redis(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        hints_over(FakeFaultyRedis.from_url(redis_url, decode_responses=True)) as hints,
        hints.listen(["order:1"]) as stream,
    ):
        await woken(stream)  # the confirmation of the subscription
    assert faults(caplog, "not received because of a fault") == 2


def faults(caplog: pytest.LogCaptureFixture, words: str) -> int:
    """How many were logged as errors, with their traces."""
    return sum(
        record.levelno == logging.ERROR and record.exc_info is not None and words in record.message
        for record in caplog.records
    )


async def test_listeners_come_and_go_on_one_topic(two_processes: tuple[RedisHints, RedisHints]) -> None:
    one, other = two_processes
    topic = f"order:{new_id()}"
    async with other.listen([topic]) as staying:
        async with other.listen([topic]):
            await woken(staying)
        one.publish([topic])
        await woken(staying)
    async with other.listen([topic]) as again:
        one.publish([topic])
        await woken(again)


async def test_following_gives_everything_once_and_in_order(two_processes: tuple[RedisHints, RedisHints]) -> None:
    one, other = two_processes
    topic, log = f"order:{new_id()}", list(range(1, 4))

    async def read(cursor: int) -> list[tuple[int, int]]:
        return [(item, item) for item in log if item > cursor][:2]

    async def write() -> None:
        for item in range(4, 30):
            log.append(item)
            one.publish([topic])
            await asyncio.sleep(0)

    seen: list[int] = []
    async with asyncio.timeout(LONG):
        writer = asyncio.create_task(write())
        async for item in follow(read, 0, topic=topic, hints=other):
            seen.append(item)
            if item == 29:
                break
        await writer
    assert seen == list(range(1, 30))
