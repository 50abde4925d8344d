"""Seeding as a command runs it: demo shops get payment accounts that the payment sandbox really knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx

from app.reindexing import index_waiting
from app.seed import OpenAccount, Progress, SeedReport, seed
from app.settings import Settings, SettingsRefused
from infra.stripe.gateway import stripe_gateway

ONBOARDING_SECONDS_MAX = 10


async def seed_demo(settings: Settings, listings: int, progress: Progress | None = None) -> SeedReport:
    """Fill the database of these settings and the search index. Raises SettingsRefused in production."""
    if settings.is_production:
        raise SettingsRefused("production is not seeded: the passwords of demo accounts are known to everybody")
    if settings.stripe_api_base is None:
        report = await seed(settings.database_url, listings, progress=progress)
    else:
        async with sandbox_accounts(settings, settings.stripe_api_base) as open_account:
            report = await seed(settings.database_url, listings, open_account=open_account, progress=progress)
    await index_waiting(settings)
    return report


@asynccontextmanager
async def sandbox_accounts(settings: Settings, api_base: str) -> AsyncIterator[OpenAccount]:
    """Opens accounts at the sandbox and walks through its onboarding page as an owner would."""
    gateway = stripe_gateway(
        settings.stripe_api_key.get_secret_value(), [settings.stripe_webhook_secret.get_secret_value()], api_base
    )
    browser = httpx.AsyncClient(timeout=ONBOARDING_SECONDS_MAX)

    async def open_account(country: str, email: str, seller_id: UUID) -> str:
        account = await gateway.create_account(country, email, seller_id)
        link = await gateway.onboarding_link(account.account_ref, settings.public_url, settings.public_url)
        answer = await browser.post(link.url)
        if answer.is_error:
            answer.raise_for_status()
        return account.account_ref

    try:
        yield open_account
    finally:
        await browser.aclose()
        await gateway.aclose()
