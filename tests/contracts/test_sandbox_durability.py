"""Killed without warning and started again, the sandbox knows every payment it answered for, and none twice."""

import asyncio
from pathlib import Path

import httpx

from infra.stripe.client import StripeCalls
from tests.contracts.serving import WebhookReceiver, serving, until
from tests.sandbox_process import EmbeddedSandbox

PAYMENTS = 60
WORKERS = 8


async def pay(calls: StripeCalls, number: int) -> str:
    made = await calls.v1.payment_intents.create_async(
        {"amount": 1_000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True},
        {"idempotency_key": f"payment {number}"},
    )
    return made.id


async def test_killed_in_the_middle_of_payments_it_loses_and_doubles_none(tmp_path: Path) -> None:
    receiver = WebhookReceiver()
    with serving(lambda url: receiver.app()) as hook:
        sandbox = EmbeddedSandbox(tmp_path, webhook_url=f"{hook}/hook", webhook_secret="whsec_x")
        await asyncio.to_thread(sandbox.start)
        calls = StripeCalls("sk_test_kill", sandbox.url)
        answered: dict[int, str] = {}
        numbers = iter(range(PAYMENTS))

        async def work() -> None:
            for number in numbers:
                answered[number] = await pay(calls, number)
                if len(answered) == PAYMENTS // 3:
                    sandbox.kill()

        broken = await asyncio.gather(*(work() for _ in range(WORKERS)), return_exceptions=True)
        assert all(isinstance(one, Exception) for one in broken)
        assert len(answered) < PAYMENTS
        await asyncio.to_thread(sandbox.start)
        try:
            again = {number: await pay(calls, number) for number in range(PAYMENTS)}
            assert {number: again[number] for number in answered} == answered
            listed = calls.listed(lambda: calls.v1.payment_intents.list_async({"limit": 100}))
            found = [intent async for intent in listed]
            assert sorted(intent["id"] for intent in found) == sorted(again.values())
            assert {intent["status"] for intent in found} == {"succeeded"}
            balance = await calls.v1.balance.retrieve_async()
            assert balance.available[0].amount == PAYMENTS * (1_000 - 59)
            await until(lambda: succeeded(receiver) == set(again.values()), "every payment is told")
        finally:
            await calls.aclose()
            await asyncio.to_thread(sandbox.stop)


def succeeded(receiver: WebhookReceiver) -> set[str]:
    events = [httpx.Response(200, content=payload).json() for payload, _ in receiver.arrived]
    return {event["data"]["object"]["id"] for event in events if event["type"] == "payment_intent.succeeded"}


async def test_webhooks_not_yet_accepted_are_delivered_after_a_restart(tmp_path: Path) -> None:
    receiver = WebhookReceiver(refuse=1_000)
    with serving(lambda url: receiver.app()) as hook:
        sandbox = EmbeddedSandbox(tmp_path, webhook_url=f"{hook}/hook", webhook_secret="whsec_x")
        await asyncio.to_thread(sandbox.start)
        calls = StripeCalls("sk_test_kill", sandbox.url)
        await calls.v1.customers.create_async({})
        await until(lambda: receiver.refused > 0, "a refused delivery")
        sandbox.kill()
        receiver.refuse = 0
        await asyncio.to_thread(sandbox.start)
        try:
            await until(lambda: receiver.arrived, "the delivery after the restart")
        finally:
            await calls.aclose()
            await asyncio.to_thread(sandbox.stop)
