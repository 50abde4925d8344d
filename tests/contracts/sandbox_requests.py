"""Short ways to say what tests of the sandbox say often, through the provider's own SDK."""

from typing import Any

import httpx
import stripe

from domain.shared.ids import new_id
from tests.contracts.payment_worlds import API_KEY, PUBLISHABLE_KEY, StripeWorld

SECRET = {"Authorization": f"Bearer {API_KEY}"}
PUBLISHABLE = {"Authorization": f"Bearer {PUBLISHABLE_KEY}"}


async def intent(
    sandbox: StripeWorld, payment_method: str = "pm_card_visa", amount: int = 1_000, **more: Any
) -> stripe.PaymentIntent:
    """A confirmed payment intent with manual capture, its charge expanded."""
    params: Any = {
        "amount": amount,
        "currency": "eur",
        "capture_method": "manual",
        "confirm": True,
        "payment_method": payment_method,
        "expand": ["latest_charge"],
        **more,
    }
    return await sandbox.v1.payment_intents.create_async(params)


async def paid(sandbox: StripeWorld, amount: int = 1_000, **more: Any) -> stripe.PaymentIntent:
    return await intent(sandbox, amount=amount, capture_method="automatic", **more)


async def post(
    sandbox: StripeWorld, path: str, data: dict[str, Any] | None = None, key: str | None = None
) -> httpx.Response:
    headers = SECRET if key is None else SECRET | {"Idempotency-Key": key}
    return await sandbox.http.post(path, data=data or {}, headers=headers)


async def event_types(sandbox: StripeWorld) -> list[str]:
    """Oldest first."""
    page = await sandbox.v1.events.list_async({"limit": 100})
    return [str(event.type) for event in page.data][::-1]


async def onboarded(sandbox: StripeWorld) -> str:
    account = await sandbox.gateway.create_account("DE", "seller@example.com", new_id())
    await sandbox.onboard(account.account_ref)
    return account.account_ref
