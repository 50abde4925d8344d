"""Calls to the provider are bounded: so many tries, so long each, so long in all, one key for every try."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import stripe

from domain.payments.errors import ProviderRefused, ProviderUnavailable, RefusalReason
from infra.stripe.client import API_VERSION, TRIES_MAX, StripeCalls
from tests.contracts.payment_worlds import API_KEY, StripeWorld
from tests.contracts.sandbox_requests import intent


class Pauses:
    """Takes the place of sleeping."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
async def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def calls(sandbox: StripeWorld, pauses: Pauses) -> AsyncIterator[StripeCalls]:
    made = StripeCalls(API_KEY, sandbox.url, sleep=pauses, jitter=lambda: 0.5)
    yield made
    await made.aclose()


async def create(calls: StripeCalls) -> stripe.Customer:
    return await calls.call(lambda: calls.v1.customers.create_async({}, {"idempotency_key": "k"}))


async def customers(sandbox: StripeWorld) -> int:
    return len((await sandbox.v1.customers.list_async()).data)


@pytest.mark.parametrize("status", [0, 429, 500, 503])
async def test_what_may_pass_is_tried_again_with_the_same_key(
    sandbox: StripeWorld, calls: StripeCalls, pauses: Pauses, status: int
) -> None:
    fault = {"path": "/v1/customers", "when": "after", "status": status, "times": TRIES_MAX - 1}
    await sandbox.switch(faults=[fault])
    await create(calls)
    assert await customers(sandbox) == 1
    assert pauses.seconds == [0.3, 0.6]


async def test_tries_are_counted(sandbox: StripeWorld, calls: StripeCalls, pauses: Pauses) -> None:
    await sandbox.switch(faults=[{"path": "/v1/customers", "times": 10}])
    with pytest.raises(ProviderUnavailable) as caught:
        await create(calls)
    assert caught.value.cause == "http 500"
    shown = (await sandbox.http.get("/_sandbox/switches")).json()
    assert shown["faults"][0]["times"] == 10 - TRIES_MAX
    assert len(pauses.seconds) == TRIES_MAX - 1


async def test_a_provider_that_says_do_not_retry_is_heeded(
    sandbox: StripeWorld, calls: StripeCalls, pauses: Pauses
) -> None:
    fault = {"path": "/v1/customers", "remembered": True}
    await sandbox.switch(faults=[fault])
    with pytest.raises(ProviderUnavailable):
        await create(calls)
    # The first failure says nothing of repeating; the remembered one that comes next does.
    assert len(pauses.seconds) == 1


async def test_a_silent_provider_is_given_up(sandbox: StripeWorld, pauses: Pauses) -> None:
    await sandbox.switch(latency=[{"path": "/v1/customers", "seconds": 60}])
    async with aclosing(StripeCalls(API_KEY, sandbox.url, sleep=pauses, try_seconds=0.1)) as calls:
        with pytest.raises(ProviderUnavailable) as caught:
            await calls.call(calls.v1.customers.list_async)
        assert caught.value.cause == "timeout"
        assert len(pauses.seconds) == TRIES_MAX - 1


async def test_a_key_still_at_work_from_an_abandoned_try_is_waited_for(sandbox: StripeWorld, pauses: Pauses) -> None:
    await sandbox.switch(latency=[{"path": "/v1/customers", "seconds": 60}])
    async with aclosing(StripeCalls(API_KEY, sandbox.url, sleep=pauses, try_seconds=1)) as calls:
        with pytest.raises(ProviderUnavailable) as caught:
            await create(calls)
        assert caught.value.cause == "http 409"


async def test_all_tries_together_are_bounded(sandbox: StripeWorld) -> None:
    await sandbox.switch(latency=[{"path": "/v1/customers", "seconds": 60}])
    async with aclosing(StripeCalls(API_KEY, sandbox.url, try_seconds=60, total_seconds=0.2)) as calls:
        with pytest.raises(ProviderUnavailable):
            await create(calls)


async def test_a_callers_cancellation_is_not_swallowed(sandbox: StripeWorld, calls: StripeCalls) -> None:
    await sandbox.switch(latency=[{"path": "/v1/customers", "seconds": 60}])
    task = asyncio.ensure_future(create(calls))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nobody_there_is_unavailable(pauses: Pauses) -> None:
    async with aclosing(StripeCalls(API_KEY, "http://127.0.0.1:1", sleep=pauses)) as calls:
        with pytest.raises(ProviderUnavailable) as caught:
            await create(calls)
    assert caught.value.cause == "connection"


async def test_a_definite_no_is_not_repeated(sandbox: StripeWorld, calls: StripeCalls, pauses: Pauses) -> None:
    with pytest.raises(ProviderRefused) as caught:
        await calls.call(lambda: calls.v1.payment_intents.retrieve_async("pi_none"))
    assert caught.value.reason is RefusalReason.NOT_FOUND
    assert "pi_none" in caught.value.detail
    assert pauses.seconds == []


async def test_a_wrong_key_is_our_fault_and_no_verdict_on_the_payment(sandbox: StripeWorld, pauses: Pauses) -> None:
    async with aclosing(StripeCalls("wrong", sandbox.url, sleep=pauses)) as calls:
        with pytest.raises(ProviderUnavailable) as caught:
            await create(calls)
    assert (caught.value.cause, pauses.seconds) == ("AuthenticationError", [])


async def test_a_listing_goes_over_pages_and_has_an_end(sandbox: StripeWorld, calls: StripeCalls) -> None:
    customer = await sandbox.v1.customers.create_async({})
    for _ in range(11):
        await intent(sandbox, customer=customer.id)
    intents = calls.v1.payment_intents
    listed = calls.listed(lambda: intents.list_async({"customer": customer.id, "limit": 2}))
    assert len({one["id"] async for one in listed}) == 11
    with pytest.raises(ProviderUnavailable):
        _ = [one async for one in calls.listed(lambda: intents.list_async({"limit": 1}))]


async def test_the_api_version_is_pinned_to_the_one_the_sdk_was_made_for() -> None:
    """A newer SDK reads another shape: this fails when one of the two moves alone."""
    assert stripe.api_version == API_VERSION
