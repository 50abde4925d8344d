"""Short ways to say what the gateway's contract says often."""

from uuid import UUID

import pytest

from domain.payments.errors import ProviderRefused, RefusalReason
from domain.payments.ports import AuthorizeRequest, ProviderPayment, TransferRequest
from domain.shared.ids import new_id
from tests.contracts.payment_worlds import PaymentWorld


async def request_of(world: PaymentWorld, payment_method: str | None = "pm_card_visa") -> AuthorizeRequest:
    payment_id = new_id()
    return AuthorizeRequest(
        payment_id=payment_id,
        checkout_id=new_id(),
        amount_minor=12_345,
        currency="EUR",
        customer_ref=await world.gateway.create_customer(new_id(), "buyer@example.com"),
        payment_method=payment_method,
        idempotency_key=f"{payment_id}:authorize:1",
    )


async def authorized(world: PaymentWorld) -> ProviderPayment:
    return await world.gateway.authorize(await request_of(world))


async def captured(world: PaymentWorld, amount_minor: int = 12_345) -> ProviderPayment:
    payment = await authorized(world)
    return await world.gateway.capture(payment.provider_ref, amount_minor, f"{payment.provider_ref}:capture")


def refusal(caught: pytest.ExceptionInfo[ProviderRefused]) -> RefusalReason:
    return caught.value.reason


def transfer_request(account_ref: str, amount_minor: int, transfer_id: UUID | None = None) -> TransferRequest:
    made = transfer_id or new_id()
    return TransferRequest(made, account_ref, amount_minor, "EUR", f"{made}:transfer:1")


async def seller_of(world: PaymentWorld) -> str:
    account = await world.gateway.create_account("DE", "seller@example.com", new_id())
    await world.onboard(account.account_ref)
    return account.account_ref
