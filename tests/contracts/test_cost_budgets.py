"""The contract of a cost budget, kept within one process and in Redis alike; and what Redis adds to it.

The guarantee: whatever number of processes answers a client, together they give no more than its one budget holds.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from domain.shared.budgets import CostBudget, RateLimited, TokenBuckets
from domain.shared.measures import NoMeasures
from infra.redis.asking import RedisDoor, open_redis
from infra.redis.breaker import CircuitBreaker
from infra.redis.cost_budgets import SHARES, RedisCostBudget

CAPACITY = 10
NOWHERE = "redis://127.0.0.1:1/0"


class FakeTime:
    """Begins late, as the time of day does."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def door(redis_url: str) -> AsyncIterator[RedisDoor]:
    async with open_redis(redis_url, NoMeasures(), connections_max=10, answer_seconds=5) as door:
        yield door


@pytest.fixture
def client() -> str:
    """Nobody has spent anything of it."""
    return uuid4().hex


def in_redis(door: RedisDoor, time: Callable[[], float], capacity: int = CAPACITY) -> RedisCostBudget:
    alone = TokenBuckets(clock=time, capacity=capacity, refill_per_second=1)
    return RedisCostBudget(door, alone=alone, clock=time, capacity=capacity, refill_per_second=1)


@pytest.fixture(params=["in a process", "in Redis"])
def budget(request: pytest.FixtureRequest, door: RedisDoor, time: FakeTime) -> CostBudget:
    if request.param == "in a process":
        return TokenBuckets(clock=time, capacity=CAPACITY, refill_per_second=1)
    return in_redis(door, time)


async def test_a_budget_is_full_at_first_and_tells_what_remains(budget: CostBudget, client: str) -> None:
    assert [await budget.spend(client, cost) for cost in (4, 1, 5)] == [6, 5, 0]


async def test_what_it_does_not_cover_is_refused_and_takes_nothing(budget: CostBudget, client: str) -> None:
    await budget.spend(client, 4)
    with pytest.raises(RateLimited) as limited:
        await budget.spend(client, 9)
    assert limited.value.retry_after_seconds == pytest.approx(3)
    assert await budget.spend(client, 6) == 0


async def test_it_refills_up_to_its_capacity_and_no_further(budget: CostBudget, client: str, time: FakeTime) -> None:
    await budget.spend(client, 10)
    time.seconds += 2.5
    assert await budget.spend(client, 2) == 0
    time.seconds += 1_000
    assert await budget.spend(client, 1) == 9


async def test_clients_do_not_pay_for_each_other(budget: CostBudget, client: str) -> None:
    await budget.spend(client, 10)
    assert await budget.spend(f"{client}:other", 1) == 9


async def test_a_time_that_goes_back_gives_and_takes_nothing(door: RedisDoor, time: FakeTime, client: str) -> None:
    """The clocks of two machines differ."""
    ahead, behind = in_redis(door, time), in_redis(door, lambda: time.seconds - 60)
    assert await ahead.spend(client, 5) == 5
    assert await behind.spend(client, 4) == 1
    assert await ahead.spend(client, 1) == 0


async def spent(budget: CostBudget, client: str, cost: int) -> int:
    try:
        await budget.spend(client, cost)
    except RateLimited:
        return 0
    return cost


@pytest.mark.parametrize("capacity", [100, 10_000])
async def test_all_processes_together_give_one_budget(
    redis_url: str, time: FakeTime, client: str, capacity: int
) -> None:
    """With shares of one, and with shares of a hundred."""
    async with AsyncExitStack() as stack:
        doors = [
            await stack.enter_async_context(open_redis(redis_url, NoMeasures(), connections_max=4, answer_seconds=5))
            for _ in range(3)
        ]
        budgets = [in_redis(door, time, capacity) for door in doors]
        costs = [capacity // 100 + 1] * 40
        given = await asyncio.gather(*(spent(each, client, cost) for cost in costs for each in budgets))
    idle = len(budgets) * (capacity // SHARES)
    assert capacity - idle - max(costs) < sum(given) <= capacity


async def test_most_operations_ask_redis_nothing(door: RedisDoor, time: FakeTime, client: str) -> None:
    budget = in_redis(door, time, 10_000)
    assert await budget.spend(client, 1) == 9_999
    before = await door.client.hget(f"cost:{client}", "level")
    assert [await budget.spend(client, 1) for _ in range(99)][-1] == 9_900
    assert await door.client.hget(f"cost:{client}", "level") == before
    await budget.spend(client, 1)
    assert await door.client.hget(f"cost:{client}", "level") != before


async def test_a_bucket_is_forgotten_once_it_is_full_again(door: RedisDoor, time: FakeTime, client: str) -> None:
    await in_redis(door, time).spend(client, 4)
    assert 0 < await door.client.ttl(f"cost:{client}") <= 5


async def test_without_redis_each_process_goes_on_within_a_bound_of_its_own(time: FakeTime, client: str) -> None:
    async with open_redis(NOWHERE, NoMeasures(), connections_max=2) as door:
        budget = in_redis(door, time)
        assert await budget.spend(client, 9) == 1
        with pytest.raises(RateLimited):
            await budget.spend(client, 2)


async def test_a_share_outlives_the_absence_of_redis(redis_url: str, time: FakeTime, client: str) -> None:
    breaker = CircuitBreaker()
    async with open_redis(redis_url, NoMeasures(), connections_max=2, answer_seconds=5, breaker=breaker) as door:
        budget = in_redis(door, time, 10_000)
        await budget.spend(client, 1)
        breaker.failed()
        assert await budget.spend(client, 200) == 9_800, "of the process's own"
        assert await budget.spend(client, 99) == 9_900, "the rest of the share"
