"""Seeding as a command runs it: with payment accounts that the sandbox knows, pictures, and the search index."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final
from uuid import UUID

import httpx

from app.container import object_storage
from app.demo.unfinished import play_unfinished
from app.reindexing import index_waiting
from app.seed import OpenAccount, SeedReport, seed
from app.settings import Settings, SettingsRefused
from domain.shared.clock import SystemClock
from infra.stripe.gateway import stripe_gateway

ONBOARDING_SECONDS_MAX = 10
LISTINGS: Final = "listings and their past sales"
INDEX: Final = "search index"
Told = Callable[[str, int, int], None]
"""(what is being done, how much of it, of how much)"""


async def seed_demo(settings: Settings, listings: int, progress: Told | None = None) -> SeedReport:
    """Fill the database of these settings, the storage and the search index. Raises SettingsRefused in production."""
    if settings.is_production:
        raise SettingsRefused("production is not seeded: the passwords of demo accounts are known to everybody")
    tell = progress or (lambda _what, _done, _total: None)
    async with AsyncExitStack() as opened:
        open_account = None
        if settings.stripe_api_base is not None:
            open_account = await opened.enter_async_context(sandbox_accounts(settings, settings.stripe_api_base))
        report = await seed(
            settings.database_url,
            listings,
            open_account=open_account,
            storage=object_storage(settings, SystemClock()),
            progress=partial(tell, LISTINGS),
        )
        if settings.stripe_api_base is not None:
            await play_unfinished(settings)
    await index_waiting(settings, lambda done: tell(INDEX, done, report.listings_added))
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
