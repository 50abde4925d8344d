"""Webhooks are signed and delivered at least once; on demand late, doubled, out of order or not at all."""

import json
from typing import Any

import pytest
import stripe

from tests.contracts.payment_worlds import WEBHOOK_SECRET, StripeWorld
from tests.contracts.sandbox_requests import event_types, intent
from tests.contracts.serving import until

AUTHORIZED = ["payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"]


def arrived(sandbox: StripeWorld) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload, _ in sandbox.webhooks()]


def types(sandbox: StripeWorld) -> list[str]:
    return [event["type"] for event in arrived(sandbox)]


async def deliveries(sandbox: StripeWorld) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await sandbox.http.get("/_sandbox/deliveries")).json()
    return listed


async def test_the_signature_is_verified_by_the_sdk(sandbox: StripeWorld) -> None:
    made = await intent(sandbox)
    await until(lambda: len(arrived(sandbox)) == 3, "three webhooks")
    payload, signature = sandbox.webhooks()[0]
    event = stripe.Webhook.construct_event(payload, signature, WEBHOOK_SECRET)
    assert event.data.object["id"] in (made.id, made.latest_charge.id)  # type: ignore[union-attr] # expanded
    assert event.api_version == "2026-10-28.endive"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload + b" ", signature, WEBHOOK_SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature, "whsec_other")


async def test_an_event_is_a_snapshot_and_names_its_request(sandbox: StripeWorld) -> None:
    made = await sandbox.v1.payment_intents.create_async(
        {"amount": 500, "currency": "eur"}, {"idempotency_key": "mine"}
    )
    await sandbox.v1.payment_intents.cancel_async(made.id)
    await until(lambda: len(arrived(sandbox)) == 2, "two webhooks")
    created = next(event for event in arrived(sandbox) if event["type"] == "payment_intent.created")
    assert created["data"]["object"]["status"] == "requires_payment_method"
    assert created["request"]["idempotency_key"] == "mine"


async def test_a_refused_delivery_is_repeated_until_accepted(sandbox: StripeWorld) -> None:
    sandbox.receiver.refuse = 2
    await sandbox.v1.customers.create_async({})
    await until(lambda: arrived(sandbox), "the webhook is accepted in the end")
    assert sandbox.receiver.refused == 2

    async def settled() -> bool:
        return [(one["state"], one["tries"]) for one in await deliveries(sandbox)] == [("done", 3)]

    await until(settled, "the delivery is done after three tries")
    event = (await sandbox.v1.events.list_async()).data[0]
    assert event.pending_webhooks == 0


async def test_paused_webhooks_wait_and_out_of_order_ones_come_backwards(sandbox: StripeWorld) -> None:
    await sandbox.switch(webhooks={"paused": True, "out_of_order": True})
    await intent(sandbox)
    assert await event_types(sandbox) == AUTHORIZED
    assert arrived(sandbox) == []
    await sandbox.switch(webhooks={"paused": False})
    await until(lambda: len(arrived(sandbox)) == 3, "three webhooks")
    assert types(sandbox) == AUTHORIZED[::-1]


async def test_duplicated_webhooks_carry_the_same_event(sandbox: StripeWorld) -> None:
    await sandbox.switch(webhooks={"duplicate": 2})
    await sandbox.v1.customers.create_async({})
    await until(lambda: len(arrived(sandbox)) == 3, "three copies")
    assert len({event["id"] for event in arrived(sandbox)}) == 1


async def test_dropped_webhooks_never_come_but_are_listed_and_can_be_sent_again(sandbox: StripeWorld) -> None:
    await sandbox.switch(webhooks={"drop_next": 1})
    await sandbox.v1.customers.create_async({})

    async def dropped() -> bool:
        return [one["last"] for one in await deliveries(sandbox)] == ["dropped"]

    await until(dropped, "the webhook is dropped")
    assert arrived(sandbox) == []
    event = (await sandbox.v1.events.list_async()).data[0]
    assert (await sandbox.http.post(f"/_sandbox/events/{event.id}/resend")).status_code == 200
    await until(lambda: types(sandbox) == ["customer.created"], "the webhook is sent again")
    assert (await sandbox.http.post("/_sandbox/events/evt_none/resend")).status_code == 404


async def test_delayed_webhooks_are_overtaken_by_later_ones(sandbox: StripeWorld) -> None:
    await sandbox.switch(webhooks={"delay_seconds": 3_600})
    await sandbox.v1.customers.create_async({"email": "slow@example.com"})
    await sandbox.switch(webhooks={"delay_seconds": 0})
    await sandbox.v1.customers.create_async({"email": "fast@example.com"})

    async def overtaken() -> bool:
        return [one["state"] for one in await deliveries(sandbox)] == ["done", "waiting"]

    await until(overtaken, "the later webhook comes first")
    assert [event["data"]["object"]["email"] for event in arrived(sandbox)] == ["fast@example.com"]


async def test_nothing_is_told_of_what_did_not_happen(sandbox: StripeWorld) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await intent(sandbox, "pm_card_visa", customer="cus_none")
    await sandbox.v1.customers.create_async({})
    await until(lambda: arrived(sandbox), "the later webhook")
    assert types(sandbox) == ["customer.created"]
