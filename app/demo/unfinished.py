"""Orders that are not over: bought through the purchase itself, with money that the payment sandbox knows.

Invariant: nothing here writes a row of its own. Every order is placed, paid, sent and cancelled by the use cases that
the API calls, at a clock that is set back, so whoever signs in can go on with it.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from app.container import Container, open_container
from app.demo.ids import demo_id
from app.demo.people import address_of, buyer_id
from app.demo.shops import SHOPS, Shop
from app.jobs import handlers_of
from app.settings import Settings
from domain.cart.editing import AddToCart, SetCartCountry, add_to_cart, set_cart_country
from domain.cart.holding import holder_of
from domain.cart.loading import view_cart, view_changed_cart
from domain.catalog.model import Condition, Fulfilment, Listing, Variant
from domain.checkout.model import Checkout
from domain.checkout.starting import StartCheckout, start_checkout
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import receive
from domain.inventory.model import StockStatus, VariantStock
from domain.orders.cancellation import CancelOrder, cancel_order
from domain.orders.model import Order, ShipmentStatus
from domain.orders.ports import CarrierReport
from domain.orders.shipping import ShipOrder, ship_order
from domain.orders.tracking import apply_report, incoming
from domain.shared.actor import Actor, ActorKind, Client
from domain.shared.database import Query, table
from domain.shared.idempotency import IdempotencyRecord

THINGS_MAX: Final = 20
CARRIER: Final = "sandbox"
LOOKS_MAX: Final = 100
LOOK_SECONDS: Final = 0.1
"""Between two looks at a purchase that a worker may end."""


class Fate(StrEnum):
    """How far an order came."""

    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """By the seller, who gives the money back."""
    DECLINED = "declined"
    """By the bank. The buyer tried no other card, so a worker calls it off when its time is over."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One order: whose, of which shop, how many days ago, and what became of it."""

    number: int
    buyer: int
    shop: Shop
    days_ago: int
    fate: Fate

    @property
    def key(self) -> str:
        return f"demo-order-{self.number}"

    @property
    def tracking_number(self) -> str:
        return f"DEMO-UNFINISHED-{self.number}"

    @property
    def buyer_actor(self) -> Actor:
        return Actor(ActorKind.USER, user_id=buyer_id(self.buyer))

    @property
    def seller_actor(self) -> Actor:
        return Actor(ActorKind.USER, user_id=self.shop.owner_id, seller_id=self.shop.id)


_FIRST, _SECOND = SHOPS[0], SHOPS[1]
PLOTS: Final = (
    Plot(1, 1, _FIRST, 9, Fate.DELIVERED),
    Plot(2, 1, _SECOND, 8, Fate.DELIVERED),
    Plot(3, 4, _FIRST, 7, Fate.REFUSED),
    Plot(4, 1, _FIRST, 6, Fate.CANCELLED),
    Plot(5, 5, _FIRST, 5, Fate.DECLINED),
    Plot(6, 6, _FIRST, 4, Fate.DELIVERED),
    Plot(7, 1, _FIRST, 3, Fate.SHIPPED),
    Plot(8, 7, _FIRST, 2, Fate.SHIPPED),
    Plot(9, 1, _SECOND, 1, Fate.PAID),
    Plot(10, 8, _FIRST, 1, Fate.PAID),
    Plot(11, 1, _FIRST, 0, Fate.PAID),
)
"""The oldest first: the first buyer and the first shop see every state."""

_records, _checkouts, _orders = table(IdempotencyRecord), table(Checkout), table(Order)
_messages = table(InboxMessage)
_listings, _variants, _stocks = table(Listing), table(Variant), table(VariantStock)
_BEGUN = select(_records.c.key).where(_records.c.actor_id == bindparam("buyer_id"), _records.c.key == bindparam("key"))
_THINGS = Query(
    select(_variants.c.id)
    .join(_listings, _listings.c.id == _variants.c.listing_id)
    .join(_stocks, _stocks.c.variant_id == _variants.c.id)
    .where(
        _listings.c.seller_id == bindparam("seller_id"),
        _listings.c.fulfilment == Fulfilment.SHIP.value,
        _listings.c.condition == Condition.NEW.value,
        _stocks.c.status == StockStatus.IN_STOCK.value,
    )
    .order_by(_variants.c.id)
    .limit(THINGS_MAX),
    lambda variant_id: variant_id,
)
_ENDED = select(_checkouts.c.ended_at).where(_checkouts.c.id == bindparam("checkout_id"))
_ORDER = select(_orders.c.id).where(_orders.c.checkout_id == bindparam("checkout_id"))
_MESSAGE = select(_messages.c.id).where(
    _messages.c.source == bindparam("source"), _messages.c.external_id == bindparam("external_id")
)


class SetBack:
    """A clock that tells an earlier time, moved from plot to plot."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return self.shifted(datetime.now(UTC))

    def shifted(self, instant: datetime) -> datetime:
        return instant - self.offset


async def play_unfinished(settings: Settings) -> int:
    """Orders in every state, for a database that has none of them; how many were added.

    Needs a payment provider that takes test cards. Where a buyer's cart is in use, their orders are left out.
    """
    clock, added = SetBack(), 0
    async with open_container(settings, handlers_of=handlers_of(), clock=clock) as container:
        for plot in PLOTS:
            clock.offset = timedelta(days=plot.days_ago)
            added += await _play(plot, clock, container)
    return added


async def _play(plot: Plot, clock: SetBack, container: Container) -> bool:
    ports, buyer = container.ports, plot.buyer_actor
    primary = ports.db.primary
    if await primary.scalar(_BEGUN, buyer_id=buyer.user_id, key=plot.key) is not None:
        return False
    things = await primary.all(_THINGS, seller_id=plot.shop.id)
    holder = holder_of(buyer, None)
    cart = await view_cart(primary, holder, ports.carts)
    if not things or (cart is not None and cart.groups):
        return False
    order_id = await _buy(plot, things[plot.number % len(things)], container)
    await _follow(plot, order_id, clock, container)
    return True


async def _buy(plot: Plot, variant_id: UUID, container: Container) -> UUID:
    ports, buyer = container.ports, plot.buyer_actor
    await add_to_cart(AddToCart(variant_id=variant_id), actor=buyer, db=ports.db)
    country = str(address_of(plot.buyer)["country"])
    cart_id = await set_cart_country(SetCartCountry(country=country), actor=buyer, db=ports.db)
    cart = await view_changed_cart(cart_id, ports.carts)
    assert cart is not None, "just filled"
    command = StartCheckout(
        idempotency_key=plot.key,
        cart_version=cart.content.stamp.version,
        expected_total_minor=cart.total_minor,
        address_id=demo_id("address", plot.buyer),
        payment_method="pm_card_chargeDeclined" if plot.fate is Fate.DECLINED else "pm_card_visa",
    )
    checkout_id = await start_checkout(command, actor=buyer, client=Client(), ports=ports.checkout)
    for _ in range(LOOKS_MAX):
        # By a clock set back its lease is over at once: a worker that runs meanwhile may be the one who ends it.
        if await ports.db.primary.scalar(_ENDED, checkout_id=checkout_id) or plot.fate is Fate.DECLINED:
            break
        await asyncio.sleep(LOOK_SECONDS)
    order_id: UUID = await ports.db.primary.scalar(_ORDER, checkout_id=checkout_id)
    return order_id


async def _follow(plot: Plot, order_id: UUID, clock: SetBack, container: Container) -> None:
    """What became of it, each step a day after the one before."""
    db = container.ports.db
    if plot.fate in {Fate.CANCELLED, Fate.REFUSED}:
        by_buyer = plot.fate is Fate.CANCELLED
        command = CancelOrder(
            order_id=order_id,
            reason="Ordered twice by mistake." if by_buyer else "The last one broke while it was packed.",
            idempotency_key=plot.key,
        )
        await cancel_order(command, actor=plot.buyer_actor if by_buyer else plot.seller_actor, db=db)
    if plot.fate in {Fate.SHIPPED, Fate.DELIVERED}:
        clock.offset -= timedelta(days=1)
        parcel = ShipOrder(
            order_id=order_id, carrier=CARRIER, tracking_number=plot.tracking_number, idempotency_key=plot.key
        )
        await ship_order(parcel, actor=plot.seller_actor, db=db)
        await _report(plot, ShipmentStatus.IN_TRANSIT, clock, container)
    if plot.fate is Fate.DELIVERED:
        clock.offset -= timedelta(days=2)
        await _report(plot, ShipmentStatus.DELIVERED, clock, container)


async def _report(plot: Plot, status: ShipmentStatus, clock: SetBack, container: Container) -> None:
    """A scan of the pretended carrier, worked at once."""
    scan = CarrierReport(f"{plot.key}-{status}", CARRIER, plot.tracking_number, status, "", clock.now())
    message = incoming(scan)
    db = container.ports.db
    await receive(message, db=db)
    await apply_report(await db.primary.scalar(_MESSAGE, source=message.source, external_id=message.external_id), db=db)
