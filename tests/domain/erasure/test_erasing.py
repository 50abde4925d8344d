"""The right to be forgotten: nothing of a person is left anywhere, and no money is lost over it."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.container import Container
from domain.browsing.viewing import RecordView, record_view
from domain.cart.editing import AddToCart, add_to_cart
from domain.catalog.model import ListingPlace
from domain.erasure.erasing import EraseMe, EraseUser, erase_me, erase_user
from domain.erasure.errors import ErasureObstacle, MoneyStillHeld
from domain.erasure.farewell import send_farewell
from domain.notifications.telling import notify
from domain.orders.model import OrderAddress
from domain.reviews.reads import reviews_for
from domain.sellers.account_reads import decisions_by_sellers
from domain.sellers.model import MemberRole, Seller, SellerMember, SellerStatus
from domain.shared.actor import ANONYMOUS, Actor, Client
from domain.shared.database import Tx
from domain.shared.errors import DomainError, IllegalTransition, NotFound, NotPermitted
from domain.users.addresses import AddAddress, add_address
from domain.users.errors import WouldLoseAdministrator, WrongCredentials
from domain.users.events import PasswordChanged
from domain.users.model import User, UserStatus
from domain.users.profile import UpdateProfile, update_profile
from tests.domain.checkout.scenes import a_scene
from tests.domain.checkout.scenes import ports_of as checkout_ports
from tests.domain.orders.lifecycle import confirm, ship
from tests.domain.reviews.reviewing import on_listing
from tests.domain.users.accounts import PASSWORD, an_account, lives, ports_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_buyer, a_seller, an_admin, change, on_sale
from tests.sales import Sale, a_sale


async def erase(container: Container, actor: Actor, password: str = PASSWORD) -> UUID:
    command = EraseMe(password=password)  # type: ignore[arg-type]  # pydantic wraps the secret
    return await erase_me(command, actor=actor, ports=ports_of(container))


async def with_password(container: Container, actor: Actor, **more: object) -> Actor:
    await change(container, User, actor.user(), password_hash=f"hash of {PASSWORD}", **more)
    return actor


async def completed(container: Container, sale: Sale) -> None:
    await ship(container, sale)
    await confirm(container, sale)


async def places_of(container: Container, marker: str) -> list[str]:
    """Every table with a row that contains the marker in any column, whatever its type."""

    async def step(tx: Tx) -> list[str]:
        names = (await tx.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).scalars()
        found = []
        for name in sorted(names):
            searched = text(f'SELECT 1 FROM "{name}" each_row WHERE each_row::text ILIKE :marker LIMIT 1')
            if (await tx.execute(searched, {"marker": f"%{marker}%"})).first() is not None:
                found.append(name)
        return found

    return await container.ports.db.run(step)


async def test_no_table_knows_anything_of_an_erased_person_any_more(container: Container) -> None:
    mark, db, ports = f"mark{uuid4().hex[:12]}", container.ports.db, ports_of(container)
    client = Client(ip="192.0.2.44", user_agent=f"{mark} browser", device_id=f"{mark}-device")
    _, session = await an_account(ports, f"{mark}@example.com", client)
    sale = await a_sale(container)
    await completed(container, sale)
    buyer = Actor(sale.buyer.kind, user_id=session.user_id, session_id=session.session_id)

    async def own(tx: Tx) -> None:
        """The sale was somebody else's until now."""
        for name in ("order", "checkout"):
            await tx.execute(
                text(f'UPDATE "{name}" SET buyer_id = :to WHERE buyer_id = :whose'),
                {"to": buyer.user(), "whose": sale.buyer.user()},
            )

    await db.run(own)
    address: dict[str, Any] = dict.fromkeys(("name", "line1", "line2", "city", "region"), f"{mark} street")
    await change(container, OrderAddress, sale.order_id, **address, postal_code=mark[:12], phone=mark)
    await add_address(AddAddress(**address, postal_code="1", country="DE"), actor=buyer, db=db)
    await update_profile(UpdateProfile(display_name=f"Ann {mark}"), actor=buyer, db=db)
    await add_to_cart(AddToCart(variant_id=(await on_sale(container)).variant_id), actor=buyer, db=db)
    await record_view(RecordView(listing_id=sale.items[0].listing_id), actor=buyer, db=db)
    review_id = await on_listing(container, sale, actor=buyer, body="Shines.")
    now = container.ports.clock.now()
    assert await notify(PasswordChanged(at=now, user_id=buyer.user()), db=db, mails=True) == 1
    known = await places_of(container, mark)
    assert {"user", "address", "order_address", "client_signal", "user_session"} <= set(known)
    assert {"notification", "recent_view", "cart"} <= set(await places_of(container, str(buyer.user())))

    assert await erase(container, buyer) == session.user_id
    assert await places_of(container, mark) == ["farewell"], "told once more, and then forgotten"
    assert await send_farewell(buyer.user(), ports=replace(container.mail, sender=None)) is False
    assert await places_of(container, mark) == []
    left = await places_of(container, str(buyer.user()))
    assert not {"notification", "recent_view", "client_signal", "address", "user_session"} & set(left)
    assert not await lives(container, session)
    review = (await reviews_for(db.primary, [review_id], ANONYMOUS))[review_id]
    assert (review.author_name, review.body) == ("A former customer", "Shines.")
    with pytest.raises(WrongCredentials):
        await erase(container, buyer)


async def test_nobody_is_erased_while_money_is_held_for_them(container: Container) -> None:
    sale = await a_sale(container)
    buyer, seller = sale.buyer, sale.seller
    await with_password(container, buyer)
    await with_password(container, seller)
    assert await refusal(container, buyer) == (ErasureObstacle.OPEN_PURCHASES,)
    assert await refusal(container, seller) == (ErasureObstacle.OPEN_SALES,)
    await completed(container, sale)
    assert await refusal(container, seller) == (ErasureObstacle.SHOP_BALANCE,)
    await erase(container, buyer)
    with pytest.raises(MoneyStillHeld):
        await erase_user(EraseUser(user_id=seller.user()), actor=await an_admin(container), db=container.ports.db)
    # A shop with another owner goes on with its money.
    other = await a_buyer(container)

    async def join(tx: Tx) -> None:
        member = SellerMember(seller_id=seller.seller(), user_id=other.user(), role=MemberRole.OWNER, added_at=tx.now)
        await tx.add(member)

    await container.ports.db.run(join)
    await erase(container, seller)
    shop = await row_of(container, Seller, seller.seller())
    assert (shop.status, shop.name) == (SellerStatus.ACTIVE, "Anne's Lamps")


async def refusal(container: Container, actor: Actor) -> tuple[ErasureObstacle, ...]:
    with pytest.raises(MoneyStillHeld) as refused:
        await erase(container, actor)
    return refused.value.obstacles


async def row_of(container: Container, model: type[Any], id_: UUID) -> Any:
    async def step(tx: Tx) -> Any:
        return await tx.get(model, id_)

    return await container.ports.db.run(step)


async def test_a_shop_that_nobody_else_owns_is_closed_and_forgotten(container: Container) -> None:
    mark, sale = f"mark{uuid4().hex[:12]}", await a_sale(container, paid=False)
    seller = await with_password(container, sale.seller)
    item = await on_sale(container, seller.seller())
    await change(container, Seller, seller.seller(), name=mark, slug=mark, description=mark, tax_id=mark, policy=mark)

    async def place(tx: Tx) -> None:
        where: dict[str, Any] = {"latitude": 1.0, "longitude": 1.0, "public_latitude": 1.0, "public_longitude": 1.0}
        await tx.add(
            ListingPlace(
                listing_id=item.listing_id, locality=mark, line1=mark, country="DE", updated_at=tx.now, **where
            )
        )
        await tx.execute(text("UPDATE \"order\" SET status = 'cancelled' WHERE id = :id"), {"id": sale.order_id})

    await container.ports.db.run(place)
    await erase(container, seller)
    assert await places_of(container, mark) == []
    shop = await row_of(container, Seller, seller.seller())
    assert (shop.status, shop.name) == (SellerStatus.SUSPENDED, "Former shop")


@pytest.mark.parametrize("status", SellerStatus)
async def test_a_shop_without_an_owner_neither_sells_nor_waits_for_a_decision(
    container: Container, status: SellerStatus
) -> None:
    seller = await with_password(container, await a_seller(container, status=status))
    await erase(container, seller)
    left = (await row_of(container, Seller, seller.seller())).status
    assert left in (SellerStatus.SUSPENDED, SellerStatus.REJECTED)
    told = await decisions_by_sellers(container.ports.db.primary, [seller.seller()])
    assert [each.status for each in told.get(seller.seller(), ())] == ([left] if left is not status else [])


async def test_a_purchase_and_an_erasure_at_once_are_not_both_done(container: Container) -> None:
    """Whichever takes the cart first: an order of an erased buyer would hold money for nobody."""
    for _ in range(5):
        scene = await a_scene(container)
        await with_password(container, scene.buyer)
        ports = checkout_ports(container, FakePaymentGateway())
        outcomes = await asyncio.gather(scene.start(ports), erase(container, scene.buyer), return_exceptions=True)
        faults = [each for each in outcomes if isinstance(each, BaseException)]
        assert len(faults) == 1
        assert all(isinstance(each, DomainError) for each in faults), faults


async def test_a_wrong_password_erases_nobody(container: Container) -> None:
    buyer = await with_password(container, await a_buyer(container))
    with pytest.raises(WrongCredentials):
        await erase(container, buyer, "wrong")
    assert (await row_of(container, User, buyer.user())).status is UserStatus.ACTIVE


async def test_administrators_erase_who_asked_but_no_administrator(container: Container) -> None:
    db, admin, buyer = container.ports.db, await an_admin(container), await a_buyer(container)
    with pytest.raises(NotPermitted):
        await erase_user(EraseUser(user_id=admin.user()), actor=buyer, db=db)
    with pytest.raises(WouldLoseAdministrator):
        await erase_user(EraseUser(user_id=admin.user()), actor=admin, db=db)
    with pytest.raises(NotFound):
        await erase_user(EraseUser(user_id=uuid4()), actor=admin, db=db)
    await erase_user(EraseUser(user_id=buyer.user()), actor=admin, db=db)
    with pytest.raises(IllegalTransition):
        await erase_user(EraseUser(user_id=buyer.user()), actor=admin, db=db)
