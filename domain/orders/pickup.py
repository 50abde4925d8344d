"""Orders that are fetched: a code proves that the buyer was there.

Invariant: only its buyer reads the code, and not before the order is paid; the seller cannot hand over without it.
Eight random characters are 40 bits: no number of tries that the limits of requests allow finds one.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import Uuid, bindparam, func, insert, select

from domain.catalog.model import Fulfilment, ListingPlace
from domain.orders.errors import WrongFulfilment, WrongPickupCode
from domain.orders.model import PARTS_MAX, Order, OrderEventKind, OrderPickup, OrderPickupPlace, OrderStatus
from domain.orders.numbers import ALPHABET, spelt
from domain.orders.parties import lock_order
from domain.orders.timeline import append
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, ShortText, command
from domain.shared.database import Database, Query, Reads, Tx, Write, table
from domain.shared.errors import IllegalTransition
from domain.shared.idempotency import is_repeated
from domain.shared.ids import OrderId
from domain.shared.transitions import Party

CODE_LENGTH: Final = 8
PICKUP_DAYS: Final = 14
"""So long an order that is ready waits for its buyer, and LATE_CANCEL_DAYS more, before it is cancelled."""

PickupCode = Annotated[str, StringConstraints(max_length=20, pattern=r"^[A-Za-z0-9 -]*$")]

_pickups, _places, _listed = table(OrderPickup), table(OrderPickupPlace), table(ListingPlace)


@command
class MarkReadyForPickup:
    """It can be fetched; `note` tells the buyer when and how."""

    order_id: OrderId
    note: ShortText = ""
    idempotency_key: IdempotencyKey


async def mark_ready(command: MarkReadyForPickup, *, actor: Actor, db: Database) -> UUID:
    """The order's id. Another time with another key it is ready all the same, with the new note.

    Raises NotFound, IllegalTransition (not PAID), WrongFulfilment, IdempotencyConflict.
    """
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        if not await is_repeated(tx, "mark_ready", command, actor_id=user_id, about=command.order_id):
            order, _ = await lock_order(tx, command.order_id, actor, Party.SELLER)
            await _ready(tx, order, command.note, actor)
        return command.order_id

    return await db.run(step)


async def _ready(tx: Tx, order: Order, note: str, actor: Actor) -> None:
    pickup = await tx.get(OrderPickup, order.id)
    if pickup is None:
        raise WrongFulfilment(order.fulfilment)
    if order.status is not OrderStatus.PAID:
        raise IllegalTransition("order", order.status.value, "ready for pickup")
    first = pickup.ready_at is None
    pickup.note = note
    if first:
        pickup.ready_at = tx.now
        # The seller has done their part; who does not come for it gets the money back in the end.
        order.ship_by_at = tx.now + timedelta(days=PICKUP_DAYS)
        await append(tx, order, OrderEventKind.READY_FOR_PICKUP, actor)


_KEPT = [name for name in OrderPickupPlace.model_fields if name != "order_id"]
_KEEP_PLACES = Write(
    insert(_places).from_select(
        ["order_id", *_KEPT],
        select(bindparam("order_id", type_=Uuid), *(_listed.c[name] for name in _KEPT)).where(
            _listed.c.listing_id == func.any(bindparam("listing_ids"))
        ),
    ),
    tuple,
)


def open_pickup(tx: Tx, order_id: UUID, listing_ids: Sequence[UUID]) -> None:
    """With a new code, and the places as they stand now. In the transaction that places the order."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    tx.append(OrderPickup(order_id=order_id, code=code))
    tx.defer(_KEEP_PLACES, order_id=order_id, listing_ids=list(set(listing_ids)))


async def check_code(tx: Tx, order: Order, given: str) -> None:
    """Raises WrongPickupCode. What is not fetched has no code."""
    if order.fulfilment != Fulfilment.PICKUP.value:
        return
    pickup = await tx.get(OrderPickup, order.id)
    if pickup is None or not hmac.compare_digest(pickup.code, spelt(given)):
        raise WrongPickupCode(order.id)


@dataclass(frozen=True, slots=True)
class PickupView:
    order_id: UUID
    code: str
    note: str
    ready_at: datetime | None


@dataclass(frozen=True, slots=True)
class PickupPlaceView:
    order_id: UUID
    listing_id: UUID
    latitude: float
    longitude: float
    line1: str
    line2: str
    locality: str
    postal_code: str
    country: str
    instructions: str


_PICKUPS = Query(
    select(*(_pickups.c[name] for name in PickupView.__dataclass_fields__)).where(
        _pickups.c.order_id == func.any(bindparam("ids"))
    ),
    PickupView,
)
_PLACES: Query[Any] = Query(
    select(*(_places.c[name] for name in PickupPlaceView.__dataclass_fields__))
    .where(_places.c.order_id == func.any(bindparam("ids")))
    .order_by(_places.c.order_id, _places.c.listing_id)
    .limit(bindparam("rows")),
    PickupPlaceView,
)


async def pickups_by_orders(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, PickupView]:
    """Of those orders that are fetched; the caller decides who sees the code."""
    return {each.order_id: each for each in await reads.all(_PICKUPS, ids=list(ids))}


async def pickup_places_by_orders(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, list[PickupPlaceView]]:
    """Where each listing of an order is fetched."""
    found: dict[UUID, list[PickupPlaceView]] = {order_id: [] for order_id in ids}
    for place in await reads.all(_PLACES, ids=list(ids), rows=PARTS_MAX * len(ids)):
        found[place.order_id].append(place)
    return found
