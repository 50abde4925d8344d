"""The sandbox misbehaves exactly as told: where, when, how often."""

import time
from typing import Any

import httpx
import pytest

from tests.contracts.payment_worlds import StripeWorld
from tests.contracts.sandbox_requests import SECRET, post
from tests.contracts.serving import until


async def customers(sandbox: StripeWorld) -> int:
    return len((await sandbox.v1.customers.list_async({"limit": 100})).data)


async def switches(sandbox: StripeWorld) -> dict[str, Any]:
    shown: dict[str, Any] = (await sandbox.http.get("/_sandbox/switches")).json()
    return shown


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_failure_before_the_effect_leaves_nothing(sandbox: StripeWorld, status: int) -> None:
    await sandbox.switch(faults=[{"path": "/v1/customers", "status": status, "times": 2}])
    codes = [(await post(sandbox, "/v1/customers", {}, "k")).status_code for _ in range(3)]
    assert codes == [status, status, 200]
    assert await customers(sandbox) == 1


async def test_a_failure_after_the_effect_loses_the_answer_only(sandbox: StripeWorld) -> None:
    await sandbox.switch(faults=[{"path": "/v1/customers", "when": "after", "times": 2}])
    codes = [(await post(sandbox, "/v1/customers", {}, "k")).status_code for _ in range(3)]
    assert codes == [500, 500, 200]
    assert await customers(sandbox) == 1


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_the_connection_can_break(sandbox: StripeWorld, when: str, made: int) -> None:
    await sandbox.switch(faults=[{"path": "/v1/customers", "when": when, "status": 0}])
    with pytest.raises(httpx.RemoteProtocolError):
        await post(sandbox, "/v1/customers", {}, "k")
    assert await customers(sandbox) == made
    assert (await post(sandbox, "/v1/customers", {}, "k")).status_code == 200
    assert await customers(sandbox) == 1


async def test_failures_strike_only_what_they_name(sandbox: StripeWorld) -> None:
    await sandbox.switch(
        faults=[
            {"path": "/v1/payment_intents/*/capture", "times": 5},
            {"path": "/v1/customers", "method": "GET"},
        ]
    )
    assert (await post(sandbox, "/v1/customers")).status_code == 200
    assert (await sandbox.http.get("/v1/customers", headers=SECRET)).status_code == 500
    assert (await sandbox.http.get("/v1/customers", headers=SECRET)).status_code == 200
    assert [fault["times"] for fault in (await switches(sandbox))["faults"]] == [5]


async def test_latency_holds_an_answer_back(sandbox: StripeWorld) -> None:
    await sandbox.switch(latency=[{"path": "/v1/customers", "seconds": 30}])
    with pytest.raises(httpx.TimeoutException):
        await sandbox.http.post("/v1/customers", headers=SECRET, timeout=0.2)
    assert (await sandbox.http.get("/v1/balance", headers=SECRET)).status_code == 200
    await sandbox.http.delete("/_sandbox/switches")
    assert (await post(sandbox, "/v1/customers")).status_code == 200


async def test_an_answer_held_back_does_not_hold_the_effect_back(sandbox: StripeWorld) -> None:
    await sandbox.switch(latency=[{"path": "/v1/customers", "seconds": 30, "when": "after"}])
    with pytest.raises(httpx.ReadTimeout):
        await sandbox.http.post("/v1/customers", headers=SECRET, timeout=1)
    await sandbox.switch(latency=[])

    async def made() -> bool:
        return await customers(sandbox) == 1

    await until(made, "the effect of the abandoned request")


async def test_the_clock_is_moved(sandbox: StripeWorld) -> None:
    await sandbox.switch(clock_offset_seconds=1_000_000)
    customer = await sandbox.v1.customers.create_async({})
    assert customer.created > time.time() + 999_000


async def test_switches_change_by_name_and_are_reset_together(sandbox: StripeWorld) -> None:
    before = await switches(sandbox)
    await sandbox.switch(webhooks={"duplicate": 1}, payout_seconds=5)
    await sandbox.switch(webhooks={"paused": True})
    changed = await switches(sandbox)
    assert (changed["webhooks"]["duplicate"], changed["webhooks"]["paused"]) == (1, True)
    assert changed["payout_seconds"] == 5
    await sandbox.http.delete("/_sandbox/switches")
    assert await switches(sandbox) == before


@pytest.mark.parametrize("body", ['{"nonsense": 1}', '{"faults": [{"times": 0}]}', "[1]", "no json", "7"])
async def test_an_unknown_switch_is_refused_and_changes_nothing(sandbox: StripeWorld, body: str) -> None:
    before = await switches(sandbox)
    assert (await sandbox.http.post("/_sandbox/switches", content=body)).status_code == 400
    assert await switches(sandbox) == before
