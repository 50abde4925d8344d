"""What is gathered is done once, and everybody gets their own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from app.gathering import Gathered

DEADLINE_SECONDS = 10


class Halves:
    """Halves even numbers, all or none; keeps what it was asked for together."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    async def of(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        await asyncio.sleep(0)
        if any(number % 2 for number in numbers):
            raise ValueError(f"odd: {list(numbers)}")
        return [number // 2 for number in numbers]


async def test_what_comes_together_is_done_together() -> None:
    halves = Halves()
    gathered = Gathered(halves.of, seconds=0.001, most=10)
    assert await asyncio.gather(*(gathered.ask(number) for number in (2, 4, 6))) == [1, 2, 3]
    assert await gathered.ask(8) == 4
    assert halves.calls == [[2, 4, 6], [8]]


async def test_no_more_than_so_many_are_done_at_once() -> None:
    halves = Halves()
    gathered = Gathered(halves.of, seconds=0.001, most=2)
    assert await asyncio.gather(*(gathered.ask(number) for number in (2, 4, 6))) == [1, 2, 3]
    assert halves.calls == [[2, 4], [6]]


async def test_nobody_pays_for_anothers_fault() -> None:
    halves = Halves()
    gathered = Gathered(halves.of, seconds=0.001, most=10)
    first, second, third = await asyncio.gather(*(gathered.ask(number) for number in (2, 3, 4)), return_exceptions=True)
    assert (first, third) == (1, 2)
    assert isinstance(second, ValueError)
    assert halves.calls == [[2, 3, 4], [2], [3], [4]]


async def test_where_all_fail_together_nobody_waits_for_one_after_the_other() -> None:
    alone: set[int] = set()
    everybody = asyncio.Event()

    async def slowly(numbers: Sequence[int]) -> list[int]:
        if len(numbers) > 1:
            raise ValueError("not together")
        alone.update(numbers)
        if len(alone) == 3:
            everybody.set()
        await everybody.wait()
        return list(numbers)

    gathered = Gathered(slowly, seconds=0.001, most=3)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await asyncio.gather(*(gathered.ask(number) for number in (1, 2, 3))) == [1, 2, 3]


async def test_an_answer_too_few_is_a_fault_too() -> None:
    async def nothing(numbers: Sequence[int]) -> list[int]:
        return []

    gathered = Gathered(nothing, seconds=0.001, most=3)
    async with asyncio.timeout(DEADLINE_SECONDS):
        told = await asyncio.gather(gathered.ask(1), gathered.ask(2), return_exceptions=True)
    assert [type(each) for each in told] == [ValueError, ValueError]


async def test_who_goes_away_leaves_the_others_their_answers() -> None:
    halves = Halves()
    gathered = Gathered(halves.of, seconds=0.001, most=10)
    leaving, staying = asyncio.create_task(gathered.ask(2)), asyncio.create_task(gathered.ask(4))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 2
    with pytest.raises(asyncio.CancelledError):
        await leaving
