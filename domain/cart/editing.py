"""Changing a cart.

Invariant: every change happens under the cart's row lock and raises its version, and a caller who names the version
that they saw changes nothing when it is another. So two tabs cannot overwrite each other's lines.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from domain.cart.errors import CartFull, LineFull, NotForSale
from domain.cart.holding import (
    TOKEN_LENGTH_MAX,
    Holder,
    empty,
    expect,
    hold,
    hold_or_make,
    holder_of,
    lines_of,
    new_token,
    touch,
)
from domain.cart.model import LINE_QUANTITY_MAX, LINES_MAX, Cart, CartDelivery, CartLine
from domain.catalog.model import Fulfilment, Listing, Variant
from domain.pricing.ports import EVERYWHERE
from domain.pricing.quote import ProblemKind, WantedLine
from domain.pricing.quoting import obstacle
from domain.pricing.reads import Sellable, sellables_by_ids
from domain.sellers.model import ShippingRate
from domain.shared.actor import Actor
from domain.shared.commands import CountryCode, Version, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import CartLineId, SellerId, ShippingRateId, VariantId, new_id

Quantity = Annotated[int, Field(ge=1, le=LINE_QUANTITY_MAX)]
CartToken = Annotated[str | None, Field(max_length=TOKEN_LENGTH_MAX, repr=False)]
"""A guest's; whoever is signed in needs none."""


@command
class AddToCart:
    variant_id: VariantId
    quantity: Quantity = 1
    fulfilment: Fulfilment | None = None
    cart_token: CartToken = None
    expected_version: Version | None = None


@command
class UpdateCartLine:
    line_id: CartLineId
    quantity: Quantity
    cart_token: CartToken = None
    expected_version: Version | None = None


@command
class RemoveFromCart:
    line_id: CartLineId
    cart_token: CartToken = None
    expected_version: Version | None = None


@command
class ClearCart:
    cart_token: CartToken = None
    expected_version: Version | None = None


@command
class ChooseDelivery:
    seller_id: SellerId
    shipping_rate_id: ShippingRateId
    cart_token: CartToken = None
    expected_version: Version | None = None


@command
class SetCartCountry:
    country: CountryCode
    cart_token: CartToken = None
    expected_version: Version | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """`token` is set for a guest whose cart was made just now."""

    cart_id: UUID
    token: str | None = field(repr=False)


async def add_to_cart(command: AddToCart, *, actor: Actor, db: Database) -> Added:
    """Into the line of the same variant, if there is one. A guest without a cart gets a new one.

    What is sold out may be added; the cart warns. Raises NotFound, NotForSale, CartFull, LineFull, CartChanged, and
    InvalidInput for a way of fulfilment that is not offered.
    """
    token = new_token()

    async def step(tx: Tx) -> Added:
        sellable = await _for_sale(tx, command.variant_id)
        if command.fulfilment is not None:
            check_offered(sellable, command.fulfilment)
        cart, used = await hold_or_make(tx, holder_of(actor, command.cart_token), token)
        if cart.version > 0:
            expect(cart, command.expected_version)
        lines = await lines_of(tx, cart.id)
        line = next((each for each in lines if each.variant_id == command.variant_id), None)
        if line is None:
            if len(lines) >= LINES_MAX:
                raise CartFull()
            await tx.add(_new_line(tx, cart.id, sellable, command))
        else:
            if line.quantity + command.quantity > LINE_QUANTITY_MAX:
                raise LineFull(line.quantity)
            line.quantity += command.quantity
            line.fulfilment = command.fulfilment or line.fulfilment
        touch(tx, cart)
        return Added(cart.id, used)

    return await db.run(step)


async def update_cart_line(command: UpdateCartLine, *, actor: Actor, db: Database) -> UUID:
    """Sets the quantity. Gives the cart's id; raises NotFound, CartChanged."""

    async def change(tx: Tx, cart: Cart) -> bool:
        line = await _line(tx, cart, command.line_id)
        if line is None:
            raise NotFound("cart_line")
        changed = line.quantity != command.quantity
        line.quantity = command.quantity
        return changed

    return await edit(db, holder_of(actor, command.cart_token), command.expected_version, change)


async def remove_from_cart(command: RemoveFromCart, *, actor: Actor, db: Database) -> UUID:
    """A line that is not there (any more) is removed already. Gives the cart's id; raises NotFound, CartChanged."""

    async def change(tx: Tx, cart: Cart) -> bool:
        line = await _line(tx, cart, command.line_id)
        if line is not None:
            await tx.execute(delete(table(CartLine)).where(table(CartLine).c.id == line.id))
        return line is not None

    return await edit(db, holder_of(actor, command.cart_token), command.expected_version, change)


async def clear_cart(command: ClearCart, *, actor: Actor, db: Database) -> UUID:
    """Lines and chosen deliveries go, the country stays. Gives the cart's id; raises NotFound, CartChanged."""

    async def change(tx: Tx, cart: Cart) -> bool:
        await empty(tx, cart.id)
        return True

    return await edit(db, holder_of(actor, command.cart_token), command.expected_version, change)


async def choose_delivery(command: ChooseDelivery, *, actor: Actor, db: Database) -> UUID:
    """How one seller's part is sent. Gives the cart's id.

    Raises NotFound for a seller with nothing in the cart or a rate that they do not offer there, and CartChanged.
    """

    async def change(tx: Tx, cart: Cart) -> bool:
        if await _forget_strangers(tx, cart.id, command.seller_id):
            raise NotFound("seller")
        rate = await tx.get(ShippingRate, command.shipping_rate_id)
        if rate is None or rate.deleted_at is not None or rate.seller_id != command.seller_id:
            raise NotFound("shipping_rate")
        if cart.country is not None and rate.country not in (cart.country, EVERYWHERE):
            raise NotFound("shipping_rate")
        chosen = insert(table(CartDelivery)).values(
            cart_id=cart.id, seller_id=command.seller_id, shipping_rate_id=rate.id
        )
        await tx.execute(
            chosen.on_conflict_do_update(
                index_elements=["cart_id", "seller_id"], set_={"shipping_rate_id": chosen.excluded.shipping_rate_id}
            )
        )
        return True

    return await edit(db, holder_of(actor, command.cart_token), command.expected_version, change)


async def set_cart_country(command: SetCartCountry, *, actor: Actor, db: Database) -> UUID:
    """Where it would be sent. Gives the cart's id; raises NotFound, CartChanged."""

    async def change(_tx: Tx, cart: Cart) -> bool:
        changed = cart.country != command.country
        cart.country = command.country
        return changed

    return await edit(db, holder_of(actor, command.cart_token), command.expected_version, change)


async def edit(
    db: Database, holder: Holder, expected_version: int | None, change: Callable[[Tx, Cart], Awaitable[bool]]
) -> UUID:
    """One change of a cart that is there; `change` tells whether it changed anything. Gives the cart's id."""

    async def step(tx: Tx) -> UUID:
        cart = await hold(tx, holder)
        expect(cart, expected_version)
        if await change(tx, cart):
            touch(tx, cart)
        return cart.id

    return await db.run(step)


def check_offered(sellable: Sellable, fulfilment: Fulfilment) -> None:
    """Raises InvalidInput for a way in which its listing is not handed over."""
    if fulfilment not in sellable.fulfilments:
        raise InvalidInput.at("fulfilment", "NOT_OFFERED", "It is not handed over like this.")


async def _for_sale(tx: Tx, variant_id: UUID) -> Sellable:
    sellable = (await sellables_by_ids(tx.reads, [variant_id])).get(variant_id)
    if sellable is None:
        raise NotFound("variant")
    problem = obstacle(sellable, WantedLine(variant_id, 1))
    if problem is not None and problem.kind is not ProblemKind.OUT_OF_STOCK:
        raise NotForSale(variant_id)
    return sellable


def _new_line(tx: Tx, cart_id: UUID, sellable: Sellable, command: AddToCart) -> CartLine:
    return CartLine(
        id=new_id(),
        cart_id=cart_id,
        variant_id=sellable.variant_id,
        quantity=command.quantity,
        seen_price_minor=sellable.price_minor,
        fulfilment=command.fulfilment,
        added_at=tx.now,
    )


async def _line(tx: Tx, cart: Cart, line_id: UUID) -> CartLine | None:
    line = await tx.get(CartLine, line_id)
    return line if line is not None and line.cart_id == cart.id else None


async def _forget_strangers(tx: Tx, cart_id: UUID, seller_id: UUID) -> bool:
    """Drop choices for sellers without a line, so that they do not pile up; True when this seller is one of those."""
    lines, variants, listings = table(CartLine), table(Variant), table(Listing)
    present = (
        select(listings.c.seller_id)
        .join(variants, variants.c.listing_id == listings.c.id)
        .join(lines, lines.c.variant_id == variants.c.id)
        .where(lines.c.cart_id == cart_id)
    )
    choices = table(CartDelivery)
    await tx.execute(delete(choices).where(choices.c.cart_id == cart_id, choices.c.seller_id.not_in(present)))
    found = await tx.execute(select(exists(present.where(listings.c.seller_id == seller_id))))
    return not found.scalar_one()
