"""The sandbox answers payment requests as the provider does: states, declines, authentication, faulty parameters."""

from datetime import timedelta
from typing import Any

import pytest
import stripe

from tests.contracts.payment_worlds import StripeWorld
from tests.contracts.sandbox_requests import PUBLISHABLE, SECRET, event_types, intent, paid, post


async def test_the_stock_sdk_client_reaches_it(sandbox: StripeWorld) -> None:
    """The SDK's own transport, whose deprecated way of posting httpx warns about."""
    http = stripe.HTTPXClient()
    client = stripe.StripeClient("sk_test_stock", base_addresses={"api": sandbox.url}, http_client=http)
    with pytest.warns(DeprecationWarning, match="content"):
        customer = await client.v1.customers.create_async({"email": "a@example.com"})
    assert (await client.v1.customers.retrieve_async(customer.id)).email == "a@example.com"
    await http.close_async()  # type: ignore[no-untyped-call] # the SDK's


async def test_an_authorization_tells_until_when_it_holds(sandbox: StripeWorld) -> None:
    made = await intent(sandbox, metadata={"order": "7"})
    assert (made.status, made.amount_capturable, made.metadata.to_dict()) == (
        "requires_capture",
        1_000,
        {"order": "7"},
    )
    charge: Any = made.latest_charge
    assert charge.captured is False
    assert charge.balance_transaction is None
    assert charge.payment_method_details.card.capture_before == charge.created + 7 * 86_400
    assert made.payment_method != "pm_card_visa"


async def test_a_capture_books_amount_and_fee(sandbox: StripeWorld) -> None:
    made = await intent(sandbox, amount=10_000)
    captured = await sandbox.v1.payment_intents.capture_async(
        made.id, {"amount_to_capture": 6_000, "expand": ["latest_charge.balance_transaction"]}
    )
    charge: Any = captured.latest_charge
    movement = charge.balance_transaction
    assert (captured.amount_received, charge.amount_captured, charge.amount_refunded) == (6_000, 6_000, 0)
    assert (movement.amount, movement.fee, movement.net) == (6_000, 204, 5_796)
    balance = await sandbox.v1.balance.retrieve_async()
    assert [(funds.currency, funds.amount) for funds in balance.available] == [("eur", 5_796)]


async def test_money_stays_pending_when_settlement_takes_time(sandbox: StripeWorld) -> None:
    await sandbox.switch(settlement_seconds=86_400)
    await paid(sandbox, amount=10_000)
    balance = await sandbox.v1.balance.retrieve_async()
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 9_680)
    await sandbox.advance(timedelta(days=1, minutes=1))
    balance = await sandbox.v1.balance.retrieve_async()
    assert (balance.available[0].amount, balance.pending[0].amount) == (9_680, 0)


async def test_events_tell_the_story_in_order(sandbox: StripeWorld) -> None:
    made = await intent(sandbox)
    await sandbox.v1.payment_intents.capture_async(made.id)
    await sandbox.v1.refunds.create_async({"payment_intent": made.id})
    assert await event_types(sandbox) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
        "charge.captured",
        "refund.created",
        "charge.refunded",
    ]
    last = (await sandbox.v1.events.list_async({"type": "refund.created"})).data[0]
    again = await sandbox.v1.events.retrieve_async(last.id)
    refund: Any = again.data.object
    assert (refund["object"], refund["payment_intent"]) == ("refund", made.id)


async def test_a_decline_is_a_card_error_that_carries_the_intent(sandbox: StripeWorld) -> None:
    with pytest.raises(stripe.CardError) as caught:
        await intent(sandbox, "pm_card_visa_chargeDeclinedInsufficientFunds")
    error: Any = caught.value.error
    assert (caught.value.http_status, error.code, error.decline_code) == (
        402,
        "card_declined",
        "insufficient_funds",
    )
    assert error.payment_intent.status == "requires_payment_method"
    kept = await sandbox.v1.payment_intents.retrieve_async(error.payment_intent.id)
    assert kept.last_payment_error is not None
    assert kept.last_payment_error.decline_code == "insufficient_funds"
    charge = await sandbox.v1.charges.retrieve_async(error.charge)
    assert (charge.status, charge.paid) == ("failed", False)


@pytest.mark.parametrize(
    ("name", "code", "decline_code"),
    [
        ("chargeDeclined", "card_declined", "generic_decline"),
        ("chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
async def test_each_declining_test_card_has_its_code(
    sandbox: StripeWorld, name: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as caught:
        await intent(sandbox, f"pm_card_{name}")
    error: Any = caught.value.error
    assert (error.code, error.decline_code) == (code, decline_code)


async def test_the_challenge_page_lets_the_buyer_succeed_and_returns_to_the_shop(sandbox: StripeWorld) -> None:
    made = await intent(sandbox, "pm_card_threeDSecure2Required", return_url="https://shop.example/done?a=1")
    action: Any = made.next_action
    assert (made.status, action.type) == ("requires_action", "redirect_to_url")
    page = await sandbox.http.get(action.redirect_to_url.url)
    assert "Complete authentication" in page.text
    answer = await sandbox.http.post(action.redirect_to_url.url, data={"outcome": "succeed"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://shop.example/done?a=1&payment_intent=")
    assert answer.headers["location"].endswith("redirect_status=succeeded")
    after = await sandbox.v1.payment_intents.retrieve_async(made.id)
    assert (after.status, after.next_action) == ("requires_capture", None)
    again = await sandbox.http.post(action.redirect_to_url.url, data={"outcome": "succeed"})
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"


async def test_a_card_may_be_declined_after_the_challenge(sandbox: StripeWorld) -> None:
    made = await intent(sandbox, "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    action: Any = made.next_action
    await sandbox.http.post(action.use_stripe_sdk.stripe_js, data={"outcome": "succeed"})
    after = await sandbox.v1.payment_intents.retrieve_async(made.id)
    assert after.status == "requires_payment_method"
    assert after.last_payment_error is not None
    assert after.last_payment_error.decline_code == "insufficient_funds"


async def test_the_challenge_page_needs_the_client_secret(sandbox: StripeWorld) -> None:
    made = await intent(sandbox, "pm_card_threeDSecure2Required")
    page = f"/_sandbox/authenticate/{made.id}?client_secret=wrong"
    assert (await sandbox.http.get(page)).status_code == 404
    assert (await sandbox.http.post(page, data={"outcome": "succeed"})).status_code == 404


async def test_a_buyers_client_confirms_with_the_publishable_key(sandbox: StripeWorld) -> None:
    made = await sandbox.v1.payment_intents.create_async(
        {"amount": 500, "currency": "eur", "metadata": {"hidden": "yes"}, "capture_method": "manual"}
    )
    path = f"/v1/payment_intents/{made.id}"
    secret = {"client_secret": made.client_secret}
    method = {"payment_method_data[type]": "card", "payment_method_data[card][token]": "tok_visa"}
    answer = await sandbox.http.post(f"{path}/confirm", data=secret | method, headers=PUBLISHABLE)
    assert answer.json()["status"] == "requires_capture"
    assert "metadata" not in answer.json()
    assert "latest_charge" not in answer.json()
    seen = await sandbox.http.get(path, params=secret, headers=PUBLISHABLE)
    assert seen.json()["status"] == "requires_capture"


async def test_a_browser_sees_no_more_of_its_intent_when_it_is_declined(sandbox: StripeWorld) -> None:
    made = await sandbox.v1.payment_intents.create_async(
        {"amount": 500, "currency": "eur", "metadata": {"hidden": "yes"}}
    )
    data = {"client_secret": made.client_secret, "payment_method": "pm_card_chargeDeclined"}
    answer = await sandbox.http.post(f"/v1/payment_intents/{made.id}/confirm", data=data, headers=PUBLISHABLE)
    assert answer.status_code == 402
    assert "hidden" not in answer.text
    assert answer.json()["error"]["payment_intent"]["status"] == "requires_payment_method"


async def test_a_browser_cannot_fetch_the_servers_answer_by_its_key(sandbox: StripeWorld) -> None:
    made = await sandbox.v1.payment_intents.create_async(
        {"amount": 500, "currency": "eur", "metadata": {"hidden": "yes"}}
    )
    data = {"client_secret": made.client_secret, "payment_method": "pm_card_visa"}
    path = f"/v1/payment_intents/{made.id}/confirm"
    assert (await post(sandbox, path, data, "k")).json()["metadata"] == {"hidden": "yes"}
    answer = await sandbox.http.post(path, data=data, headers=PUBLISHABLE | {"Idempotency-Key": "k"})
    assert "hidden" not in answer.text


async def test_a_publishable_key_opens_nothing_else(sandbox: StripeWorld) -> None:
    made = await intent(sandbox)
    path = f"/v1/payment_intents/{made.id}"
    secret = {"client_secret": made.client_secret}
    forbidden = [
        await sandbox.http.get(path, headers=PUBLISHABLE),
        await sandbox.http.post(f"{path}/capture", headers=PUBLISHABLE),
        await sandbox.http.post("/v1/refunds", data={"payment_intent": made.id}, headers=PUBLISHABLE),
        await sandbox.http.get(path, params=secret | {"expand[]": "latest_charge"}, headers=PUBLISHABLE),
        await sandbox.http.get("/v1/customers", headers=PUBLISHABLE),
        await sandbox.http.get("/v1/events", headers=PUBLISHABLE),
        await sandbox.http.get("/v1/charges", headers=PUBLISHABLE),
        await sandbox.http.get("/v1/transfers", headers=PUBLISHABLE),
        await sandbox.http.get("/v1/balance_transactions", headers=PUBLISHABLE),
        await sandbox.http.post("/v1/customers", headers=PUBLISHABLE),
    ]
    assert [answer.status_code for answer in forbidden] == [403] * len(forbidden)
    wrong = await sandbox.http.get(path, params={"client_secret": "pi_x_secret_y"}, headers=PUBLISHABLE)
    assert wrong.status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic !!"}])
async def test_no_key_no_answer(sandbox: StripeWorld, headers: dict[str, str]) -> None:
    answer = await sandbox.http.get("/v1/balance", headers=headers)
    assert answer.status_code == 401


async def test_the_key_may_come_as_basic_credentials(sandbox: StripeWorld) -> None:
    assert (await sandbox.http.get("/v1/balance", auth=("sk_test_basic", ""))).status_code == 200


@pytest.mark.parametrize(
    ("data", "code", "param"),
    [
        ({"currency": "eur"}, "parameter_missing", "amount"),
        ({"amount": "1000"}, "parameter_missing", "currency"),
        ({"amount": "ten", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": "-5", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": "999999999999", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": "10", "currency": "eur"}, "amount_too_small", "amount"),
        ({"amount": "1000", "currency": "euros"}, "parameter_invalid", "currency"),
        ({"amount": "1000", "currency": "eur", "colour": "red"}, "parameter_unknown", "colour"),
        (
            {"amount": "1000", "currency": "eur", "transfer_data[to]": "acct_1"},
            "parameter_missing",
            "transfer_data[destination]",
        ),
        ({"amount": "1000", "currency": "eur", "capture_method": "later"}, None, "capture_method"),
        ({"amount": "1000", "currency": "eur", "description": ""}, "parameter_invalid_empty", "description"),
        ({"amount": "1000", "currency": "eur", "customer": "cus_none"}, "resource_missing", "customer"),
        ({"amount": "1000", "currency": "eur", "metadata": "flat"}, None, "metadata"),
        ({"amount": "1000", "currency": "eur", "metadata[k]": "v" * 501}, None, "metadata"),
        (
            {"amount": "1000", "currency": "eur", "payment_method_types[]": "card"},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        ({"amount": "1000", "currency": "eur", "expand[]": "colour"}, None, "expand"),
        ({"amount[x]": "1", "currency": "eur"}, None, "amount"),
    ],
)
async def test_faulty_parameters_are_named(
    sandbox: StripeWorld, data: dict[str, str], code: str | None, param: str
) -> None:
    answer = await post(sandbox, "/v1/payment_intents", data)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error.get("param")) == (code, param)
    assert (await sandbox.v1.payment_intents.list_async()).data == []


async def test_unknown_addresses_and_objects_are_404(sandbox: StripeWorld) -> None:
    assert (await sandbox.http.get("/v1/nonsense", headers=SECRET)).status_code == 404
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sandbox.v1.payment_intents.retrieve_async("pi_none")
    assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)


async def test_lists_are_newest_first_filtered_and_paged(sandbox: StripeWorld) -> None:
    customer = await sandbox.v1.customers.create_async({"email": "a@example.com"})
    mine = [(await intent(sandbox, customer=customer.id, metadata={"n": str(n)})).id for n in range(5)]
    await intent(sandbox)
    listed = await sandbox.v1.payment_intents.list_async({"customer": customer.id, "limit": 2})
    assert [one.id for one in listed.data] == mine[:2:-1]
    assert listed.data[0].metadata.to_dict() == {"n": "4"}
    everything = [one.id async for one in listed.auto_paging_iter()]
    assert everything == mine[::-1]
    back = await sandbox.v1.payment_intents.list_async({"customer": customer.id, "limit": 2, "ending_before": mine[1]})
    assert [one.id for one in back.data] == [mine[3], mine[2]]
    none = await sandbox.v1.payment_intents.list_async({"customer": customer.id, "created": {"lt": 1}})
    assert none.data == []


async def test_an_intent_is_changed_before_it_is_confirmed(sandbox: StripeWorld) -> None:
    made = await sandbox.v1.payment_intents.create_async({"amount": 500, "currency": "eur"})
    changed = await sandbox.v1.payment_intents.update_async(
        made.id, {"amount": 700, "metadata": {"a": "1"}, "payment_method": "pm_card_visa"}
    )
    assert (changed.amount, changed.status) == (700, "requires_confirmation")
    confirmed = await sandbox.v1.payment_intents.confirm_async(made.id)
    assert (confirmed.status, confirmed.amount_received) == ("succeeded", 700)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sandbox.v1.payment_intents.update_async(made.id, {"amount": 900})
    assert caught.value.code == "payment_intent_unexpected_state"


async def test_an_authorization_nobody_captures_is_cancelled_and_told(sandbox: StripeWorld) -> None:
    made = await intent(sandbox)
    await sandbox.advance(timedelta(days=7, seconds=1))
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sandbox.v1.payment_intents.capture_async(made.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    after = await sandbox.v1.payment_intents.retrieve_async(made.id)
    assert (after.status, after.cancellation_reason) == ("canceled", "expired")
    assert "payment_intent.canceled" in await event_types(sandbox)


async def test_of_a_deleted_customer_only_that_is_told(sandbox: StripeWorld) -> None:
    customer = await sandbox.v1.customers.create_async({"email": "a@example.com", "name": "Ann"})
    paid_for = await intent(sandbox, customer=customer.id)
    gone = await sandbox.v1.customers.delete_async(customer.id)
    assert gone.to_dict() == {"id": customer.id, "object": "customer", "deleted": True}
    assert (await sandbox.v1.customers.retrieve_async(customer.id)).to_dict() == gone.to_dict()
    assert (await sandbox.v1.customers.list_async()).data == []
    for again in (sandbox.v1.customers.delete_async(customer.id), intent(sandbox, customer=customer.id)):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            await again
        assert caught.value.code == "resource_missing"
    listed = await sandbox.v1.payment_intents.list_async({"customer": customer.id})
    assert [one.id for one in listed.data] == [paid_for.id]
    assert "customer.deleted" in await event_types(sandbox)
