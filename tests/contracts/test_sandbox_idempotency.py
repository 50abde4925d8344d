"""A repeated request with the same key has one effect and one answer, whatever went wrong in between."""

import asyncio
from datetime import timedelta

import pytest
import stripe

from domain.shared.ids import new_id
from tests.contracts.payment_worlds import StripeWorld
from tests.contracts.sandbox_requests import post

AUTHORIZE = {
    "amount": "1000",
    "currency": "eur",
    "confirm": "true",
    "capture_method": "manual",
    "payment_method": "pm_card_visa",
}


async def intents(sandbox: StripeWorld) -> int:
    return len((await sandbox.v1.payment_intents.list_async({"limit": 100})).data)


async def test_the_first_answer_comes_again(sandbox: StripeWorld) -> None:
    first = await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")
    second = await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"]
    assert await intents(sandbox) == 1


async def test_an_answer_is_not_refreshed_by_later_changes(sandbox: StripeWorld) -> None:
    first = await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")
    await sandbox.v1.payment_intents.cancel_async(first.json()["id"])
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")).json()["status"] == "requires_capture"


async def test_a_decline_is_remembered(sandbox: StripeWorld) -> None:
    declined = AUTHORIZE | {"payment_method": "pm_card_chargeDeclined"}
    first = await post(sandbox, "/v1/payment_intents", declined, "k")
    second = await post(sandbox, "/v1/payment_intents", declined, "k")
    assert (first.status_code, second.status_code, first.json()) == (402, 402, second.json())
    assert await intents(sandbox) == 1


async def test_other_parameters_are_refused(sandbox: StripeWorld) -> None:
    await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")
    other = await post(sandbox, "/v1/payment_intents", AUTHORIZE | {"amount": "2000"}, "k")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    elsewhere = await post(sandbox, "/v1/customers", {"email": "a@example.com"}, "k")
    assert "same endpoint" in elsewhere.json()["error"]["message"]
    assert await intents(sandbox) == 1
    with pytest.raises(stripe.IdempotencyError):
        await sandbox.v1.customers.create_async({}, {"idempotency_key": "k"})


async def test_the_order_of_parameters_does_not_matter(sandbox: StripeWorld) -> None:
    await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")
    backwards = dict(reversed(AUTHORIZE.items()))
    assert (await post(sandbox, "/v1/payment_intents", backwards, "k")).status_code == 200
    assert await intents(sandbox) == 1


async def test_keys_are_forgotten_after_a_day(sandbox: StripeWorld) -> None:
    first = await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")
    await sandbox.advance(timedelta(hours=23, minutes=59))
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")).json()["id"] == first.json()["id"]
    await sandbox.advance(timedelta(hours=24, minutes=1))
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")).json()["id"] != first.json()["id"]
    assert await intents(sandbox) == 2


async def test_faulty_parameters_leave_the_key_free(sandbox: StripeWorld) -> None:
    assert (await post(sandbox, "/v1/payment_intents", {"amount": "x"}, "k")).status_code == 400
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")).status_code == 200


async def test_a_refusal_by_state_is_remembered(sandbox: StripeWorld) -> None:
    made = await sandbox.v1.payment_intents.create_async({"amount": 500, "currency": "eur", "capture_method": "manual"})
    path = f"/v1/payment_intents/{made.id}/capture"
    assert (await post(sandbox, path, {}, "k")).json()["error"]["code"] == "payment_intent_unexpected_state"
    await sandbox.v1.payment_intents.confirm_async(made.id, {"payment_method": "pm_card_visa"})
    assert (await post(sandbox, path, {}, "k")).status_code == 400
    assert (await post(sandbox, path, {}, "k2")).status_code == 200


async def test_a_server_error_of_the_provider_is_remembered(sandbox: StripeWorld) -> None:
    """The key is burnt: only another one, after a read proved that nothing happened, goes on."""
    await sandbox.switch(faults=[{"path": "/v1/payment_intents", "status": 500, "remembered": True}])
    for _ in range(2):
        answer = await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")
        assert (answer.status_code, answer.json()["error"]["type"]) == (500, "api_error")
    assert answer.headers["stripe-should-retry"] == "false"
    assert await intents(sandbox) == 0
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k2")).status_code == 200


async def test_a_remembered_server_error_may_hide_an_effect(sandbox: StripeWorld) -> None:
    fault = {"path": "/v1/payment_intents", "status": 500, "when": "after", "remembered": True}
    await sandbox.switch(faults=[fault])
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")).status_code == 500
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")).status_code == 500
    assert await intents(sandbox) == 1


async def test_two_at_once_are_not_both_executed(sandbox: StripeWorld) -> None:
    await sandbox.switch(latency=[{"path": "/v1/payment_intents", "seconds": 1}])
    answers = await asyncio.gather(*(post(sandbox, "/v1/payment_intents", AUTHORIZE, "k") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    conflict = next(answer for answer in answers if answer.status_code == 409)
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    assert (await post(sandbox, "/v1/payment_intents", AUTHORIZE, "k")).status_code == 200
    assert await intents(sandbox) == 1


async def test_a_hundred_racing_requests_under_ten_keys_make_ten_payments(sandbox: StripeWorld) -> None:
    async def pay(number: int) -> str | None:
        answer = await post(sandbox, "/v1/payment_intents", AUTHORIZE, f"k{number % 10}")
        assert answer.status_code in (200, 409)
        return str(answer.json()["id"]) if answer.status_code == 200 else None

    made = await asyncio.gather(*(pay(number) for number in range(100)))
    assert len({one for one in made if one is not None}) == 10
    assert await intents(sandbox) == 10


async def test_keys_belong_to_an_account(sandbox: StripeWorld) -> None:
    account = await sandbox.gateway.create_account("DE", "a@example.com", new_id())
    ours = await sandbox.v1.customers.create_async({}, {"idempotency_key": "k"})
    theirs = await sandbox.v1.customers.create_async(
        {}, {"idempotency_key": "k", "stripe_account": account.account_ref}
    )
    assert ours.id != theirs.id
