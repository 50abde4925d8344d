"""Stripe as the marketplace's payment provider."""

from collections.abc import Sequence

from infra.stripe.client import StripeCalls
from infra.stripe.money_in import StripeMoneyIn
from infra.stripe.money_out import StripeMoneyOut
from infra.stripe.seller_accounts import StripeSellerAccounts
from infra.stripe.webhooks import StripeWebhooks


class StripePaymentGateway(StripeMoneyIn, StripeSellerAccounts, StripeMoneyOut, StripeWebhooks):
    """The port `PaymentGateway`. Close it when the process stops."""

    def __init__(self, calls: StripeCalls, webhook_secrets: Sequence[str]) -> None:
        StripeMoneyIn.__init__(self, calls)
        StripeWebhooks.__init__(self, webhook_secrets)

    async def aclose(self) -> None:
        await self._calls.aclose()


def stripe_gateway(api_key: str, webhook_secrets: Sequence[str], api_base: str | None = None) -> StripePaymentGateway:
    """The gateway to Stripe, or to a sandbox at `api_base`."""
    return StripePaymentGateway(StripeCalls(api_key, api_base), webhook_secrets)
