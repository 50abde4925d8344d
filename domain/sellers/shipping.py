"""What a shop asks for sending: its shipping rates.

Invariant: at most SHIPPING_RATES_MAX at a time, each name once per country; counted under the seller's row lock. A
removed rate stays as a row, because carts and orders name it.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from domain.sellers.errors import ShippingRateNameTaken, TooMany
from domain.sellers.membership import shop_of
from domain.sellers.model import SHIPPING_RATES_MAX, ShippingRate
from domain.shared.actor import Actor
from domain.shared.commands import Line, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import ShippingRateId, new_id
from domain.shared.money import AmountMinor

_rates = table(ShippingRate)

Destination = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|\*)$")]
"""A country, or `*` for every country without a rate of its own."""
Days = Annotated[int, Field(ge=0, le=90)]

Step = Callable[[Tx], Awaitable[UUID]]

_ONE_NAME: Final = "uq_shipping_rate_name"
_FIELDS: Final = ("name", "country", "base_minor", "per_item_minor", "free_over_minor", "days_min", "days_max")


@command
class AddShippingRate:
    """Amounts are in the shop's currency."""

    name: Line
    country: Destination
    base_minor: AmountMinor
    per_item_minor: AmountMinor = 0
    free_over_minor: AmountMinor | None = None
    days_min: Days = 2
    days_max: Days = 5


@command
class UpdateShippingRate:
    """The whole rate anew."""

    shipping_rate_id: ShippingRateId
    name: Line
    country: Destination
    base_minor: AmountMinor
    per_item_minor: AmountMinor = 0
    free_over_minor: AmountMinor | None = None
    days_min: Days = 2
    days_max: Days = 5


@command
class RemoveShippingRate:
    shipping_rate_id: ShippingRateId


async def add_shipping_rate(command: AddShippingRate, *, actor: Actor, db: Database) -> UUID:
    """The new rate's id. Raises ShippingRateNameTaken, TooMany, InvalidInput."""
    _refuse_backwards(command)
    rate_id = new_id()

    async def step(tx: Tx) -> UUID:
        seller = await shop_of(tx, actor)
        counted = await tx.execute(
            select(func.count())
            .select_from(_rates)
            .where(_rates.c.seller_id == seller.id, _rates.c.deleted_at.is_(None))
        )
        if counted.scalar_one() >= SHIPPING_RATES_MAX:
            raise TooMany("shipping rates of a shop", SHIPPING_RATES_MAX)
        fields = {name: getattr(command, name) for name in _FIELDS}
        await tx.add(
            ShippingRate(id=rate_id, seller_id=seller.id, currency=seller.currency, created_at=tx.now, **fields)
        )
        return rate_id

    return await _with_name_free(command, db, step)


async def update_shipping_rate(command: UpdateShippingRate, *, actor: Actor, db: Database) -> UUID:
    """The rate's id. Raises NotFound, ShippingRateNameTaken, InvalidInput."""
    _refuse_backwards(command)

    async def step(tx: Tx) -> UUID:
        rate = await _own_rate(tx, command.shipping_rate_id, actor)
        for name in _FIELDS:
            setattr(rate, name, getattr(command, name))
        return rate.id

    return await _with_name_free(command, db, step)


async def remove_shipping_rate(command: RemoveShippingRate, *, actor: Actor, db: Database) -> UUID:
    """The removed rate's id. Raises NotFound."""

    async def step(tx: Tx) -> UUID:
        rate = await _own_rate(tx, command.shipping_rate_id, actor)
        rate.deleted_at = tx.now
        return rate.id

    return await db.run(step)


async def _own_rate(tx: Tx, rate_id: UUID, actor: Actor) -> ShippingRate:
    seller = await shop_of(tx, actor)
    rate = await tx.get(ShippingRate, rate_id)
    if rate is None or rate.seller_id != seller.id or rate.deleted_at is not None:
        raise NotFound("shipping_rate")
    return rate


def _refuse_backwards(command: AddShippingRate | UpdateShippingRate) -> None:
    if command.days_min > command.days_max:
        raise InvalidInput.at("days_max", "OUT_OF_RANGE", "The longest time is not shorter than the shortest.")


async def _with_name_free(command: AddShippingRate | UpdateShippingRate, db: Database, step: Step) -> UUID:
    try:
        return await db.run(step)
    except IntegrityError as fault:
        if _ONE_NAME not in str(fault.orig):
            raise
        raise ShippingRateNameTaken(command.name, command.country) from fault
