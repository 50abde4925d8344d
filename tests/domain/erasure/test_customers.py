"""The payment provider forgets whom the marketplace forgets, and its outage keeps nobody from leaving."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.container import Container
from app.jobs import HANDLERS
from domain.checkout.deciding import CancelCheckout, cancel_checkout
from domain.checkout.model import Checkout
from domain.checkout.saga import advance
from domain.erasure.customers import forget_customer, forget_customers
from domain.erasure.erasing import EraseUser, erase_user
from domain.erasure.errors import ErasureObstacle, MoneyStillHeld
from domain.erasure.events import UserErased
from domain.payments.errors import ProviderUnavailable
from domain.shared.actor import Actor
from domain.users.model import User, UserStatus
from tests.domain.checkout.scenes import CHALLENGED, a_scene, ports_of
from tests.domain.orders.lifecycle import rows_of
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import a_buyer, an_admin, change


async def a_customer(container: Container) -> tuple[Actor, str]:
    buyer, ref = await a_buyer(container), f"cus_{uuid4().hex}"
    await change(container, User, buyer.user(), customer_ref=ref)
    return buyer, ref


async def erase(container: Container, person: Actor) -> None:
    await erase_user(EraseUser(user_id=person.user()), actor=await an_admin(container), db=container.ports.db)


async def state_of(container: Container, user_id: UUID) -> tuple[str, str | None]:
    (row,) = await rows_of(container, 'SELECT status, customer_ref FROM "user" WHERE id = :id', id=user_id)
    return row.status, row.customer_ref


async def test_the_customer_of_an_erased_user_is_deleted_by_a_job(container: Container) -> None:
    (buyer, ref), gateway = await a_customer(container), FakePaymentGateway()
    await erase(container, buyer)
    jobs = await rows_of(
        container,
        "SELECT entrypoint FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :wanted",
        wanted=f"%{buyer.user()}%",
    )
    assert "forget_customer" in [job.entrypoint for job in jobs]
    (handler,) = [handler for handler in HANDLERS if handler.name == "forget_customer"]
    assert handler.event is UserErased
    for _ in range(2):
        await forget_customer(buyer.user(), db=container.ports.db, gateway=gateway)
    assert gateway.deleted_customers == {ref}
    assert gateway.provider.calls == {"delete_customer": 1}
    assert await state_of(container, buyer.user()) == (UserStatus.ERASED.value, None)


async def test_an_outage_of_the_provider_delays_only_itself(fresh_container: Container) -> None:
    container, gateway = fresh_container, FakePaymentGateway()
    (buyer, ref), (other, other_ref) = await a_customer(container), await a_customer(container)
    await a_customer(container)
    gateway.provider.fail("delete_customer", "after", times=2)
    for person in (buyer, other):
        await erase(container, person)
    with pytest.raises(ProviderUnavailable):
        await forget_customer(buyer.user(), db=container.ports.db, gateway=gateway)
    assert await state_of(container, buyer.user()) == (UserStatus.ERASED.value, ref)
    with pytest.raises(ExceptionGroup):
        await forget_customers(db=container.ports.db, gateway=gateway)
    assert await forget_customers(db=container.ports.db, gateway=gateway) == 1
    assert await forget_customers(db=container.ports.db, gateway=gateway) == 0
    assert gateway.deleted_customers == {ref, other_ref}, "whoever stays is left alone"


async def test_nobody_leaves_while_a_purchase_is_called_off_at_the_provider(container: Container) -> None:
    """Its order is cancelled already, but the buyer's money may still be held under their customer."""
    gateway = FakePaymentGateway()
    scene, ports = await a_scene(container), ports_of(container, gateway)
    checkout_id = await scene.start(ports, payment_method=CHALLENGED)
    gateway.provider.fail("cancel", times=1)
    await cancel_checkout(CancelCheckout(checkout_id=checkout_id), actor=scene.buyer, ports=ports)
    with pytest.raises(MoneyStillHeld) as refused:
        await erase(container, scene.buyer)
    assert refused.value.obstacles == (ErasureObstacle.OPEN_PURCHASES,)
    later = timedelta(seconds=ports.policy.lease_seconds + 1)
    await change(container, Checkout, checkout_id, lease_until=container.ports.clock.now() - later)
    await advance(checkout_id, ports=ports)
    await erase(container, scene.buyer)
    assert (await state_of(container, scene.buyer.user()))[0] == UserStatus.ERASED.value
