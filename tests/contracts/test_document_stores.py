"""The contract of a store of persisted operations, kept within one process and in Redis alike; and what Redis adds."""

import hashlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from domain.shared.measures import NoMeasures
from infra.redis.asking import RedisDoor, open_redis
from infra.redis.documents import RedisDocuments
from resolvers.transport.persisted import DocumentStore, NearAndFar, RecentDocuments

NOWHERE = "redis://127.0.0.1:1/0"


def a_text() -> tuple[str, str]:
    text = f"query Né{uuid4().hex} {{ __typename }}"
    return hashlib.sha256(text.encode()).hexdigest(), text


@pytest.fixture
async def door(redis_url: str) -> AsyncIterator[RedisDoor]:
    async with open_redis(redis_url, NoMeasures(), connections_max=10, answer_seconds=5) as door:
        yield door


@pytest.fixture(params=["in a process", "in Redis", "both"])
def store(request: pytest.FixtureRequest, door: RedisDoor) -> DocumentStore:
    if request.param == "in a process":
        return RecentDocuments()
    return RedisDocuments(door) if request.param == "in Redis" else NearAndFar(RecentDocuments(), RedisDocuments(door))


async def test_a_text_is_found_by_its_hash_and_nothing_by_another(store: DocumentStore) -> None:
    sha256, text = a_text()
    assert await store.get(sha256) is None
    await store.put(sha256, text)
    await store.put(sha256, text)
    assert await store.get(sha256) == text
    assert await store.get(a_text()[0]) is None


async def test_what_one_process_was_told_another_knows(door: RedisDoor) -> None:
    one, two = (NearAndFar(RecentDocuments(), RedisDocuments(door)) for _ in range(2))
    sha256, text = a_text()
    await one.put(sha256, text)
    assert await two.get(sha256) == text


async def test_a_text_that_was_read_from_redis_is_kept_near(door: RedisDoor) -> None:
    near = RecentDocuments()
    sha256, text = a_text()
    await RedisDocuments(door).put(sha256, text)
    assert await NearAndFar(near, RedisDocuments(door)).get(sha256) == text
    assert await near.get(sha256) == text


@pytest.mark.parametrize("planted", [b"{ evil }", b"", b"\xff"])
async def test_a_text_that_somebody_planted_under_a_hash_is_no_text(door: RedisDoor, planted: bytes) -> None:
    sha256, text = a_text()
    store = RedisDocuments(door)
    await store.put(sha256, text)
    await door.client.set(f"{{documents}}:{sha256}", planted)
    assert await store.get(sha256) is None


async def test_the_oldest_texts_make_room(redis_url: str) -> None:
    async with open_redis(redis_url, NoMeasures(), connections_max=2, answer_seconds=5) as door:
        await door.client.delete("{documents}:known")
        store = RedisDocuments(door, entries_max=3)
        texts = [a_text() for _ in range(5)]
        for sha256, text in texts:
            await store.put(sha256, text)
        assert [await store.get(sha256) is not None for sha256, _ in texts] == [False, False, True, True, True]
        assert await door.client.zcard("{documents}:known") == 3
        assert 0 < await door.client.ttl(f"{{documents}}:{texts[-1][0]}") <= 7 * 24 * 3600


async def test_without_redis_a_process_knows_what_it_was_told_itself() -> None:
    async with open_redis(NOWHERE, NoMeasures(), connections_max=2) as door:
        store = NearAndFar(RecentDocuments(), RedisDocuments(door))
        sha256, text = a_text()
        await store.put(sha256, text)
        assert await store.get(sha256) == text
        assert await RedisDocuments(door).get(sha256) is None
