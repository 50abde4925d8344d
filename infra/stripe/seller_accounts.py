"""Sellers' connected accounts: Express ones, onboarded on Stripe's own pages, paid out when we say so."""

from uuid import UUID

from domain.payments.ports import OnboardingLink, ProviderAccount
from infra.stripe.client import StripeCalls
from infra.stripe.mapping import account_of, time_of


class StripeSellerAccounts:
    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    async def create_account(self, country: str, email: str, seller_id: UUID) -> ProviderAccount:
        accounts = self._calls.v1.accounts
        account = await self._calls.call(
            lambda: accounts.create_async(
                {
                    "type": "express",
                    "country": country,
                    "email": email,
                    "capabilities": {"transfers": {"requested": True}},
                    "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                    "metadata": {"seller_id": str(seller_id)},
                },
                {"idempotency_key": f"account:{seller_id}"},
            )
        )
        return account_of(account.to_dict())

    async def onboarding_link(self, account_ref: str, return_url: str, refresh_url: str) -> OnboardingLink:
        links = self._calls.v1.account_links
        link = await self._calls.call(
            lambda: links.create_async(
                {
                    "account": account_ref,
                    "return_url": return_url,
                    "refresh_url": refresh_url,
                    "type": "account_onboarding",
                }
            )
        )
        return OnboardingLink(link.url, time_of(link.expires_at))

    async def read_account(self, account_ref: str) -> ProviderAccount:
        accounts = self._calls.v1.accounts
        return account_of((await self._calls.call(lambda: accounts.retrieve_async(account_ref))).to_dict())
