"""A buyer in front of a filled cart, and what has to be true of a purchase whatever happened to it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from app.container import Container
from app.tasks import ProcessTasks
from domain.cart.model import Cart, CartLine
from domain.checkout.model import ENDED, Checkout, CheckoutState
from domain.checkout.ports import CheckoutPorts
from domain.checkout.starting import StartCheckout, start_checkout
from domain.checkout.sweeping import expire_checkouts, recover_checkouts
from domain.inventory.model import StockItem
from domain.ledger.model import Balance, Entry
from domain.orders.model import Order
from domain.payments.model import Payment, PaymentAllocation
from domain.payments.ports import PaymentGateway, ProviderPaymentStatus
from domain.shared.actor import Actor, Client
from domain.shared.database import Database, Tx
from domain.shared.ids import new_id
from domain.users.model import Address
from tests.conftest import FakeClock
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import OnSale, a_buyer, on_sale

VISA = "pm_card_visa"
DECLINED = "pm_card_chargeDeclined"
CHALLENGED = "pm_card_threeDSecure2Required"


@dataclass
class Scene:
    """`goods` are in the cart, `quantity` of each; what they cost with delivery is `total_minor`."""

    container: Container
    buyer: Actor
    cart_id: UUID
    address_id: UUID
    goods: list[OnSale]
    quantity: int
    total_minor: int
    stock: int
    key: str

    def command(self, **more: Any) -> StartCheckout:
        fields: dict[str, Any] = {
            "idempotency_key": self.key,
            "cart_version": 1,
            "expected_total_minor": self.total_minor,
            "address_id": self.address_id,
            "payment_method": VISA,
        }
        return StartCheckout(**(fields | more))

    async def start(self, ports: CheckoutPorts, **more: Any) -> UUID:
        return await start_checkout(self.command(**more), actor=self.buyer, client=Client(), ports=ports)


def ports_of(
    container: Container,
    gateway: PaymentGateway,
    *,
    db: Database | None = None,
    **policy: Any,
) -> CheckoutPorts:
    """The container's ports, with another gateway and a process of their own."""
    ports = container.ports
    return CheckoutPorts(
        db=db or ports.db,
        clock=ports.clock,
        policy=replace(ports.policy, **policy),
        gateway=gateway,
        shipping=ports.shipping_rates,
        tax=ports.tax_rules,
        runner=ProcessTasks(),
    )


async def a_scene(
    container: Container,
    *,
    sellers: int = 1,
    price_minor: int = 1_000,
    quantity: int = 2,
    stock: int = 10,
    goods: list[OnSale] | None = None,
    **listing: Any,
) -> Scene:
    buyer = await a_buyer(container)
    goods = goods or [await on_sale(container, price_minor=price_minor, stock=stock, **listing) for _ in range(sellers)]
    cart_id, address_id = new_id(), new_id()

    async def step(tx: Tx) -> None:
        await tx.add(
            Address(
                id=address_id,
                user_id=buyer.user(),
                name="Ann",
                line1="Hafenstr. 1",
                city="Hamburg",
                country="DE",
                created_at=tx.now,
            )
        )
        await tx.add(
            Cart(
                id=cart_id,
                user_id=buyer.user(),
                created_at=tx.now,
                updated_at=tx.now,
                expires_at=tx.now + timedelta(days=90),
            )
        )
        await tx.add(
            *(
                CartLine(
                    id=new_id(),
                    cart_id=cart_id,
                    variant_id=each.variant_id,
                    quantity=quantity,
                    seen_price_minor=price_minor,
                    added_at=tx.now,
                )
                for each in goods
            )
        )

    await container.ports.db.run(step)
    total = sum(price_minor * quantity + 500 for _ in {each.seller_id for each in goods})
    return Scene(container, buyer, cart_id, address_id, goods, quantity, total, stock, uuid4().hex)


async def row(container: Container, model: type[Any], id_: UUID) -> Any:
    """A fresh copy of a row."""

    async def step(tx: Tx) -> Any:
        return await tx.get(model, id_)

    return await container.ports.db.run(step)


async def rows(container: Container, model: type[Any], **where: Any) -> list[Any]:
    by, value = next(iter(where.items()))
    found = await container.ports.db.run(lambda tx: tx.load(model, [value], by=by))
    return [row for row in found if all(getattr(row, name) == wanted for name, wanted in where.items())]


async def checkout_of(scene: Scene) -> Checkout | None:
    """The scene's newest checkout, if one was ever written."""
    found = await rows(scene.container, Checkout, buyer_id=scene.buyer.user())
    return max(found, key=lambda checkout: checkout.id, default=None)


async def run_to_the_end(scene: Scene, ports: CheckoutPorts, clock: FakeClock) -> Checkout:
    """Another process takes over: leases run out, then reservations, until the scene's checkout has ended."""
    for _ in range(6):
        clock.advance(minutes=3)
        await expire_checkouts(ports)
        await recover_checkouts(ports)
        checkout = await checkout_of(scene)
        if checkout is not None and checkout.state in ENDED:
            return checkout
    raise AssertionError("the checkout never ended")


async def assert_consistent(scene: Scene, gateway: FakePaymentGateway, checkout: Checkout) -> None:
    """No oversell, no lost order, no double charge, no lost cent: for an ended checkout, however it got there."""
    container = scene.container
    completed = checkout.state is CheckoutState.COMPLETED
    mine = [each for each in gateway.payments.values() if each.payment_id is not None]
    taken = sum(each.captured_minor - each.refunded_minor for each in mine)
    assert taken == (checkout.total_minor if completed else 0), "charged once, or not at all"
    assert not any(each.status is ProviderPaymentStatus.AUTHORIZED for each in mine) or not completed
    for each in scene.goods:
        [item] = await rows(container, StockItem, variant_id=each.variant_id)
        sold = scene.quantity if completed else 0
        assert (item.on_hand, item.reserved) == (scene.stock - sold, 0)
    orders = await rows(container, Order, checkout_id=checkout.id)
    assert {order.status.value for order in orders} == {"paid" if completed else "cancelled"}
    assert sum(order.total_minor for order in orders) == checkout.total_minor
    await assert_booked(scene, checkout, orders, completed=completed)
    lines = await rows(container, CartLine, cart_id=scene.cart_id)
    assert sum(line.quantity for line in lines) == (0 if completed else scene.quantity * len(scene.goods))


async def assert_booked(scene: Scene, checkout: Checkout, orders: list[Order], *, completed: bool) -> None:
    container = scene.container
    for order in orders:
        escrow = sum(balance.amount_minor for balance in await rows(container, Balance, order_id=order.id))
        assert escrow == (order.total_minor if completed else 0)
        entries = await rows(container, Entry, order_id=order.id)
        assert sum(entry.amount_minor for entry in entries) == 0
    [payment] = await rows(container, Payment, checkout_id=checkout.id)
    shares = await rows(container, PaymentAllocation, payment_id=payment.id)
    assert sum(share.captured_minor for share in shares) == payment.captured_minor
    assert payment.captured_minor == (checkout.total_minor if completed else 0)
