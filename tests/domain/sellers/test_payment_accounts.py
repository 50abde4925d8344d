"""Guarantee: a shop has one account with the provider, and what stands here is what the provider said last."""

import asyncio
from dataclasses import replace

import pytest

from app.container import Container
from domain.payments.errors import ProviderUnavailable
from domain.payments.ports import ProviderAccount
from domain.sellers.account_reads import PaymentAccountView, payment_accounts_by_sellers
from domain.sellers.payment_accounts import StartOnboarding, refresh_payment_account, start_onboarding
from domain.shared.actor import Actor, ActorKind
from domain.shared.errors import NotPermitted
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_buyer, a_seller

COMMAND = StartOnboarding(return_url="https://shop.example/done", refresh_url="https://shop.example/again")


class FakeSlowGateway(FakePaymentGateway):
    """Its first answer to a reading is true when it is asked and arrives only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()

    async def read_account(self, account_ref: str) -> ProviderAccount:
        answer = await super().read_account(account_ref)
        if not self.asked.is_set():
            self.asked.set()
            await self.let_go.wait()
        return answer


async def onboard(container: Container, owner: Actor, gateway: FakePaymentGateway) -> str:
    link = await start_onboarding(COMMAND, actor=owner, db=container.ports.db, provider=gateway)
    return link.url


async def account_of(container: Container, owner: Actor) -> PaymentAccountView:
    return (await payment_accounts_by_sellers(container.ports.db.primary, [owner.seller()]))[owner.seller()]


def enable(gateway: FakePaymentGateway) -> None:
    ((ref, account),) = gateway.accounts.items()
    gateway.accounts[ref] = replace(
        account, details_submitted=True, charges_enabled=True, payouts_enabled=True, requirements_due=()
    )


async def test_onboarding_begins_once_and_goes_on_with_the_same_account(container: Container) -> None:
    owner, gateway = await a_seller(container), FakePaymentGateway()
    links = await asyncio.gather(*(onboard(container, owner, gateway) for _ in range(4)))
    assert len(set(links)) == len(gateway.accounts) == 1
    assert (await account_of(container, owner)).requirements_due == ["external_account"]


async def test_an_answer_that_was_lost_makes_no_second_account(container: Container) -> None:
    owner, gateway = await a_seller(container), FakePaymentGateway()
    gateway.provider.fail("create_account", when="after")
    with pytest.raises(ProviderUnavailable):
        await onboard(container, owner, gateway)
    await onboard(container, owner, gateway)
    assert len(gateway.accounts) == 1


async def test_the_state_is_read_from_the_provider_by_shop_or_by_reference(container: Container) -> None:
    owner, gateway = await a_seller(container), FakePaymentGateway()
    await onboard(container, owner, gateway)
    enable(gateway)
    (ref,) = gateway.accounts
    for key in ({"seller_id": owner.seller_id}, {"account_ref": ref}):
        assert await refresh_payment_account(db=container.ports.db, provider=gateway, **key)
        account = await account_of(container, owner)
        assert (account.charges_enabled, account.payouts_enabled, account.requirements_due) == (True, True, [])


async def test_an_account_that_is_none_of_ours_is_left_alone(container: Container) -> None:
    gateway = FakePaymentGateway()
    assert not await refresh_payment_account(db=container.ports.db, provider=gateway, account_ref="acct_other")
    assert "read_account" not in gateway.provider.calls


async def test_an_old_answer_that_comes_late_does_not_stand(container: Container) -> None:
    owner, gateway = await a_seller(container), FakeSlowGateway()
    await onboard(container, owner, gateway)

    async def refresh() -> None:
        await refresh_payment_account(db=container.ports.db, provider=gateway, seller_id=owner.seller())

    slow = asyncio.create_task(refresh())
    await gateway.asked.wait()
    enable(gateway)
    await refresh()
    gateway.let_go.set()
    await slow
    assert (await account_of(container, owner)).charges_enabled


async def test_onboarding_is_for_owners(container: Container) -> None:
    owner, buyer = await a_seller(container), await a_buyer(container)
    stranger = Actor(ActorKind.USER, user_id=buyer.user_id, seller_id=owner.seller_id)
    with pytest.raises(NotPermitted):
        await onboard(container, stranger, FakePaymentGateway())
