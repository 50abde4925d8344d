"""The gateway under test together with what happens beyond it: buyers, banks, sellers, time, failures, webhooks.

One world is the fake; the other is the Stripe adapter talking HTTP to the sandbox.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
from starlette.applications import Starlette

from domain.payments.ports import PaymentGateway, ProviderPayment
from infra.sandbox.app import create_app
from infra.stripe.client import StripeCalls
from infra.stripe.gateway import StripePaymentGateway
from tests.contracts.serving import WebhookReceiver, serving
from tests.fakes.payment_gateway import FakePaymentGateway

WEBHOOK_SECRET = "whsec_contract"
API_KEY = "sk_test_contract"
PUBLISHABLE_KEY = "pk_test_contract"


class PaymentWorld(Protocol):
    """Everything that is not ours to do; `operation` is the name of a method of the port."""

    gateway: PaymentGateway

    async def authenticate(self, payment: ProviderPayment, *, succeed: bool) -> None: ...

    async def give_payment_method(self, payment: ProviderPayment, payment_method: str) -> None: ...

    async def fail_refund(self, refund_ref: str) -> None: ...

    async def refund_by_hand(self, payment: ProviderPayment, amount_minor: int) -> None: ...

    async def end_chargeback(self, chargeback_ref: str, *, won: bool) -> None: ...

    async def onboard(self, account_ref: str) -> None: ...

    async def fail(self, operation: str, when: str, times: int) -> None: ...

    async def advance(self, span: timedelta) -> None: ...

    def webhooks(self) -> list[tuple[bytes, str]]: ...

    async def aclose(self) -> None: ...


class FakeWorld:
    def __init__(self) -> None:
        self._offset = timedelta()
        self._fake = FakePaymentGateway(lambda: datetime.now(UTC) + self._offset)
        self.gateway: PaymentGateway = self._fake

    async def authenticate(self, payment: ProviderPayment, *, succeed: bool) -> None:
        self._fake.authenticate(payment.provider_ref, succeed=succeed)

    async def give_payment_method(self, payment: ProviderPayment, payment_method: str) -> None:
        self._fake.give_payment_method(payment.provider_ref, payment_method)

    async def fail_refund(self, refund_ref: str) -> None:
        self._fake.fail_refund(refund_ref)

    async def refund_by_hand(self, payment: ProviderPayment, amount_minor: int) -> None:
        self._fake.refund_by_hand(payment.provider_ref, amount_minor)

    async def end_chargeback(self, chargeback_ref: str, *, won: bool) -> None:
        (self._fake.bank.win if won else self._fake.bank.lose)(chargeback_ref)

    async def onboard(self, account_ref: str) -> None:
        self._fake.onboard(account_ref)

    async def fail(self, operation: str, when: str, times: int) -> None:
        # The adapter tries three times by itself; a fake that fails once has failed as often.
        self._fake.provider.fail(operation, when, max(1, times // 3))

    async def advance(self, span: timedelta) -> None:
        self._offset += span

    def webhooks(self) -> list[tuple[bytes, str]]:
        return self._fake.provider.webhooks

    async def aclose(self) -> None:
        return None


PATHS = {
    "authorize": "/v1/payment_intents",
    "capture": "/v1/payment_intents/*/capture",
    "refund": "/v1/refunds",
    "transfer": "/v1/transfers",
}


async def no_sleep(seconds: float) -> None:
    assert seconds > 0


class StripeWorld:
    """Also what tests of the sandbox itself use: `v1`, the SDK as it is, and `http`, the bare wire."""

    def __init__(self, url: str, receiver: WebhookReceiver) -> None:
        self.url = url
        self.receiver = receiver
        self.http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=20)
        calls = StripeCalls(API_KEY, url, sleep=no_sleep)
        self.v1 = calls.v1
        self._stripe = StripePaymentGateway(calls, [WEBHOOK_SECRET])
        self.gateway: PaymentGateway = self._stripe

    async def authenticate(self, payment: ProviderPayment, *, succeed: bool) -> None:
        page = f"/_sandbox/authenticate/{payment.provider_ref}?client_secret={payment.client_secret}"
        answer = await self.http.post(page, data={"outcome": "succeed" if succeed else "fail"})
        assert answer.status_code == 200, answer.text

    async def give_payment_method(self, payment: ProviderPayment, payment_method: str) -> None:
        answer = await self.http.post(
            f"/v1/payment_intents/{payment.provider_ref}/confirm",
            data={"client_secret": payment.client_secret, "payment_method": payment_method},
            headers={"Authorization": f"Bearer {PUBLISHABLE_KEY}"},
        )
        assert answer.status_code == 200, answer.text

    async def fail_refund(self, refund_ref: str) -> None:
        answer = await self.http.post(f"/_sandbox/refunds/{refund_ref}/fail")
        assert answer.status_code == 200, answer.text

    async def refund_by_hand(self, payment: ProviderPayment, amount_minor: int) -> None:
        await self.v1.refunds.create_async({"payment_intent": payment.provider_ref, "amount": amount_minor})

    async def end_chargeback(self, chargeback_ref: str, *, won: bool) -> None:
        text = "winning_evidence" if won else "losing_evidence"
        await self.v1.disputes.update_async(chargeback_ref, {"evidence": {"uncategorized_text": text}})

    async def onboard(self, account_ref: str) -> None:
        link = await self.gateway.onboarding_link(account_ref, f"{self.url}/back", f"{self.url}/again")
        answer = await self.http.post(link.url)
        assert answer.headers["location"] == f"{self.url}/back"

    async def fail(self, operation: str, when: str, times: int) -> None:
        await self.switch(faults=[{"path": PATHS[operation], "when": when, "times": times, "status": 503}])

    async def advance(self, span: timedelta) -> None:
        await self.switch(clock_offset_seconds=span.total_seconds())

    async def switch(self, **switches: Any) -> None:
        answer = await self.http.post("/_sandbox/switches", json=switches)
        assert answer.status_code == 200, answer.text

    def webhooks(self) -> list[tuple[bytes, str]]:
        return self.receiver.arrived

    async def aclose(self) -> None:
        await self.http.aclose()
        await self._stripe.aclose()


@contextmanager
def sandbox_world(directory: Path) -> Iterator[StripeWorld]:
    receiver = WebhookReceiver()

    def app_at(url: str) -> Starlette:
        app = create_app(directory / "sandbox.sqlite", f"{url}/hook", WEBHOOK_SECRET)
        # One server for both: half the time to start and to stop.
        app.router.routes.append(receiver.route())
        return app

    with serving(app_at) as url:
        yield StripeWorld(url, receiver)
