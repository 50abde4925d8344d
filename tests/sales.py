"""Orders as tests need them: placed from a quote by the use case, and paid as the purchase would pay them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.container import Container
from domain.catalog.model import Fulfilment, SaleMode
from domain.checkout.model import Checkout, CheckoutState
from domain.ledger.posting import post_all
from domain.ledger.recipes import capture
from domain.orders.model import LineKind, Order, OrderLine
from domain.orders.payment import mark_paid
from domain.orders.placement import Recipient, place_order
from domain.payments.model import Payment, PaymentAllocation, PaymentStatus
from domain.payments.ports import AuthorizeRequest, MoneyIn
from domain.pricing.quote import QuoteLine, QuoteLineKind, QuoteTax, SellerQuote
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.ids import new_id
from tests.makers import OnSale, a_buyer, a_seller, on_sale

HOME = Recipient("Ann Other", "1 Main Street", "", "Berlin", "", "10115", "DE", "")


@dataclass(frozen=True, slots=True)
class Sale:
    """One checkout of one buyer; `seller` acts for the shop of the first order."""

    buyer: Actor
    seller: Actor
    checkout_id: UUID
    payment_id: UUID
    order_ids: tuple[UUID, ...]
    items: tuple[OnSale, ...]

    @property
    def order_id(self) -> UUID:
        return self.order_ids[0]


def a_quote(
    item: OnSale, *, quantity: int = 2, fulfilment: Fulfilment = Fulfilment.SHIP, items: int = 1, **more: Any
) -> SellerQuote:
    """`items` lines of 10.00 EUR a piece with 19 % tax in it, and 5.00 EUR for shipping; commission 15 % of the net."""
    gross = 1_000 * quantity
    tax = 160 * quantity
    line = QuoteLine(
        kind=QuoteLineKind.ITEM,
        listing_id=item.listing_id,
        variant_id=item.variant_id,
        title="A lamp",
        variant_title="",
        quantity=quantity,
        unit_price_minor=1_000,
        discount_minor=0,
        net_minor=gross - tax,
        tax_minor=tax,
        gross_minor=gross,
        commission_ppm=150_000,
        commission_minor=(gross - tax) * 15 // 100,
        taxes=(QuoteTax("DE", 190_000, gross - tax, tax, included=True),),
    )
    shipping = QuoteLine(
        QuoteLineKind.SHIPPING, None, None, "Shipping", "", 1, 500, 0, 420, 80, 500, 0, 0,
        (QuoteTax("DE", 190_000, 420, 80, included=True),),
    )  # fmt: skip
    ships = fulfilment is Fulfilment.SHIP
    lines = (*(line for _ in range(items)), *((shipping,) if ships else ()))
    parts: dict[str, Any] = {"sale_mode": SaleMode.PURCHASE, "handling_days": 2, "transit_days": 5} | more
    return SellerQuote(
        seller_id=item.seller_id,
        currency="EUR",
        fulfilment=fulfilment,
        shipping_rate_id=None,
        lines=lines,
        items_minor=gross * items,
        shipping_minor=500 if ships else 0,
        tax_minor=sum(each.tax_minor for each in lines),
        total_minor=sum(each.gross_minor for each in lines),
        commission_minor=line.commission_minor * items,
        **parts,
    )


async def a_sale(
    container: Container,
    *,
    paid: bool = True,
    orders: int = 1,
    items: int = 1,
    quantity: int = 2,
    fulfilment: Fulfilment = Fulfilment.SHIP,
    gateway: MoneyIn | None = None,
    stock: int = 10,
) -> Sale:
    """As many orders as asked for, each of its own shop. With a gateway the money is captured over there too."""
    buyer = await a_buyer(container)
    owners = [await a_seller(container) for _ in range(orders)]
    things = [await on_sale(container, owner.seller(), stock=stock) for owner in owners]
    quotes = [a_quote(item, items=items, quantity=quantity, fulfilment=fulfilment) for item in things]
    total_minor = sum(quote.total_minor for quote in quotes)
    payment_id, checkout_id = new_id(), new_id()
    payment_ref = await _capture(gateway, payment_id, checkout_id, total_minor) if gateway and paid else None
    order_ids = tuple(new_id() for _ in quotes)

    async def step(tx: Tx) -> None:
        await tx.add(
            Checkout(
                id=checkout_id,
                buyer_id=buyer.user(),
                state=CheckoutState.COMPLETED if paid else CheckoutState.AUTHORIZING,
                currency="EUR",
                total_minor=total_minor,
                quote={},
                lines=[],
                created_at=tx.now,
                updated_at=tx.now,
                ended_at=tx.now if paid else None,
            )
        )
        placed = [
            await place_order(
                tx,
                order_id=order_id,
                checkout_id=checkout_id,
                buyer_id=buyer.user(),
                quote=quote,
                address=HOME if fulfilment is Fulfilment.SHIP else None,
                actor=buyer,
            )
            for order_id, quote in zip(order_ids, quotes, strict=True)
        ]
        await _pay(tx, placed, checkout_id, payment_id, payment_ref, paid=paid)

    await container.ports.db.run(step)
    return Sale(buyer, owners[0], checkout_id, payment_id, order_ids, tuple(things))


async def _capture(gateway: MoneyIn, payment_id: UUID, checkout_id: UUID, total_minor: int) -> str:
    request = AuthorizeRequest(payment_id, checkout_id, total_minor, "EUR", "cus_1", "pm_card_visa", f"{payment_id}:a")
    made = await gateway.authorize(request)
    await gateway.capture(made.provider_ref, total_minor, f"{payment_id}:c")
    return made.provider_ref


async def _pay(
    tx: Tx, orders: list[Order], checkout_id: UUID, payment_id: UUID, payment_ref: str | None, *, paid: bool
) -> None:
    total_minor = sum(order.total_minor for order in orders)
    got_minor = total_minor if paid else 0
    tx.append(
        Payment(
            id=payment_id,
            checkout_id=checkout_id,
            provider="stripe",
            provider_ref=payment_ref or f"pi_{payment_id.hex}",
            status=PaymentStatus.CAPTURED if paid else PaymentStatus.CREATED,
            currency="EUR",
            amount_minor=total_minor,
            captured_minor=got_minor,
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    for order in orders:
        share = order.total_minor if paid else 0
        tx.append(
            PaymentAllocation(
                payment_id=payment_id,
                order_id=order.id,
                amount_minor=order.total_minor,
                authorized_minor=share,
                captured_minor=share,
            )
        )
    if paid:
        await mark_paid(tx, orders[0].checkout_id)
        await post_all(
            tx,
            [
                capture(
                    payment_id=payment_id,
                    order_id=order.id,
                    amount_minor=order.total_minor,
                    currency="EUR",
                    on=tx.now.date(),
                )
                for order in orders
            ],
        )


async def the_order(container: Container, order_id: UUID) -> Order:
    """The row as it stands."""

    async def step(tx: Tx) -> Order:
        row = await tx.get(Order, order_id)
        assert row is not None
        return row

    return await container.ports.db.run(step)


async def the_lines(container: Container, order_id: UUID) -> list[OrderLine]:
    """The item lines, in their order."""

    async def step(tx: Tx) -> list[OrderLine]:
        lines = await tx.load(OrderLine, [order_id], by="order_id")
        return sorted((each for each in lines if each.kind is LineKind.ITEM), key=lambda each: each.position)

    return await container.ports.db.run(step)
