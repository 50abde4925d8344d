"""What the database holds about stock, and whether it fits together."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.container import Container
from domain.inventory.model import Reservation, ReservationStatus, StockItem, StockMovement
from domain.shared.database import Tx, table


@dataclass(frozen=True, slots=True)
class Stock:
    on_hand: int
    reserved: int


_items = table(StockItem)
_reservations = table(Reservation)
_movements = table(StockMovement)


async def stock_of(container: Container, variant_id: UUID) -> Stock:
    """The numbers, after asserting that they agree with the reservations and the movements."""

    async def step(tx: Tx) -> Stock:
        (item,) = await tx.load(StockItem, [variant_id], by="variant_id")
        held = await tx.execute(
            select(func.coalesce(func.sum(_reservations.c.quantity), 0)).where(
                _reservations.c.stock_item_id == item.id, _reservations.c.status == ReservationStatus.HELD
            )
        )
        moved = await tx.execute(
            select(
                func.coalesce(func.sum(_movements.c.on_hand_delta), 0),
                func.coalesce(func.sum(_movements.c.reserved_delta), 0),
            ).where(_movements.c.stock_item_id == item.id)
        )
        assert 0 <= item.reserved <= item.on_hand
        assert held.scalar_one() == item.reserved
        assert tuple(moved.one()) == (item.on_hand, item.reserved)
        return Stock(item.on_hand, item.reserved)

    return await container.ports.db.run(step)
