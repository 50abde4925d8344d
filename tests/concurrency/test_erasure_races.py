"""Leaving while others buy and join: no shop sells that nobody is left to run, and nobody erased works anywhere."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from app.container import Container
from domain.erasure.erasing import EraseUser, erase_user
from domain.erasure.errors import MoneyStillHeld
from domain.sellers.invitations import AcceptInvitation, InviteMember, accept_invitation, invite_member
from domain.sellers.model import MemberRole, Seller, SellerMember, SellerStatus
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import DomainError
from domain.users.model import User
from tests.domain.checkout.scenes import Scene, a_scene, ports_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_buyer, a_payment_account, a_seller, a_shipping_rate, an_admin, on_sale

ROUNDS = 5
WAIT_SECONDS_MAX = 10.0
_WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE datname = current_database() AND NOT granted AND relation = 'checkout'::regclass
"""
_HELD_UP = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def a_shops_goods(container: Container) -> tuple[Actor, Scene]:
    owner = await a_seller(container)
    await a_payment_account(container, owner.seller())
    await a_shipping_rate(container, owner.seller(), base_minor=500, currency="EUR")
    goods = [await on_sale(container, owner.seller(), price_minor=1_000, stock=10)]
    return owner, await a_scene(container, goods=goods)


async def erased(container: Container, person: Actor) -> object:
    admin = await an_admin(container)
    return await erase_user(EraseUser(user_id=person.user()), actor=admin, db=container.ports.db)


async def at_once(*calls: Awaitable[Any]) -> list[Any]:
    """What each gave, or the refusal that it met."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, DomainError):
            raise outcome
    return outcomes


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while not await condition():  # noqa: ASYNC110  # the database tells nobody who waits
            await asyncio.sleep(0.01)


async def row_of(container: Container, seller: Actor) -> Seller:
    async def step(tx: Tx) -> Seller:
        found = await tx.get(Seller, seller.seller())
        assert found is not None
        return found

    return await container.ports.db.run(step)


async def joins(container: Container, seller: Actor, role: MemberRole) -> Actor:
    person = await a_buyer(container)

    async def step(tx: Tx) -> None:
        await tx.add(SellerMember(seller_id=seller.seller(), user_id=person.user(), role=role, added_at=tx.now))

    await container.ports.db.run(step)
    return person


async def test_who_owns_a_shop_does_not_leave_between_a_quote_and_its_order(container: Container) -> None:
    """The order is quoted and not yet written: nothing but the quote's hold on the shop tells of it."""
    owner, scene = await a_shops_goods(container)
    ports = ports_of(container, FakePaymentGateway())
    holder = await asyncpg.connect(container.settings.database_url)
    watcher = await asyncpg.connect(container.settings.database_url)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE checkout IN SHARE MODE")
            sale = asyncio.ensure_future(scene.start(ports))

            async def quoted() -> bool:
                return bool(await watcher.fetchval(_WAITING))

            await until(quoted)
            leaving = asyncio.ensure_future(erased(container, owner))

            async def decided() -> bool:
                return leaving.done() or await watcher.fetchval(_HELD_UP) > 1

            await until(decided)
        bought, left = await at_once(sale, leaving)
    finally:
        await holder.close()
        await watcher.close()
    assert not isinstance(bought, DomainError), bought
    assert isinstance(left, MoneyStillHeld), left
    assert (await row_of(container, owner)).status is SellerStatus.ACTIVE


async def test_a_sale_and_the_end_of_its_shop_are_not_both_done(container: Container) -> None:
    for _ in range(ROUNDS):
        owner, scene = await a_shops_goods(container)
        ports = ports_of(container, FakePaymentGateway())
        outcomes = await at_once(scene.start(ports), erased(container, owner))
        assert sum(isinstance(each, DomainError) for each in outcomes) == 1, outcomes


async def test_of_two_owners_who_leave_at_once_the_second_closes_the_shop(container: Container) -> None:
    for _ in range(ROUNDS):
        owner = await a_seller(container)
        other = await joins(container, owner, MemberRole.OWNER)
        await at_once(erased(container, owner), erased(container, other))
        assert (await row_of(container, owner)).status is SellerStatus.SUSPENDED


async def test_nobody_erased_joins_a_shop(container: Container) -> None:
    db, tokens, members = container.ports.db, container.ports.invitation_tokens, table(SellerMember)
    for _ in range(ROUNDS):
        owner, person = await a_seller(container), await a_buyer(container)

        async def email(tx: Tx, person: Actor = person) -> str:
            user = await tx.get(User, person.user())
            assert user is not None
            return user.email

        invited = InviteMember(email=await db.run(email), role=MemberRole.OWNER)
        token = tokens.token_of(await invite_member(invited, actor=owner, db=db, tokens=tokens))
        accepted = AcceptInvitation(token=token)  # type: ignore[arg-type]  # pydantic wraps the secret
        await at_once(accept_invitation(accepted, actor=person, db=db), erased(container, person))

        async def shops(tx: Tx, person: Actor = person) -> int:
            found = await tx.execute(members.select().where(members.c.user_id == person.user()))
            return len(found.all())

        assert await db.run(shops) == 0
