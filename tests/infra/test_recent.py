"""Answers remembered for a moment: made once for all who ask meanwhile, and never a failure."""

import asyncio

import pytest

from infra.postgres.recent import ENTRIES_MAX, Recent


class FakeMaker:
    """Counts how often it was asked; waits for `go`."""

    def __init__(self) -> None:
        self.made = 0
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.fault: Exception | None = None

    async def __call__(self) -> int:
        self.made += 1
        self.asked.set()
        await self.go.wait()
        if self.fault is not None:
            raise self.fault
        return self.made


async def test_many_who_ask_at_once_share_one_answer() -> None:
    recent: Recent[str, int] = Recent(60)
    maker = FakeMaker()
    asking = [asyncio.ensure_future(recent.get("key", maker)) for _ in range(5)]
    await maker.asked.wait()
    maker.go.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await recent.get("key", maker) == 1
    assert await recent.get("other", maker) == 2


async def test_who_gives_up_waiting_does_not_take_the_answer_from_others() -> None:
    recent: Recent[str, int] = Recent(60)
    maker = FakeMaker()
    first = asyncio.ensure_future(recent.get("key", maker))
    await maker.asked.wait()
    second = asyncio.ensure_future(recent.get("key", maker))
    first.cancel()
    maker.go.set()
    assert await second == 1


async def test_a_failure_is_told_and_forgotten() -> None:
    recent: Recent[str, int] = Recent(60)
    maker = FakeMaker()
    maker.go.set()
    maker.fault = ConnectionError()
    with pytest.raises(ConnectionError):
        await recent.get("key", maker)
    maker.fault = None
    assert await recent.get("key", maker) == 2


async def test_nothing_is_remembered_for_no_time() -> None:
    recent: Recent[str, int] = Recent(0)
    maker = FakeMaker()
    maker.go.set()
    assert [await recent.get("key", maker) for _ in range(3)] == [1, 2, 3]


async def test_the_oldest_answers_make_room() -> None:
    recent: Recent[int, int] = Recent(60)
    maker = FakeMaker()
    maker.go.set()
    for key in range(ENTRIES_MAX + 1):
        await recent.get(key, maker)
    assert await recent.get(ENTRIES_MAX, maker) == ENTRIES_MAX + 1
    assert await recent.get(0, maker) == ENTRIES_MAX + 2
