"""Every request the adapter makes is one that Stripe's own description of its API accepts.

stripe-mock holds no state and answers with fixtures: what is proved is the shape of our requests, that the adapter
understands answers of the described shape, and that the sandbox invents no fields.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from domain.payments.ports import (
    AuthorizeRequest,
    MoneyIn,
    MoneyOut,
    PayoutRequest,
    TransferRequest,
)
from domain.sellers.ports import AccountProvider
from domain.shared.ids import new_id
from infra.stripe.gateway import StripePaymentGateway, stripe_gateway
from tests.contracts import stripe_mock
from tests.contracts.payment_worlds import StripeWorld
from tests.contracts.sandbox_requests import SECRET, onboarded, paid

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPTIONAL = {
    "charge": {"payment_intent"},
    "customer": {"currency", "phone", "preferred_locales", "shipping", "tax_exempt"},
    "event": {"account", "request"},
    "refund": {"failure_balance_transaction", "failure_reason", "reason"},
    "payout": {"failure_balance_transaction"},
}
"""Fields that Stripe documents, but the fixtures leave out."""


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    try:
        installed = stripe_mock.program()
    except stripe_mock.NotInstallable as reason:
        pytest.skip(str(reason))
    with stripe_mock.running(installed) as url:
        yield url


@pytest.fixture
async def gateway(mock: str) -> AsyncIterator[StripePaymentGateway]:
    made = stripe_gateway("sk_test_mock", ["whsec_mock"], mock)
    yield made
    await made.aclose()


def authorize_request(payment_method: str | None) -> AuthorizeRequest:
    return AuthorizeRequest(new_id(), new_id(), 1_000, "EUR", "cus_1", payment_method, str(new_id()))


def requests_of(gateway: StripePaymentGateway) -> dict[str, Awaitable[Any]]:
    """Each method of the port, called once."""
    return {
        "create_customer": gateway.create_customer(new_id(), "a@example.com"),
        "delete_customer": gateway.delete_customer("cus_1"),
        "authorize": gateway.authorize(authorize_request("pm_card_visa")),
        "confirm": gateway.confirm("pi_1", "pm_card_visa", "k1"),
        "capture": gateway.capture("pi_1", 500, "k2"),
        "cancel": gateway.cancel("pi_1", "k3"),
        "read": gateway.read("pi_1"),
        "find": gateway.find(new_id(), "cus_1", NOW),
        "refund": gateway.refund("pi_1", new_id(), 100, "k4"),
        "read_refund": gateway.read_refund("re_1"),
        "find_refund": gateway.find_refund("pi_1", new_id()),
        "refunds_of": gateway.refunds_of("pi_1"),
        "chargebacks_of": gateway.chargebacks_of("pi_1"),
        "create_account": gateway.create_account("DE", "a@example.com", new_id()),
        "onboarding_link": gateway.onboarding_link("acct_1", "https://a.example", "https://b.example"),
        "read_account": gateway.read_account("acct_1"),
        "transfer": gateway.transfer(TransferRequest(new_id(), "acct_1", 100, "EUR", "k5")),
        "read_transfer": gateway.read_transfer("tr_1"),
        "find_transfer": gateway.find_transfer(new_id(), "acct_1", NOW),
        "reverse_transfer": gateway.reverse_transfer("tr_1", new_id(), 50, "k6"),
        "find_reversal": gateway.find_reversal("tr_1", new_id()),
        "pay_out": gateway.pay_out(PayoutRequest(new_id(), "acct_1", 100, "EUR", "k7")),
        "read_payout": gateway.read_payout("acct_1", "po_1"),
        "find_payout": gateway.find_payout(new_id(), "acct_1", NOW),
        "read_balance": gateway.read_balance("EUR"),
    }


async def test_every_method_of_the_port_asks_what_stripe_describes(gateway: StripePaymentGateway) -> None:
    requests = requests_of(gateway)
    ports = (MoneyIn, MoneyOut, AccountProvider)
    methods = {name for port in ports for name, _ in inspect.getmembers(port, inspect.iscoroutinefunction)}
    for request in requests.values():
        await request
    assert set(requests) == methods


async def test_a_payment_without_a_payment_method_is_described_too(gateway: StripePaymentGateway) -> None:
    assert (await gateway.authorize(authorize_request(None))).amount_minor == 1_000


async def test_the_check_has_teeth(mock: str) -> None:
    async with httpx.AsyncClient(base_url=mock, trust_env=False) as client:
        data = {"amount": "1000", "currency": "eur", "colour": "red"}
        answer = await client.post("/v1/payment_intents", data=data, headers=SECRET)
    assert answer.status_code == 400


async def test_the_sandbox_invents_no_fields(mock: str, sandbox: StripeWorld) -> None:
    made = await paid(sandbox, customer=(await sandbox.v1.customers.create_async({})).id)
    await paid(sandbox, amount=10_000)
    await paid(sandbox, payment_method="pm_card_createDispute")
    account = await onboarded(sandbox)
    await sandbox.v1.refunds.create_async({"payment_intent": made.id, "amount": 10})
    await sandbox.v1.transfers.create_async({"amount": 10, "currency": "eur", "destination": account})
    await sandbox.v1.payouts.create_async({"amount": 10, "currency": "eur"})
    paths = (
        "payment_intents",
        "charges",
        "refunds",
        "disputes",
        "transfers",
        "payouts",
        "customers",
        "balance_transactions",
        "events",
        "accounts",
    )
    async with httpx.AsyncClient(base_url=mock, trust_env=False, headers=SECRET) as client:
        for path in paths:
            ours = (await sandbox.http.get(f"/v1/{path}", headers=SECRET)).json()["data"][0]
            described = (await client.get(f"/v1/{path}/{ours['id']}")).json()
            assert described["object"] == ours["object"]
            invented = set(ours) - set(described) - OPTIONAL.get(ours["object"], set())
            assert not invented, (path, invented)
