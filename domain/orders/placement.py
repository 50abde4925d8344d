"""Placing: one seller's part of a quote becomes an order, in the transaction that starts its checkout.

Invariant: every amount is copied from the quote and never computed again; the number is unique over all time.
"""

from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from domain.catalog.model import Fulfilment
from domain.orders.model import LineKind, Order, OrderAddress, OrderEventKind, OrderLine, OrderLineTax, OrderNumber
from domain.orders.numbers import new_number
from domain.orders.pickup import open_pickup
from domain.orders.timeline import next_event
from domain.pricing.quote import QuoteLine, SellerQuote
from domain.shared.actor import Actor
from domain.shared.database import Tx, Write, table
from domain.shared.ids import new_id

NUMBER_TRIES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where it goes. `region` to `phone` may be empty, `country` is ISO 3166-1 alpha-2."""

    name: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str


_numbers = table(OrderNumber)
_TAKE = Write(
    insert(_numbers)
    .values(number=bindparam("number"), order_id=bindparam("order_id"))
    .on_conflict_do_nothing()
    .returning(_numbers.c.number),
    str,
)


async def place_order(
    tx: Tx,
    *,
    order_id: UUID,
    checkout_id: UUID,
    buyer_id: UUID,
    quote: SellerQuote,
    address: Recipient | None,
    actor: Actor,
) -> Order:
    """An order PENDING_PAYMENT with its lines, taxes and address. `address` is None where nothing is delivered."""
    order = Order(
        id=order_id,
        number=await _take_number(tx, order_id),
        checkout_id=checkout_id,
        buyer_id=buyer_id,
        seller_id=quote.seller_id,
        fulfilment=quote.fulfilment.value,
        currency=quote.currency,
        items_minor=quote.items_minor,
        shipping_minor=quote.shipping_minor,
        tax_minor=quote.tax_minor,
        total_minor=quote.total_minor,
        commission_minor=quote.commission_minor,
        handling_days=quote.handling_days,
        transit_days=quote.transit_days,
        placed_at=tx.now,
    )
    lines = [_line(order_id, position, line) for position, line in enumerate(quote.lines)]
    taxes = [tax for line, quoted in zip(lines, quote.lines, strict=True) for tax in _taxes(line.id, quoted)]
    placed = next_event(tx, order, OrderEventKind.PLACED, actor)
    where = [OrderAddress(order_id=order_id, **asdict(address))] if address is not None else []
    tx.append(order, *lines, *taxes, *where, placed)
    if quote.fulfilment is Fulfilment.PICKUP:
        open_pickup(tx, order_id, [line.listing_id for line in quote.lines if line.listing_id is not None])
    return order


async def _take_number(tx: Tx, order_id: UUID) -> str:
    for _ in range(NUMBER_TRIES_MAX):
        number = new_number()
        if await tx.write(_TAKE, number=number, order_id=order_id):
            return number
    raise AssertionError("five random numbers of 45 bits were all taken")


def _line(order_id: UUID, position: int, line: QuoteLine) -> OrderLine:
    return OrderLine(
        id=new_id(),
        order_id=order_id,
        position=position,
        kind=LineKind(line.kind.value),
        listing_id=line.listing_id,
        variant_id=line.variant_id,
        title=line.title,
        variant_title=line.variant_title,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        discount_minor=line.discount_minor,
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
        gross_minor=line.gross_minor,
        commission_ppm=line.commission_ppm,
        commission_minor=line.commission_minor,
    )


def _taxes(line_id: UUID, line: QuoteLine) -> list[OrderLineTax]:
    return [
        OrderLineTax(
            id=new_id(),
            order_line_id=line_id,
            jurisdiction=tax.jurisdiction,
            rate_ppm=tax.rate_ppm,
            base_minor=tax.base_minor,
            amount_minor=tax.amount_minor,
            included=tax.included,
        )
        for tax in line.taxes
    ]
