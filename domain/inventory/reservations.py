"""Reservations: units held for one checkout from the moment it starts until it is paid or over.

Invariant: what is held was there. Every unit is taken under the row lock of its stock item, all of a checkout or none,
and `reserved` is the sum of the held reservations at every commit. These functions run inside the caller's
transaction, which holds the checkout's row; locks are taken reservations first, then stock items, each by id.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update

from domain.inventory.errors import ReservationsGone
from domain.inventory.model import MovementKind, Reservation, ReservationStatus, StockItem
from domain.inventory.movements import Cause, Change, lock_items, lock_stock_of, move_stock
from domain.shared.database import Query, Tx, Write, table
from domain.shared.ids import new_id

Lines = Sequence[tuple[UUID, int]]
"""(variant, quantity); quantities are 1 or more, and a variant that stands twice counts together."""

_reservations = table(Reservation)
_FREED: Final = frozenset({ReservationStatus.RELEASED, ReservationStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Shortage:
    """Fewer units can be had than wanted; `available` may be 0."""

    variant_id: UUID
    wanted: int
    available: int


@dataclass(frozen=True, slots=True)
class _Known:
    id: UUID
    variant_id: UUID
    status: ReservationStatus


_OF_CHECKOUT = Query(
    select(_reservations.c.id, _reservations.c.variant_id, _reservations.c.status).where(
        _reservations.c.checkout_id == bindparam("checkout_id")
    ),
    _Known,
)


_EXTEND = Write(
    update(_reservations)
    .where(_reservations.c.checkout_id == bindparam("checkout_id"), _reservations.c.status == ReservationStatus.HELD)
    .values(expires_at=bindparam("expiry")),
    tuple,
)


async def reserve(
    tx: Tx, *, checkout_id: UUID, lines: Lines, expires_at: datetime | None, actor: str
) -> tuple[Shortage, ...]:
    """Hold all lines for the checkout, or nothing: then every shortage is returned, in the order of the lines.

    Called once per checkout, as late in the transaction as possible: the rows it locks are the hottest there are.
    """
    wanted = _summed(lines)
    items = await lock_stock_of(tx, wanted)
    shortages = tuple(
        Shortage(variant_id, quantity, _available(items, variant_id))
        for variant_id, quantity in wanted.items()
        if _available(items, variant_id) < quantity
    )
    if shortages:
        return shortages
    changes = [
        Change(item=items[variant_id], kind=MovementKind.RESERVE, reserved=quantity)
        for variant_id, quantity in wanted.items()
    ]
    await move_stock(tx, changes, Cause(actor=actor, cause_id=checkout_id))
    tx.append(*(_reservation(tx, change, checkout_id, expires_at) for change in changes))
    return ()


async def extend(tx: Tx, *, checkout_id: UUID, expires_at: datetime | None) -> None:
    """Move the expiry of what the checkout holds; None: nothing takes it back any more."""
    await tx.write(_EXTEND, checkout_id=checkout_id, expiry=expires_at)


async def holds_everything(tx: Tx, *, checkout_id: UUID) -> bool:
    """True when the checkout reserved something and has lost none of it."""
    known = await tx.reads.all(_OF_CHECKOUT, checkout_id=checkout_id)
    held = {each.variant_id for each in known if each.status is ReservationStatus.HELD}
    return bool(held) and held == {each.variant_id for each in known}


async def make_permanent(tx: Tx, *, checkout_id: UUID, lines: Lines, actor: str = "system") -> tuple[Shortage, ...]:
    """Entering the point of no return: every line is held afterwards, without expiry; or shortages, and no change.

    Lines whose reservation was released or expired meanwhile are reserved again if the stock allows it.
    """
    missing = _summed(lines)
    held = await _lock_held(tx, checkout_id)
    for row in held:
        missing[row.variant_id] -= row.quantity
    surplus = {variant_id for variant_id, quantity in missing.items() if quantity < 0}
    assert not surplus, f"checkout {checkout_id} holds more than its lines say"
    lost = [(variant_id, quantity) for variant_id, quantity in missing.items() if quantity > 0]
    if lost:
        # All items at once: whoever frees the rest after a shortage must not lock against the order of ids.
        await lock_stock_of(tx, missing)
        shortages = await reserve(tx, checkout_id=checkout_id, lines=lost, expires_at=None, actor=actor)
        if shortages:
            return shortages
    for row in held:
        row.expires_at = None
    return ()


async def commit(tx: Tx, *, checkout_id: UUID, actor: str) -> None:
    """What was held is sold: on hand and reserved go down together. Does nothing the second time.

    Raises ReservationsGone when there is nothing to sell.
    """
    known = await _lock_all(tx, checkout_id)
    held = [row for row in known if row.status is ReservationStatus.HELD]
    if not held:
        if not any(row.status is ReservationStatus.COMMITTED for row in known):
            raise ReservationsGone(checkout_id)
        return
    items = await lock_items(tx, (row.stock_item_id for row in held))
    for row in held:
        _end(tx, row, ReservationStatus.COMMITTED, "")
    changes = [
        Change(item=items[row.stock_item_id], kind=MovementKind.COMMIT, on_hand=-row.quantity, reserved=-row.quantity)
        for row in held
    ]
    await move_stock(tx, changes, Cause(actor=actor, cause_id=checkout_id))


async def release(tx: Tx, *, checkout_id: UUID, status: ReservationStatus, reason: str, actor: str) -> None:
    """Give back whatever the checkout still holds, as RELEASED or EXPIRED. Does nothing the second time."""
    assert status in _FREED, f"a reservation is not freed as {status}"
    held = await _lock_held(tx, checkout_id)
    if not held:
        return
    items = await lock_items(tx, (row.stock_item_id for row in held))
    for row in held:
        _end(tx, row, status, reason)
    changes = [Change(item=items[row.stock_item_id], kind=MovementKind.RELEASE, reserved=-row.quantity) for row in held]
    await move_stock(tx, changes, Cause(actor=actor, reason=reason, cause_id=checkout_id))


async def put_back(tx: Tx, *, lines: Lines, actor: str, cause_id: UUID | None, reason: str) -> None:
    """Units that were sold are there again (cancelled after payment, returned). The caller sees to it that it is once.

    A unit that was sold had a stock item, and stock items are never deleted.
    """
    back = _summed(lines)
    items = await lock_stock_of(tx, back)
    changes = [
        Change(item=items[variant_id], kind=MovementKind.RETURN, on_hand=quantity)
        for variant_id, quantity in back.items()
    ]
    await move_stock(tx, changes, Cause(actor=actor, reason=reason, cause_id=cause_id))


def _summed(lines: Lines) -> Counter[UUID]:
    total: Counter[UUID] = Counter()
    for variant_id, quantity in lines:
        assert quantity > 0, "a line has at least one unit"
        total[variant_id] += quantity
    return total


def _available(items: dict[UUID, StockItem], variant_id: UUID) -> int:
    item = items.get(variant_id)
    return item.available if item is not None else 0


async def _lock_held(tx: Tx, checkout_id: UUID) -> list[Reservation]:
    return [row for row in await _lock_all(tx, checkout_id) if row.status is ReservationStatus.HELD]


async def _lock_all(tx: Tx, checkout_id: UUID) -> list[Reservation]:
    return await tx.lock(Reservation, [checkout_id], by="checkout_id")


def _end(tx: Tx, row: Reservation, status: ReservationStatus, reason: str) -> None:
    row.status = status
    row.reason = reason
    row.ended_at = tx.now


def _reservation(tx: Tx, change: Change, checkout_id: UUID, expires_at: datetime | None) -> Reservation:
    return Reservation(
        id=new_id(),
        stock_item_id=change.item.id,
        checkout_id=checkout_id,
        variant_id=change.item.variant_id,
        quantity=change.reserved,
        expires_at=expires_at,
        created_at=tx.now,
    )
